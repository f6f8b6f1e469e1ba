"""Look-ups of one column in the tables of all rows, summed over groups and planes."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Value

from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.partial_products import add_products
from ..arithmetic.rows import add_rows, rows_of
from ..formats import IntegerFormat
from ..pipeline import wire
from .lookup import Coding, Select, one_hot, select
from .lut_offset import Offset
from .lut_ranges import one_entry_a_cycle
from .lut_weights import Plane, planes
from .precompute import Tables
from .table_shape import QUANTIZED, Contents, TableShape

__all__ = ["LutRows"]


class Term(NamedTuple):
    """``value * 2**weight``, with a carry into its lowest place, to be added or subtracted."""

    value: Value
    weight: int
    carry: Value | None
    negate: bool = False

    def add_to(self, heap: BitHeap) -> None:
        heap.add(self.value, weight=self.weight, negate=self.negate)
        if self.carry is not None:
            heap.add_column(self.carry, weight=self.weight)


class LutRows:
    """What is added up for each sum of a tile.

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
        # Entry 0 of these is the sum of nothing, which is not stored.
        self._first = int(shape.contents is not Contents.SIGNED)
        # Signs count twice what bits do; stored halves, and int8 entries in twice the unit, do not.
        self._weight = int(p.coding is Coding.BIPOLAR and not shape.quantized)

    def column(
        self,
        m: Module,
        tables: Sequence[Tables],
        offsets: Sequence[Offset],
        b: Any,
        column: int,
        now: Sequence[Value],
        zero: Value | None,
    ) -> list[list[Value]]:
        """For each row the values whose sum modulo ``2**width`` is one beat's, or one plane's,
        part of the sum; of one entry a cycle that entry, and a carry."""
        found = planes(m, self._p, self._shape, b, column, now)
        lines = [self._lines(m, plane, f"column{column}_plane{i}") for i, plane in enumerate(found)]
        return [
            self._sum(m, table, offset, found, lines, now, zero, f"row{r}_column{column}")
            for r, (table, offset) in enumerate(zip(tables, offsets, strict=True))
        ]

    def _lines(self, m: Module, plane: Plane, name: str) -> list[Value | None]:
        """The decoded indices of a plane, which all rows share."""
        if self._p.select is not Select.ONE_HOT:
            return [None] * len(plane.indices)
        count = self._shape.entries
        return [
            one_hot(m, index.place, count, f"{name}_group{g}", first=self._first)
            for g, index in enumerate(plane.indices)
        ]

    def _sum(
        self,
        m: Module,
        tables: Tables,
        offset: Offset,
        found: Sequence[Plane],
        lines: Sequence[Sequence[Value | None]],
        now: Sequence[Value],
        zero: Value | None,
        name: str,
    ) -> list[Value]:
        if one_entry_a_cycle(self._p, self._shape):
            return self._entry(m, tables, found[0], lines[0][0], now, name)
        terms = [
            term
            for i, (plane, decoded) in enumerate(zip(found, lines, strict=True))
            for term in self._terms(m, tables, plane, decoded, f"{name}_plane{i}")
        ]
        shifted = len(now) > 0 and self._p.beats > 1
        alone = shifted and len(terms) == 1 and not self._shape.quantized
        apart = (shifted or self._shape.quantized) and not alone
        width = self._part_width(bool(now)) if apart else self._width
        heap = BitHeap(width)
        for term in terms:
            if alone:
                # Nothing to add up before the shift: not even the carry of a negation.
                self._add_shifted(m, heap, term, now, name)
            else:
                term.add_to(heap)
        if not apart:
            self._correct(m, heap, offset, now, zero, name)
            return self._rows(m, heap, f"{name}_tree")
        total = self._resolved(m, heap, f"{name}_entries")
        rest = BitHeap(self._width)
        if self._shape.quantized:
            assert tables.scale is not None
            products = Structure.PLAIN if self._structure.operators else Structure.COMPRESSOR
            if shifted:
                # The product is what is shifted: its sign is extended there.
                scaled = BitHeap(min(width + len(tables.scale), self._width))
                add_products(
                    m, scaled, [total], [tables.scale], structure=products, name=f"{name}_scaled"
                )
                total = self._resolved(m, scaled, f"{name}_scaling")
            else:
                add_products(
                    m, rest, [total], [tables.scale], structure=products, name=f"{name}_scaled"
                )
        if shifted:
            rest.add(self._shifted(m, total, now, name))
        self._correct(m, rest, offset, now, zero, name)
        return self._rows(m, rest, f"{name}_tree")

    def _entry(
        self,
        m: Module,
        tables: Tables,
        plane: Plane,
        lines: Value | None,
        now: Sequence[Value],
        name: str,
    ) -> list[Value]:
        """The one entry of a cycle with its last bit, shifted, then complemented; and a carry."""
        [index] = plane.indices
        assert index.negative is not None
        entry = select(
            m, tables.entries[0], index.place, f"{name}_half", first=self._first, lines=lines
        )
        whole = wire(m, f"{name}_entry", Cat(tables.odd[0], entry).as_signed())
        shifted = self._shifted(m, whole, now, name)
        flipped = shifted.as_unsigned() ^ index.negative.replicate(len(shifted))
        return [wire(m, f"{name}_term", flipped.as_signed()), index.negative]

    def _part_width(self, one_plane: bool) -> int:
        """Bits of the sum of what is looked up in a beat, or in one plane."""
        p, shape = self._p, self._shape
        entry = QUANTIZED.max_integer if shape.quantized else -shape.entry_format.min_integer
        count = 1 if one_plane or p.coding is Coding.TERNARY else (1 << p.b.width) - 1
        # Of a stored half the negative is its complement and a bit.
        most = (entry * count * (p.lanes // p.group)) << self._weight
        return min(IntegerFormat.holding(-most, most).width, self._width)

    def _terms(
        self,
        m: Module,
        tables: Tables,
        plane: Plane,
        lines: Sequence[Value | None],
        name: str,
    ) -> Iterator[Term]:
        """One entry a group, or its negative."""
        weight = plane.weight + self._weight
        for g, (index, decoded) in enumerate(zip(plane.indices, lines, strict=True)):
            term = f"{name}_group{g}"
            entry = select(
                m, tables.entries[g], index.place, term, first=self._first, lines=decoded
            )
            negative = plane.subtract if index.negative is None else index.negative
            if isinstance(negative, bool):
                yield Term(entry, weight, None, negative)
                continue
            flipped = entry.as_unsigned() ^ negative.replicate(len(entry))
            flipped = wire(m, f"{term}_term", flipped.as_signed())
            # -(2 h + 1) is 2 ~h + 1: with the last bit set, the complement is the negative.
            carry = negative & ~tables.odd[g] if self._shape.halved else negative
            yield Term(flipped, weight, wire(m, f"{term}_carry", carry))

    def _correct(
        self,
        m: Module,
        heap: BitHeap,
        offset: Offset,
        now: Sequence[Value],
        zero: Value | None,
        name: str,
    ) -> None:
        """Add the row's offset, subtract the zero point's part."""
        if offset.value is not None:
            heap.add(offset.value)
        if zero is None or offset.total is None:
            return
        structure = Structure.PLAIN if self._structure.operators else Structure.COMPRESSOR
        factor = zero
        if now:
            # All of it with the lowest plane, as the offset is.
            factor = wire(m, f"{name}_zero_now", zero & now[0].replicate(len(zero)))
        add_products(
            m, heap, [offset.total], [factor], negate=True, structure=structure, name=f"{name}_zero"
        )

    def _add_shifted(
        self, m: Module, heap: BitHeap, term: Term, now: Sequence[Value], name: str
    ) -> None:
        value = Cat(Const(0, term.weight), term.value)
        heap.add(self._shifted(m, value, now, name), negate=term.negate)
        if term.carry is not None:
            for i, here in enumerate(now):
                heap.add_column(term.carry & here, weight=term.weight + i)

    def _shifted(self, m: Module, total: Value, now: Sequence[Value], name: str) -> Value:
        """A plane's sum times its power of two."""
        width = min(len(total) + len(now) - 1, self._width)
        result: Value = Const(0, width)
        for i, here in enumerate(now):
            places = Cat(Const(0, i), total, total[-1].replicate(len(now)))[:width]
            result = result | (places & here.replicate(width))
        return wire(m, f"{name}_shifted", result.as_signed())

    def _rows(self, m: Module, heap: BitHeap, name: str) -> list[Value]:
        return rows_of(m, heap, structure=self._structure, name=name)

    def _resolved(self, m: Module, heap: BitHeap, name: str) -> Value:
        options: Any = {"structure": self._structure, "adder": self._p.adder}
        rows = self._rows(m, heap, name)
        total = add_rows(m, rows, heap.width, name=f"{name}_add", **options)
        return wire(m, f"{name}_sum", total.as_signed())
