"""A small matrix multiplier: multiply-accumulate elements in rows and columns."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import Structure
from ..arithmetic.recoding import Recoding
from ..digit.mac_core import SumForm
from ..formats import IntegerFormat, NumberFormat, product_range
from ..pipeline import Step, wire
from ..unit import DotUse, Unit, check_positive
from .column import Times, column
from .drain import delayed, delayed_all, drain
from .elements import DigitElement, Element, MacElement, ProcessingElement
from .rotation import column_now, rotate, turns
from .weight_element import WeightElement, takes_weight

__all__ = ["Dataflow", "MacArray"]


class Dataflow(StrEnum):
    """How operands reach the elements. The choice changes cost and cycles, never a result bit."""

    #: All elements of a row or column see an operand in the same cycle.
    BROADCAST = "broadcast"
    #: From neighbour to neighbour, a register each; each row and column starts a cycle later.
    SYSTOLIC = "systolic"
    #: A row has one element, to which its columns' sums come in turn, one a cycle.
    ROTATING = "rotating"


class MacArray(Unit):
    """Multiplies matrices, each element of the product in a processing element of its own.

    ``p = sum(a x b)`` over the beats from ``first`` to ``last``, exact. A beat holds ``depth``
    columns of the left matrix and ``depth`` rows of the right one. The sums stay where they are
    (output stationary) until the last beat; then the array passes its result on and starts again.
    The left matrix may be weights of few values, whose elements have no multiplier: ternary ones
    (``int2n``), signed powers of two with a zero (``e3m0none``), FP4 (``e2m1fn``).

    A beat takes one cycle, with digit-serial elements as many as the row with the most non-zero
    digits needs, and with rotating sums as many as there are columns: a row then has one element,
    to which the columns' sums come in turn. Latency from the last cycle of the last beat is
    ``stages + 1``, with carry-save and digit-serial elements ``rows`` more, for a column's sums are
    resolved by one adder, in turn; systolic, ``rows + columns - 2`` more. Nothing is taken until
    the result has been.

    Measured of int8, 4 rows and 4 columns, in gate equivalents and FO4 delays of the longest way
    between registers:

    ============  =========  =====  ========  =================
    element       dataflow   depth  smallest  fastest
    ============  =========  =====  ========  =================
    plain         broadcast  1      10,622    16,856 at 32.1
    carry_save    broadcast  1      14,488    18,367 at 23.6
    plain         systolic   1      12,794    17,770 at 33.0
    carry_save    systolic   1      16,645    20,231 at 23.3
    plain         broadcast  4      28,427    46,794 at 41.7
    carry_save    broadcast  4      32,885    50,218 at 30.5
    digit_serial  broadcast  4      14,200    20,067 at 32.4
    ============  =========  =====  ========  =================

    Carry-save elements give 1.24 to 1.27 times the products for a gate and time at the fastest,
    less what the ``rows`` cycles of resolution take of a short product, and are 16 to 36 % larger
    at the smallest. Digit-serial elements do not pay here: a beat of 4 by 4 by 4 products takes
    12.8 cycles on average where codes are equally frequent (11.1 for a row alone, 9.8 at a standard
    deviation of 20), so a product costs four times the gates and time of a plain array's.

    Left matrices of other formats, plain elements, broadcast; below them rotating sums, whose beat
    takes four cycles. They pay only where products are asked for no faster: with 16 sums most of
    the array is registers, and a product takes 1.8 times the gates and cycles (int8, smallest).

    =================  ========  =================
    a                  smallest  fastest
    =================  ========  =================
    int2n              4,577     6,283 at 24.0
    int2               5,866     8,380 at 27.1
    int4               7,469     11,286 at 29.1
    e2m1fn             6,692     10,858 at 27.6
    the same, int5f1   8,252     12,254 at 29.8
    e3m0none           7,307     10,728 at 27.5
    int8, rotating     4,886     6,936 at 38.7
    e2m1fn, rotating   3,535     5,179 at 34.8
    =================  ========  =================

    Parameters
    ----------
    a, b
        Formats of the left and of the right matrix. The left one may be a signed float of at most
        one mantissa bit and four exponent bits, without NaN and infinities.
    rows, columns
        Size of the product.
    depth
        Products that each element sums a beat: 1 is an array of multipliers, as many as rows and
        columns a cube. Of digit-serial elements, the operands from which digits are chosen.
    beats
        The most beats that one product takes; the accumulators are sized for them.
    element
        ``plain``; ``carry_save``, whose sums are in carry-save form (OPT1); ``digit_serial``, which
        multiplies by one non-zero digit a cycle from an encoder for each row (OPT4C). The rows
        wait for each other in every beat, because they share ``b``.
    dataflow
        ``broadcast``, ``systolic`` (not with digit-serial elements), or ``rotating`` (with plain
        elements).
    recoding
        Of ``a``, for digit-serial elements.
    structure
        Of the multipliers, as in :class:`CarrySaveMac`.
    adder
        Of sums. ``plain`` is the choice for FPGAs.
    stages
        Pipeline registers between what the rows and columns share, as encoders of digits, and the
        elements. More than one only delay.

    Members
    -------
    i.first, i.last : bounds of a product
    i.a : ``rows`` times ``depth`` elements, those of row 0 first
    i.b : ``depth`` times ``columns`` elements, those of the beat's first row first
    o.p : ``rows`` times ``columns`` sums, those of row 0 first
    """

    reference = "arXiv 2503.06342 (HPCA 2025): OPT1's arrays, OPT4C's column of shared encoder"
    fixed_interval = False

    def __init__(
        self,
        *,
        a: NumberFormat = IntegerFormat(8),
        b: IntegerFormat = IntegerFormat(8),
        rows: int = 4,
        columns: int = 4,
        depth: int = 1,
        beats: int = 256,
        element: ProcessingElement = ProcessingElement.CARRY_SAVE,
        dataflow: Dataflow = Dataflow.BROADCAST,
        recoding: Recoding = Recoding.FEWEST,
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of rows", rows, most=64)
        check_positive("number of columns", columns, most=64)
        check_positive("depth", depth, most=64)
        check_positive("number of beats", beats, most=1 << 32)
        self._serial = element is ProcessingElement.DIGIT_SERIAL
        if self._serial and dataflow is Dataflow.SYSTOLIC:
            raise ValueError(
                "With digit-serial elements the dataflow must be broadcast, not 'systolic'"
            )
        self._rotates = dataflow is Dataflow.ROTATING and columns > 1
        if dataflow is Dataflow.ROTATING and element is not ProcessingElement.PLAIN:
            raise ValueError(
                f"With rotating sums the elements must be plain, not '{element}': there is no "
                "adder of a column to resolve them"
            )
        if self._rotates:
            self.interval = columns
        low, high = product_range(a, b)
        low, high = min(low, 0) * depth * beats, high * depth * beats
        self.sum_format = IntegerFormat.holding(low, high, a.lsb_exponent + b.lsb_exponent)
        self._element: Element
        if self._serial:
            if not isinstance(a, IntegerFormat):
                raise ValueError(f"Digit-serial elements take integers, not '{a}'")
            self._element = DigitElement(
                a, b, depth=depth, low=low, high=high, recoding=recoding, adder=adder
            )
        else:
            carry_save = element is ProcessingElement.CARRY_SAVE
            form = SumForm.CARRY_SAVE if carry_save else SumForm.PLAIN
            options: Any = {"depth": depth, "beats": beats, "form": form, "adder": adder}
            if isinstance(a, IntegerFormat) and not takes_weight(a):
                self._element = MacElement(a, b, structure=structure, **options)
            else:
                self._element = WeightElement(a, b, structure=structure, **options)
        self._resolves = element is not ProcessingElement.PLAIN
        # How many cycles later the element in the corner works.
        self._skew = rows + columns - 2 if dataflow is Dataflow.SYSTOLIC else 0
        inputs = {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {"a": ArrayLayout(a, rows * depth), "b": ArrayLayout(b, depth * columns)}
        outputs = {"p": ArrayLayout(self.sum_format, rows * columns)}
        super().__init__(inputs, outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        if not isinstance(a, IntegerFormat):
            return ()
        if takes_weight(b):
            left, right = b, a  # without a multiplier
        elif isinstance(b, IntegerFormat):
            left, right = a, b
        else:
            return ()
        job = {"a": str(left), "b": str(right), "rows": "4", "columns": "4", "beats": str(terms)}
        forms = (ProcessingElement.PLAIN, ProcessingElement.CARRY_SAVE)
        uses = [DotUse({**job, "element": form.value}, terms, 16) for form in forms]
        rotating = {**job, "element": "plain", "dataflow": "rotating"}
        return [*uses, DotUse(rotating, terms, 16)]

    def steps(self) -> list[Step]:
        """None: an array has registers where its elements are."""
        return []

    @property
    def latency(self) -> int:
        return 1 + self.stages + self._skew + (self.parameters.rows if self._resolves else 0)

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """Takes beats, then lets the last ones through, resolves the sums, and offers them."""
        p = self.parameters
        draining = Signal(name="draining")
        works = wire(m, "works", valid & ~draining)
        a_rows, running, beat_ends = self._left(m, inputs["a"], works)
        b_columns = [
            [Value.cast(inputs["b"][k * p.columns + c]) for k in range(p.depth)]
            for c in range(p.columns)
        ]
        if self._rotates:
            now = turns(m, works, p.columns)
            b_columns, beat_ends = [column_now(m, b_columns, now)], now[-1]
        b_columns = [self._element.right(m, b, f"column{c}_") for c, b in enumerate(b_columns)]
        begins = wire(m, "sum_begins", inputs["first"] & ~running)
        ends = wire(m, "sum_ends", works & inputs["last"] & beat_ends)
        # From here on everything is as many cycles later as there are stages.
        left = delayed_all(m, a_rows, self.stages, "left")
        right = delayed_all(m, b_columns, self.stages, "right")
        at_work = delayed(m, works, self.stages, "works_stage")
        at_begin = delayed(m, begins, self.stages, "begins_stage")
        # Of each diagonal of a systolic array: works, in its first beat, has just had its last.
        working, beginning = [at_work], [at_begin]
        for n in range(self._skew):
            for line, name in ((working, "works"), (beginning, "begins")):
                held = Signal(name=f"{name}{n + 1}")
                m.d.sync += held.eq(line[-1])
                line.append(held)
        done = delayed(m, ends, self.stages + self._skew, "ends")
        resolving, offered = drain(
            m, done, ends, draining, ready, turns=p.rows if self._resolves else 0
        )

        sums: list[list[dict[str, Signal]]] = []
        for r in range(p.rows):
            sums.append([])
            for c in range(p.columns):
                state = {
                    name: Signal(shape, name=f"pe{r}_{c}_{name}", reset_less=True)
                    for name, shape in self._element.state.items()
                }
                sums[-1].append(state)
        if self._rotates:
            for r in range(p.rows):
                rotate(
                    m, self._element, sums[r], left[r], right[0], at_work, at_begin, f"pe{r}_"
                )
        else:
            times = Times(working, beginning, resolving if self._resolves else None)
            for c in range(p.columns):
                column(m, c, self._element, sums, left, right, times, systolic=self._skew > 0)
        result = Cat(sums[r][c]["total"] for r in range(p.rows) for c in range(p.columns))
        # Without a beat, what its fields hold must not show at the input's ready.
        taken = works if self._serial else ~draining
        return {"p": result}, offered, wire(m, "beat_done", taken & beat_ends)

    def _left(self, m: Module, a: Any, works: Value) -> tuple[list[Any], Value, Value]:
        """What each row has of the left matrix: operands, or the digit chosen of them; whether the
        beat is under way, and whether this is its last cycle."""
        p = self.parameters
        rows = [[Value.cast(a[r * p.depth + k]) for k in range(p.depth)] for r in range(p.rows)]
        if not isinstance(self._element, DigitElement):
            return rows, Const(0, 1), Const(1, 1)
        source = self._element.source
        names = [f"row{r}" for r in range(p.rows)]
        turn = source.turn(m, rows, None, works, names)
        chosen = [
            source.choose(m, pick, digits, name)
            for pick, digits, name in zip(turn.picks, turn.digits, names, strict=True)
        ]
        return chosen, turn.running, turn.ends
