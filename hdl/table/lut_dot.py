"""Matrix tiles by table look-up instead of multiplication."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Shape, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder, add
from ..arithmetic.bitheap import Structure
from ..arithmetic.rows import add_rows
from ..formats import IntegerFormat, NumberFormat, Projection
from ..pipeline import Accumulation, Step, wire
from ..unit import DotUse, check_positive
from .aligned import shift_right
from .exponent_keeper import ExponentKeeper
from .lookup import Coding, Select
from .lut_checks import Schedule, check_look_up, look_ups
from .lut_ranges import one_entry_a_cycle, sum_format, table_shape
from .lut_table import check_group, table_fields
from .lut_weights import weights_layout
from .table_shape import Semantics
from .tile import planes_now, row_tables, tile_results, tile_rows

__all__ = ["LutDot", "Schedule"]


_KEPT = ("first", "last", "nan", "exponent", "risen")


class LutDot(ExponentKeeper):
    """Multiplies activations with weights of a few bits by looking sums up in tables.

    A tile of ``rows`` vectors of activations and ``columns`` vectors of weights: result (r, c) is
    ``sum(a[r, k] * b[c, k])``, exact, in element ``r * columns + c`` of ``p``; with ``zero`` it is
    ``sum(a[r, k] * (b[c, k] - b_zero[c]))``. Nothing overflows. With a format ``o`` each sum is
    rounded once. Floats are summed as fixed point that holds each of them exactly, so the order of
    terms does not matter; a NaN or an infinity among a row's activations makes all its sums NaN,
    because a table has no entry for it.

    With semantics ``aligned`` floats share an exponent: in each beat the largest one among the
    row's activations so far. A normal number counts with the exponent of its leading one, a smaller
    one with the least. Each activation's magnitude is cut to ``fraction`` bits below that power of
    two; all that follows is exact, but where the exponent rises from one beat to the next, what has
    been summed is rounded down to the new unit. An exact ``p`` counts ``2**exponent`` of its row.
    It is less than ``sum(abs(b)) + 2`` such units from the sum that nothing is cut from (with ``b -
    b_zero`` where there are zero points), less than ``sum(abs(b))`` where a sum is of one beat, and
    equal to it where no nonzero activation's exponent is further below the largest than
    ``fraction`` has bits more than the mantissa. The order of beats counts, that of lanes does not.

    How it works. In the form of signs, ``2 b + 1 = sum(2**i * s_i)`` with every ``s_i`` 1 or -1 for
    a signed code, bit plane i of ``group`` weights selects one of ``2**group`` signed sums of their
    activations. Opposite sums are one entry and a negation, so a table holds half of them. It is
    made once for all columns; what is left of the form, a multiple of ``sum(a)``, is added once a
    column. The unit ``lut-table`` says what the entries are.

    The papers' refinements are flags:

    * ``symmetric``: half of the entries, and signs. Without it the table holds the sum of every
      subset, and bits select.
    * ``remapped``: the weights arrive as the tables' indices, with the inversion of opposite
      indices done offline. The golden model's ``remap`` packs them: in the word of a group plane i
      has its bits from ``group * i`` up; the last weight's sign bit is kept, and where it is 0 the
      others are inverted.
    * ``shared_precompute``: the tables come from a unit ``lut-table`` instead of activations.
    * ``table_int8``: entries are rounded to int8 with one scale for all tables of a row's beat.
      This changes results: ``p`` is the sum times 127, with coding ``planes`` in fixed point with
      one fraction bit more; a consumer's own scale has to divide by 127.

    With ``b`` int2n and coding ``ternary`` the weights -1, 0 and 1 have a table of their own;
    remapped, a group's code is the sign and magnitude of the number whose balanced ternary digits
    are its weights, so that three weights take 5 bits. Magnitudes beyond the last entry count as 0.

    What pays. Gates for area of W2A8, 12 lanes, against as many dot products of int8 and int2, and
    of 1-bit weights (W1), which are bipolar here and int1 there:

    | columns | dot products | group 2 | group 3 | group 4 | W1: dot products | group 2 |
    | --- | --- | --- | --- | --- | --- | --- |
    | 1 | 1,312 | 1,861 | 2,347 | | 646 | 983 |
    | 4 | 5,248 | 5,071 | 5,786 | 6,138 | 2,584 | 2,565 |
    | 16 | 20,992 | 17,904 | 19,558 | 19,900 | 10,336 | 8,659 |
    | 64 | | | | | 41,344 | 33,072 |

    Fp16 activations and int2 weights, 4 columns of 4 lanes in tables of two, 256 beats, take 12,567
    gates for area, 21,284 at 72 FO4 for speed; aligned, with 12 bits, 6,153 and 11,240 at 86: an
    exponent is found, and shifted to, once a row.

    A pair of activations costs two adders; a column then saves a fifth, and is slower: 46 FO4, not
    31, for speed. The papers' groups of four (one-hot in the table) are too large in gates: one of
    8 costs more to select than the additions it saves. Int8 tables lose: a scale that is known at
    run time is a multiplier in every column.

    Latency is ``stages`` cycles, and one more where beats or planes are accumulated; throughput is
    one beat a cycle, or with schedule ``serial`` one beat in as many cycles as weights have bits.

    Parameters
    ----------
    a
        Format of the activations: integers, or floats that fit in 64 bits of fixed point.
    b
        Format of the weights, integers of 1 to 6 bits; ``int2n`` with coding ``ternary``.
    rows, columns
        Vectors of activations, and of weights.
    lanes
        Elements of each vector a beat, a multiple of ``group``.
    group
        Activations a table.
    beats
        The most beats that one sum takes; the accumulators are sized for them.
    coding
        ``planes``: integers. ``bipolar``: odd integers ``2 b - (2**bits - 1)`` of unsigned codes, 1
        and -1 of one bit. ``ternary``: -1, 0 and 1.
    zero
        Whether each column has a zero point, in the format of its unsigned weights.
    schedule
        ``parallel``: all planes at once. ``serial``: a plane a cycle.
    symmetric, remapped, shared_precompute, table_int8
        The refinements above. The first three change no result.
    semantics
        Of floats: ``exact``, or ``aligned`` to the largest exponent of a row so far. Formats that
        do not fit in 64 bits need ``aligned``, and ``table_int8`` needs ``exact``.
    fraction
        Of aligned floats: bits kept below that exponent's power of two, 1 to 48; -1 stands for two
        more than the mantissa has.
    o
        Format of the results; ``exact`` is fixed point.
    projection
        Rounding mode and policies of rounded results.
    select
        ``mux`` trees, or ``one-hot`` lines decoded once for all rows with AND-OR, which is smaller
        with groups of four (8,304 gates for 8,817 in 4 columns of 16 lanes; 517 for 539 in a
        serial lane of one table of four that is given). No bit changes.
    structure
        ``compressor`` makes carry-save trees, ``plain`` leaves sums to synthesis; ``auto`` is
        ``compressor``. No result bit changes.
    adder
        How carries propagate. ``plain`` is the choice for FPGAs. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum, where ``beats`` is above 1
    i.a : activations, all of row 0 first
    i.table, i.odd, i.nan, i.scale, i.total : outputs of a table unit instead, row by row
    i.exponent, i.risen : the same, of aligned tables
    i.b : weights, all of column 0 first; with ``remapped`` one code a group
    i.b_zero : zero points of the columns, with ``zero``
    o.p : sums, all of row 0 first
    o.nan : for each row whether its sums are no numbers, of exact results
    o.exponent : for each row the power of two that its sums count, of exact results, where aligned
    """

    reference = "LUT Tensor Core (arXiv 2408.06003); T-MAC (arXiv 2407.00088)"

    def __init__(
        self,
        *,
        a: NumberFormat = IntegerFormat(8),
        b: IntegerFormat = IntegerFormat(2),
        rows: int = 1,
        columns: int = 4,
        lanes: int = 4,
        group: int = 2,
        beats: int = 1,
        coding: Coding = Coding.PLANES,
        zero: bool = False,
        schedule: Schedule = Schedule.PARALLEL,
        symmetric: bool = True,
        remapped: bool = False,
        shared_precompute: bool = False,
        table_int8: bool = False,
        semantics: Semantics = Semantics.EXACT,
        fraction: int = -1,
        o: NumberFormat | None = None,
        projection: Projection = Projection(),
        select: Select = Select.MUX,
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        for what, value in (("rows", rows), ("columns", columns), ("lanes", lanes)):
            check_positive(f"number of {what}", value)
        check_positive("number of beats", beats, most=1 << 32)
        check_group(group, lanes)
        p = self.parameters
        check_look_up(p)
        self.table_shape = table_shape(p)
        self.sum_format = sum_format(p, self.table_shape)
        self._one_entry = one_entry_a_cycle(p, self.table_shape)
        self._structure = Structure.COMPRESSOR if structure is Structure.AUTO else structure
        self._special = self.table_shape.special
        self._aligned = semantics is Semantics.ALIGNED
        self._tracks = self._aligned and beats > 1
        self.kept_rows = rows if self._tracks and not shared_precompute else 0
        if o is not None:
            projection.check(o, nan_possible=self._special)
        self._serial = schedule is Schedule.SERIAL and b.width > 1
        if self._serial:
            self.interval = b.width
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        if shared_precompute:
            total = coding is Coding.PLANES
            groups = lanes // group
            inputs |= table_fields(self.table_shape, rows, groups, total=total, beats=beats)
        else:
            inputs["a"] = ArrayLayout(a, rows * lanes)
        inputs["b"] = weights_layout(p)
        if zero:
            inputs["b_zero"] = ArrayLayout(b, columns)
        outputs: dict[str, Any] = {"p": ArrayLayout(o or self.sum_format, rows * columns)}
        if o is None and self._special:
            outputs["nan"] = ArrayLayout(unsigned(1), rows)
        if o is None and self._aligned:
            outputs["exponent"] = ArrayLayout(self.table_shape.exponent_format, rows)
        super().__init__(inputs, outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        return look_ups(a, b, terms)

    def steps(self) -> list[Step]:
        p = self.parameters
        steps = [Step("precompute", self._precompute), Step("look_up", self._look_up)]
        if p.beats > 1 or self._serial:
            cells = [f"total{r}_{c}" for r in range(p.rows) for c in range(p.columns)]
            state = {name: Shape(self.sum_format.width) for name in cells}
            if self._special:
                state |= {f"nan{r}": Shape(1) for r in range(p.rows)}
            if self._aligned:
                width = self.table_shape.exponent_format.width
                state |= {f"exponent{r}": Shape(width) for r in range(p.rows)}
            steps.append(Accumulation("add", self._add, state=state))
        else:
            steps.append(Step("add", self._add))
        return [*steps, Step("finish", self._finish)]

    # The datapath.

    def _precompute(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The tables of each row, made here or given."""
        tables = row_tables(m, self.parameters, self.table_shape, values)
        kept = {k: values[k] for k in ("first", "last", "phase", "b", "b_zero") if k in values}
        for r, table in enumerate(tables):
            for name in ("nan", "exponent", "risen"):
                if (value := getattr(table, name)) is not None:
                    kept[f"{name}{r}"] = value
        return {**kept, "tables": tables}

    def _look_up(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """What each sum of the tile is made of, as rows to add."""
        kept = {k: v for k, v in values.items() if k.startswith(_KEPT)}
        p, sums = self.parameters, self.sum_format
        now = planes_now(m, p, values) if self._serial else []
        for row in range(p.rows):
            if f"risen{row}" in kept and now:
                # Once a beat is enough.
                gate = now[0].replicate(len(kept[f"risen{row}"]))
                kept[f"risen{row}"] = wire(m, f"row{row}_risen_now", kept[f"risen{row}"] & gate)
        rows = tile_rows(m, p, self.table_shape, sums, self._structure, values, now)
        return {**kept, "rows": rows}

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """Each sum's rows, and the sum so far, in one carry-propagating addition."""
        so_far, width = values.get("so_far", {}), self.sum_format.width
        result = {}
        for name, rows in values["rows"].items():
            rows = list(rows)
            if name in so_far:
                doubled = self._serial and self.parameters.beats == 1
                before = so_far[name]
                if self._tracks:
                    risen = values["risen" + name.removeprefix("total").partition("_")[0]]
                    signed = self.sum_format.signed
                    before = before.as_signed() if signed else before.as_unsigned()
                    before = shift_right(m, before, risen, f"{name}_realigned")
                rows.append(Cat(Const(0, 1), before)[:width] if doubled else before)
            adder = self.parameters.adder
            if self._one_entry:
                # The carry comes out of a column below both.
                entry, carry, before = rows
                entry = Cat(entry, entry[-1].replicate(width - len(entry)))
                total = add(m, Cat(carry, before), Cat(carry, entry), adder=adder, name=name)[1:]
            else:
                tree = f"{name}_accumulate"
                options: Any = {"structure": self._structure, "adder": adder}
                total = add_rows(m, rows, width, name=f"{name}_carry", tree=tree, **options)
            result[name] = wire(m, name, total)
        for name, flag in values.items():
            if name.startswith("nan"):
                result[name] = flag | so_far[name] if name in so_far else flag
            elif name.startswith("exponent"):
                result[name] = flag
        return result

    def _finish(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        return tile_results(m, p, self.table_shape, self.sum_format, values)
