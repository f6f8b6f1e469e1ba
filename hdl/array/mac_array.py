"""A small matrix multiplier: multiply-accumulate elements in rows and columns."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import Structure
from ..arithmetic.recoding import Recoding
from ..digit.mac_core import SumForm
from ..formats import IntegerFormat, NumberFormat, product_range
from ..pipeline import Step, wire
from ..unit import DotUse, Unit, check_positive
from .drain import delayed, delayed_all, drain
from .elements import DigitElement, Element, MacElement, ProcessingElement

__all__ = ["Dataflow", "MacArray"]


class Dataflow(StrEnum):
    """How operands reach the elements. The choice changes cost and cycles, never a result bit."""

    #: All elements of a row or column see an operand in the same cycle.
    BROADCAST = "broadcast"
    #: From neighbour to neighbour, a register each; each row and column starts a cycle later.
    SYSTOLIC = "systolic"


class MacArray(Unit):
    """Multiplies matrices, each element of the product in a processing element of its own.

    ``p = sum(a x b)`` over the beats from ``first`` to ``last``, exact. A beat holds ``depth``
    columns of the left matrix and ``depth`` rows of the right one. The sums stay where they are
    (output stationary) until the last beat; then the array passes its result on and starts again.

    A beat takes one cycle, with digit-serial elements as many as the row with the most non-zero
    digits needs. Latency from the last cycle of the last beat is ``stages + 1``, with carry-save
    and digit-serial elements ``rows`` more, for a column's sums are resolved by one adder, in turn;
    systolic, ``rows + columns - 2`` more. Nothing is taken until the result has been.

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

    Parameters
    ----------
    a, b
        Formats of the left and of the right matrix.
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
        ``broadcast``, or ``systolic`` (not with digit-serial elements).
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
        a: IntegerFormat = IntegerFormat(8),
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
        low, high = product_range(a, b)
        low, high = min(low, 0) * depth * beats, high * depth * beats
        self.sum_format = IntegerFormat.holding(low, high, a.lsb_exponent + b.lsb_exponent)
        self._element: Element
        if self._serial:
            self._element = DigitElement(
                a, b, depth=depth, low=low, high=high, recoding=recoding, adder=adder
            )
        else:
            carry_save = element is ProcessingElement.CARRY_SAVE
            form = SumForm.CARRY_SAVE if carry_save else SumForm.PLAIN
            self._element = MacElement(
                a, b, depth=depth, beats=beats, form=form, structure=structure, adder=adder
            )
        self._resolves = element is not ProcessingElement.PLAIN
        # How many cycles later the element in the corner works.
        self._skew = rows + columns - 2 if dataflow is Dataflow.SYSTOLIC else 0
        inputs = {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {"a": ArrayLayout(a, rows * depth), "b": ArrayLayout(b, depth * columns)}
        outputs = {"p": ArrayLayout(self.sum_format, rows * columns)}
        super().__init__(inputs, outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        if not (isinstance(a, IntegerFormat) and isinstance(b, IntegerFormat)):
            return ()
        job = {"a": str(a), "b": str(b), "rows": "4", "columns": "4", "beats": str(terms)}
        forms = (ProcessingElement.PLAIN, ProcessingElement.CARRY_SAVE)
        return [DotUse({**job, "element": form.value}, terms, 16) for form in forms]

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
        for c in range(p.columns):
            self._column(m, c, sums, left, right, working, beginning, resolving)
        result = Cat(sums[r][c]["total"] for r in range(p.rows) for c in range(p.columns))
        return {"p": result}, offered, wire(m, "beat_done", ~draining & beat_ends)

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

    def _column(
        self,
        m: Module,
        c: int,
        sums: list[list[dict[str, Signal]]],
        a_rows: list[Any],
        b_columns: list[list[Value]],
        working: Sequence[Value],
        beginning: Sequence[Value],
        resolving: Value,
    ) -> None:
        """A column's elements; while sums are resolved they go round, by way of its adder."""
        p = self.parameters
        systolic = self._skew > 0
        bottom = sums[p.rows - 1][c]
        resolved = None
        if self._resolves:
            resolved = self._element.resolve(m, bottom, f"column{c}_")
        for r in range(p.rows):
            name = f"pe{r}_{c}_"
            diagonal = r + c if systolic else 0
            a, b = a_rows[r], b_columns[c]
            if systolic:
                a = delayed_all(m, a, r if c == 0 else 1, f"{name}a")
                b = delayed_all(m, b, c if r == 0 else 1, f"{name}b")
                a_rows[r], b_columns[c] = a, b
            state = sums[r][c]
            so_far = {
                part: wire(
                    m,
                    f"{name}{part}_so_far",
                    held & (~beginning[diagonal]).replicate(len(held)),
                )
                for part, held in state.items()
            }
            after = self._element.add(m, so_far, a, b, name)
            if resolved is None:
                with m.If(working[diagonal]):
                    m.d.sync += [held.eq(after[part]) for part, held in state.items()]
                continue
            above: Mapping[str, Value] = sums[r - 1][c]
            if r == 0:
                above = {part: Const(0, len(held)) for part, held in state.items()}
                above = {**above, "total": resolved}
            with m.If(working[diagonal] | resolving):
                m.d.sync += [
                    held.eq(Mux(resolving, above[part], after[part]))
                    for part, held in state.items()
                ]
