"""Sums over pairs of planes: a gate a lane, ones counted, and weights and signs put right."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from amaranth.hdl import Cat, Const, Module, Value

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap
from ..formats import IntegerFormat
from ..pipeline import wire
from .plane import Plane, flipped

__all__ = ["Counting", "Pairs", "add_counted", "negated", "resolved"]


class Counting(StrEnum):
    """How the ones of plane pairs are counted. The choice changes cost, never a result bit."""

    #: What measured best for the zero points at hand.
    AUTO = "auto"
    #: The bits of all pairs on one tree, at their weights.
    MERGED = "merged"
    #: A sum for each plane of one vector, over all planes of the other; then their sum. With two
    #: zero points a sum for each pair.
    PLANES = "planes"


@dataclass(frozen=True)
class Pairs:
    """Planes of two vectors, each with each.

    ``bipolar`` bits mean -1 and +1, and a pair's sum is the lanes that agree less those that
    differ; other pairs count the lanes where both bits are 1. Of bipolar lanes only those in
    ``mask`` count, ``count`` of them.
    """

    a: Sequence[Plane]
    b: Sequence[Plane]
    lanes: int
    bipolar: bool = False
    mask: Value | None = None
    count: Value | None = None

    def format(self, *, signs: bool) -> IntegerFormat:
        """Holds every sum, with the signs that zero points make or without them."""
        low = high = 0
        for x in self.a:
            for y in self.b:
                most = self.lanes << x.weight + y.weight
                either = self.bipolar or (signs and not (x.zero is None and y.zero is None))
                low -= most if either or x.negative != y.negative else 0
                high += most if either or x.negative == y.negative else 0
        return IntegerFormat.holding(low, high)

    def groups(self) -> list["Pairs"]:
        """The same pairs in groups, each of one sign."""
        b_alone = any(y.zero is not None for y in self.b)
        a_alone = not b_alone or any(x.zero is not None for x in self.a)
        a = [[x] for x in self.a] if a_alone else [self.a]
        b = [[y] for y in self.b] if b_alone else [self.b]
        return [replace(self, a=x, b=y) for x in a for y in b]

    def add_to(self, m: Module, heap: BitHeap, name: str) -> None:
        """The bits of all pairs at their weights, without the signs of zero points."""
        others = Cat(self._bits(m, y, f"{name}_b{y.weight}") for y in self.b)
        for x in self.a:
            bits = self._bits(m, x, f"{name}_a{x.weight}").replicate(len(self.b))
            row = wire(m, f"{name}_row{x.weight}", bits ^ others if self.bipolar else bits & others)
            for place, y in enumerate(self.b):
                column = row[place * self.lanes : (place + 1) * self.lanes]
                weight = x.weight + y.weight
                if self.bipolar:
                    heap.add_column(column, weight=weight + 1, negate=True)
                else:
                    heap.add_column(column, weight=weight, negate=x.negative != y.negative)
        if self.bipolar:
            weights = sum(1 << x.weight + y.weight for x in self.a for y in self.b)
            if self.count is None:
                heap.add_constant(weights * self.lanes)
            else:
                _add_multiple(heap, self.count, weights)

    def _bits(self, m: Module, plane: Plane, name: str) -> Value:
        """A plane as its gates see it. Lanes that are 0 on both sides never differ."""
        bits = flipped(m, plane, name)
        return bits if self.mask is None else wire(m, f"{name}_masked", bits & self.mask)

    @property
    def sign(self) -> Value | None:
        """What zero points make of the sign, of a group in which it is one."""
        zeros = [plane.zero for planes in (self.a, self.b) for plane in planes[:1]]
        bits = [zero for zero in zeros if zero is not None]
        return bits[0] ^ bits[1] if len(bits) > 1 else bits[0] if bits else None


def resolved(m: Module, pairs: Pairs, adder: Adder, name: str) -> Value:
    """The sum over the pairs as one number, without the signs of zero points."""
    format = pairs.format(signs=False)
    heap = BitHeap(format.width)
    pairs.add_to(m, heap, name)
    total = heap.sum(m, name=name, adder=adder)
    return total.as_signed() if format.signed else total


def negated(m: Module, value: Value, sign: Value, name: str) -> Value:
    """``-value`` where ``sign`` is set, but for the one that completes it; signed."""
    top = value[-1:] if value.shape().signed else Const(0, 1)
    extended = Cat(value, top)
    return wire(m, name, (extended ^ sign.replicate(len(extended))).as_signed())


def add_counted(
    m: Module, heap: BitHeap, pairs: Pairs, counting: Counting, adder: Adder, name: str
) -> None:
    """Add the sum over all pairs to a heap."""
    if counting is Counting.MERGED:
        pairs.add_to(m, heap, name)
        return
    for group in pairs.groups():
        weight = group.a[0].weight + group.b[0].weight
        at = f"{name}_{group.a[0].weight}_{group.b[0].weight}"
        low = replace(
            group,
            a=[x._replace(weight=x.weight - group.a[0].weight) for x in group.a],
            b=[y._replace(weight=y.weight - group.b[0].weight) for y in group.b],
        )
        total, sign = resolved(m, low, adder, at), group.sign
        if sign is not None:
            total = negated(m, total, sign, f"{at}_signed")
            heap.add_column(sign, weight=weight)
        heap.add(total, weight=weight)


def _add_multiple(heap: BitHeap, value: Value, factor: int) -> None:
    """Add ``factor * value``, a row for each nonzero digit of -1, 0 and 1 (Reitwiesner, 1960)."""
    place = 0
    while factor:
        if factor & 1:
            digit = 2 - (factor & 3)
            heap.add(value, weight=place, negate=digit < 0)
            factor -= digit
        factor >>= 1
        place += 1
