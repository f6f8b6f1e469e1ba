"""Tables of signed sums of activations, computed once for all weights."""

from typing import Any

from amaranth.hdl import Cat, Module, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..formats import IntegerFormat, NumberFormat
from ..pipeline import Step
from ..unit import check_positive
from .aligned import row_exponent
from .exponent_keeper import ExponentKeeper
from .precompute import precompute
from .table_shape import Contents, Semantics, TableShape, checked_shape

__all__ = ["LutTable"]


class LutTable(ExponentKeeper):
    """Precomputes the tables of signed sums that ``lut-dot`` looks up.

    A ``lut-dot`` with ``shared_precompute`` takes them in place of activations.

    ``table[g, e] = sum(coefficient[e, k] * a[g, k])`` for every group g of activations and every
    entry e. With contents ``signed`` coefficients are 1 and -1, the last one of each group always
    1: entry e has -1 where bit k of e is 0. Sums with the last weight -1 are the opposite of one of
    these. All sums of one table are even or all are odd: entries are stored without their last bit,
    which is ``odd[g]``. The last activation's sign is fixed at plus, not minus as in the paper:
    -128 is the only int8 number whose negative needs a bit more, and so no entry does. With four
    int8 activations an entry has 9 bits.

    Contents ``subset`` are the sums of every choice of activations, the table before the weights
    were reinterpreted as 1 and -1: twice as many entries, without that of no activation, which is
    0. Entry e has the activations where e + 1 has a 1 bit. Contents ``ternary`` are sums with
    coefficients -1, 0 and 1: entry e has the digits of e + 1 in balanced ternary.

    Floats are summed as fixed point that holds each of them exactly. NaNs and infinities have no
    sum: they count as 0, and ``nan`` says that there is one among the activations.

    With ``quantized`` the entries are int8, ``127 * entry / scale`` to nearest with ties to even,
    where ``scale`` is the largest magnitude in any table of the beat; with one group a beat that is
    the table quantization of LUT Tensor Core, with 16 groups of four that of T-MAC. The first
    does not state its rounding. ``total`` is the activations' own sum, which T-MAC, too, leaves
    unquantized.

    With semantics ``aligned`` entries are sums of floats that are cut as ``lut-dot`` says: integers
    in units of ``2**exponent``, the row's. With several beats the unit keeps that exponent over the
    beats of a sum, and ``risen`` says by how much it is larger than in the beat before.

    The entries of a table share their partial sums: 12 adders for the 8 entries of a signed table
    of four, where one by one they take 24.

    Latency is ``stages`` cycles, throughput one beat a cycle.

    Parameters
    ----------
    a
        Format of the activations: integers, or floats that fit in 64 bits of fixed point.
    lanes
        Activations a beat, a multiple of ``group``.
    group
        Activations a table.
    contents
        ``signed``, ``subset`` or ``ternary``.
    quantized
        Whether entries are int8 in units of ``scale / 127``.
    ftz_in
        Whether subnormal activations count as zero.
    semantics, fraction
        As of ``lut-dot``.
    beats
        The most beats that one sum takes, of aligned tables: with more than one, ``stages`` must be
        1 or more.
    adder
        How carries propagate. ``plain`` is the choice for FPGAs. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first : whether a sum begins, where ``beats`` is above 1
    i.a : activations
    o.table : entries, all of group 0 first
    o.odd : last bit of each table's sums, with contents ``signed`` that are not quantized
    o.nan : whether an activation is NaN or infinite, where one can be
    o.scale : largest magnitude, where quantized
    o.total : sum of the activations, where quantized
    o.exponent : power of two that the entries count, where aligned
    o.risen : by how much it has risen, where ``beats`` is above 1
    """

    reference = "LUT Tensor Core (arXiv 2408.06003), table precompute; T-MAC (arXiv 2407.00088)"

    def __init__(
        self,
        *,
        a: NumberFormat = IntegerFormat(8),
        lanes: int = 4,
        group: int = 2,
        contents: Contents = Contents.SIGNED,
        quantized: bool = False,
        ftz_in: bool = False,
        semantics: Semantics = Semantics.EXACT,
        fraction: int = -1,
        beats: int = 1,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        check_group(group, lanes)
        self.table_shape = shape = checked_shape(a, group, contents, quantized, semantics, fraction)
        if beats > 1 and semantics is Semantics.EXACT:
            raise ValueError(f"The semantics must be aligned with {beats} beats, not 'exact'")
        if beats > 1 and stages == 0:
            raise ValueError("With several beats there must be a pipeline register, not 0 stages")
        self.kept_rows = int(beats > 1)
        inputs: dict[str, Any] = {"first": unsigned(1)} if beats > 1 else {}
        inputs["a"] = ArrayLayout(a, lanes)
        fields = table_fields(shape, 1, lanes // group, total=True, beats=beats)
        super().__init__(inputs, fields, stages=stages)

    @property
    def stateless(self) -> bool:
        return self.parameters.beats == 1

    def steps(self) -> list[Step]:
        return [Step("precompute", self._precompute)]

    def _precompute(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        activations = [values["a"][k] for k in range(p.lanes)]
        options: dict[str, Any] = {"flush": p.ftz_in}
        exponent = None
        if self.table_shape.aligned is not None:
            [exponent] = values.get("row_exponents") or [
                row_exponent(m, self.table_shape, activations, "a0")
            ]
        tables = precompute(
            m,
            self.table_shape,
            activations,
            "a",
            masked=True,
            adder=p.adder,
            exponent=exponent,
            **options,
        )
        fields = {
            "table": Cat(Cat(table) for table in tables.entries),
            "odd": Cat(tables.odd),
            "nan": tables.nan,
            "scale": tables.scale,
            "total": tables.total,
            "exponent": tables.exponent,
            "risen": tables.risen,
        }
        return {name: fields[name] for name, _ in self.o.payload.shape()}


def table_fields(
    shape: TableShape, rows: int, groups: int, *, total: bool, beats: int = 1
) -> dict[str, Any]:
    """The fields that carry the tables of some rows, each of so many groups."""
    entries = rows * groups * shape.entries
    fields: dict[str, Any] = {"table": ArrayLayout(shape.entry_format, entries)}
    if shape.halved:
        fields["odd"] = ArrayLayout(unsigned(1), rows * groups)
    if shape.special:
        fields["nan"] = ArrayLayout(unsigned(1), rows)
    if shape.quantized:
        fields["scale"] = ArrayLayout(shape.scale_format, rows)
        if total:
            fields["total"] = ArrayLayout(shape.sum_format(groups), rows)
    if shape.aligned is not None:
        fields["exponent"] = ArrayLayout(shape.exponent_format, rows)
        if beats > 1:
            fields["risen"] = ArrayLayout(unsigned(shape.aligned.exponent_width), rows)
    return fields


def check_group(group: int, lanes: int) -> None:
    """Refuse groups that do not divide the lanes.

    Raises:
        ValueError: with both numbers.
    """
    check_positive("group size", group, most=6)
    if lanes % group:
        raise ValueError(
            f"The number of lanes must be a multiple of the group size {group}, not {lanes}"
        )
