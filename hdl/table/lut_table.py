"""Tables of signed sums of activations, computed once for all weights."""

from typing import Any

from amaranth.hdl import Cat, Module, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..formats import IntegerFormat, NumberFormat
from ..pipeline import Step
from ..unit import Unit, check_positive
from .precompute import precompute
from .table_shape import Contents, TableShape, check_activations, has_specials

__all__ = ["LutTable"]


class LutTable(Unit):
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
    adder
        How carries propagate. ``plain`` is the choice for FPGAs. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.a : activations
    o.table : entries, all of group 0 first
    o.odd : last bit of each table's sums, with contents ``signed`` that are not quantized
    o.nan : whether an activation is NaN or infinite, where one can be
    o.scale : largest magnitude, where quantized
    o.total : sum of the activations, where quantized
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
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_group(group, lanes)
        check_activations(a)
        self.table_shape = shape = TableShape(a, group, contents, quantized)
        groups = lanes // group
        super().__init__(
            {"a": ArrayLayout(a, lanes)}, table_fields(shape, 1, groups, total=True), stages=stages
        )

    def steps(self) -> list[Step]:
        return [Step("precompute", self._precompute)]

    def _precompute(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        activations = [values["a"][k] for k in range(p.lanes)]
        tables = precompute(
            m, self.table_shape, activations, "a", flush=p.ftz_in, masked=True, adder=p.adder
        )
        fields = {
            "table": Cat(Cat(table) for table in tables.entries),
            "odd": Cat(tables.odd),
            "nan": tables.nan,
            "scale": tables.scale,
            "total": tables.total,
        }
        return {name: fields[name] for name, _ in self.o.payload.shape()}


def table_fields(shape: TableShape, rows: int, groups: int, *, total: bool) -> dict[str, Any]:
    """The fields that carry the tables of some rows, each of so many groups."""
    entries = rows * groups * shape.entries
    fields: dict[str, Any] = {"table": ArrayLayout(shape.entry_format, entries)}
    if shape.halved:
        fields["odd"] = ArrayLayout(unsigned(1), rows * groups)
    if has_specials(shape.a):
        fields["nan"] = ArrayLayout(unsigned(1), rows)
    if shape.quantized:
        fields["scale"] = ArrayLayout(shape.scale_format, rows)
        if total:
            fields["total"] = ArrayLayout(shape.sum_format(groups), rows)
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
