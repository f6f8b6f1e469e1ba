"""What a row's sums need beside the entries looked up, the same for all columns."""

from typing import Any, NamedTuple

from amaranth.hdl import Module, Value

from ..arithmetic.bitheap import BitHeap, Structure
from ..formats import IntegerFormat
from ..pipeline import wire
from .lookup import Coding
from .lut_ranges import one_entry_a_cycle, total_factor
from .precompute import Tables
from .table_shape import QUANTIZED, Contents, TableShape

__all__ = ["LutOffset", "Offset"]


class Offset(NamedTuple):
    """A row's part in all its sums: a value to add, and the sum of its activations, in the unit
    that a zero point multiplies; None where not needed."""

    value: Value | None
    total: Value | None


class LutOffset:
    """Weights as signs times powers of two leave a multiple of the activations' sum.

    Sums of signs are ``2 * sum(a w) - factor * sum(a)``, and entries are stored without their last
    bit, which counts once in every plane. Both corrections are values of the row alone: every
    column adds one and the same number.

    Parameters
    ----------
    p
        The look-up's parameters.
    shape
        Of its tables.
    width
        Bits of its sums.
    structure
        How values are added.
    """

    def __init__(self, p: Any, shape: TableShape, width: int, structure: Structure):
        self._p, self._shape, self._width, self._structure = p, shape, width, structure

    def of(self, m: Module, tables: Tables, name: str, now: Value | None) -> Offset:
        """One row's offset, where the bit ``now`` is set, if there is one."""
        if one_entry_a_cycle(self._p, self._shape):
            return Offset(None, None)
        p, factor = self._p, total_factor(self._p)
        planes = (1 << p.b.width) - 1
        parts: list[tuple[Value, int]] = []
        sums = [(table[-1], 1) for table in tables.entries]
        if self._shape.quantized:
            total = [] if tables.total is None else [(tables.total, 1)]
            parts = [(value, QUANTIZED.max_integer * factor) for value, _ in total]
            total = [(value, 2 * QUANTIZED.max_integer) for value, _ in total]
        elif self._shape.halved:
            odd = [(bit, 1) for bit in tables.odd]
            total = [*((value, 2) for value, _ in sums), *odd]
            if p.coding is Coding.PLANES:
                parts = [(value, factor) for value, _ in sums]
            # The last bit of every plane's entry, and of the sum, of which half is taken.
            each = (planes + factor) // 2 if p.coding is Coding.PLANES else planes
            parts += [(bit, each) for bit, _ in odd]
        else:
            total = sums
            if self._shape.contents is Contents.SUBSET and p.coding is Coding.BIPOLAR:
                parts = [(value, -planes) for value, _ in sums]
        value = self._sum(m, parts, f"{name}_offset")
        if value is not None and now is not None:
            gated = value.as_unsigned() & now.replicate(len(value))
            value = wire(m, f"{name}_offset_now", gated.as_signed())
        return Offset(value, self._sum(m, total, f"{name}_sum") if p.zero else None)

    def _sum(self, m: Module, parts: list[tuple[Value, int]], name: str) -> Value | None:
        """The sum of values times constants, signed."""
        parts = [(Value.cast(value), factor) for value, factor in parts if factor]
        if not parts:
            return None
        low = high = 0
        for value, factor in parts:
            signed = value.shape().signed
            ends = (-(1 << len(value) - 1) if signed else 0, (1 << len(value) - signed) - 1)
            corners = [end * factor for end in ends]
            low, high = low + min(corners), high + max(corners)
        width = min(IntegerFormat.holding(min(low, -1), high).width, self._width)
        heap = BitHeap(width)
        for value, factor in parts:
            add_multiple(heap, value, factor)
        adder = self._p.adder
        total = heap.sum(m, name=name, structure=self._structure, adder=adder)
        return total.as_signed()


def add_multiple(heap: BitHeap, value: Value, factor: int) -> None:
    """Add ``factor * value``, a shifted value for each nonzero digit of the factor, of which no two
    neighbours are nonzero."""
    weight = 0
    while factor:
        if factor % 2:
            digit = 2 - factor % 4
            heap.add(value, weight=weight, negate=digit < 0)
            factor -= digit
        factor //= 2
        weight += 1
