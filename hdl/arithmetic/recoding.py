"""Integers as radix-4 digits from -2 to 2, each of which multiplies by a wire, a shift, or a sign.

All three recodings give the same number of digits, ``(n + 1) // 2`` of a signed operand of n bits
and ``n // 2 + 1`` of an unsigned one, and differ in how many of them are zero.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value

from ..pipeline import wire
from .bitheap import BitHeap

__all__ = ["Digit", "Recoding", "add_digit_product", "digit_count", "recode"]


class Recoding(StrEnum):
    """How an operand becomes digits. The choice changes digits, never the number they stand for."""

    #: Modified Booth: each digit from three neighbouring bits, no carry (MacSorley, 1961).
    BOOTH = "booth"
    #: Of the magnitude, digits -1 to 2 with a carry, all times the sign (EN-T: arXiv 2503.06342).
    ENT = "ent"
    #: The fewest non-zero digits there can be: a 2 becomes -2 and a carry where that makes one of
    #: the digits above it zero.
    FEWEST = "fewest"


class Digit(NamedTuple):
    """A digit as three bits; a digit of zero may be negative, too."""

    one: Value
    two: Value
    negative: Value

    @property
    def nonzero(self) -> Value:
        return self.one | self.two

    @property
    def number(self) -> Value:
        """As a signed integer of three bits."""
        negative = self.negative & self.nonzero
        return Cat(self.one, self.two | (self.one & negative), negative).as_signed()


def digit_count(shape: Shape) -> int:
    """How many digits an operand of this shape has."""
    return (shape.width + (not shape.signed) + 1) // 2


def recode(m: Module, value: Value, recoding: Recoding, name: str = "digit") -> list[Digit]:
    """The digits of an integer, the lowest first."""
    if recoding is Recoding.ENT:
        return _ent(m, value, name)
    count = digit_count(value.shape())
    bits = _extended(value, 2 * count)
    if recoding is Recoding.BOOTH:
        return _booth(m, Cat(Const(0, 1), bits), count, name)
    return _fewest(m, bits, count, name)


def _extended(value: Value, width: int) -> Value:
    """The same number in ``width`` bits."""
    top = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, top.replicate(max(width - len(value), 0)))[:width]


def _booth(m: Module, bits: Value, count: int, name: str) -> list[Digit]:
    triples = [[bits[2 * k + j] for j in range(3)] for k in range(count)]
    one = wire(m, f"{name}_one", Cat(middle ^ low for low, middle, _ in triples))
    pairs = Cat(minus ^ middle for _, middle, minus in triples)
    two = wire(m, f"{name}_two", pairs & ~one)
    return [Digit(one[k], two[k], minus) for k, (_, _, minus) in enumerate(triples)]


def _ent(m: Module, value: Value, name: str) -> list[Digit]:
    count = digit_count(value.shape())
    sign: Value = Const(0, 1)
    magnitude = value
    if value.shape().signed:
        sign = value[-1]
        # One's complement and one; that of the smallest number needs all bits, and no sign.
        flipped = value.as_unsigned() ^ sign.replicate(len(value))
        magnitude = wire(m, f"{name}_magnitude", (flipped + sign)[: len(value)])
    low, high = _pairs(_padded(magnitude, 2 * count), count)
    # A digit of 3, or of 2 and a carry, is -1 with a carry of its own.
    carry = _carries(m, low & high, high, f"{name}_carry")
    one = wire(m, f"{name}_one", low ^ carry)
    two = wire(m, f"{name}_two", (high & ~low & ~carry) | (~high & low & carry))
    out = wire(m, f"{name}_minus", high & one)
    return [Digit(one[k], two[k], out[k] ^ sign) for k in range(count)]


def _fewest(m: Module, bits: Value, count: int, name: str) -> list[Digit]:
    low, high = _pairs(bits, count)
    # Where a carry saves a digit: into a 3, or into a 1 (then a 2) below such a place.
    saves: list[Value] = [low[count - 1] & high[count - 1]]
    for k in reversed(range(count - 1)):
        saves.insert(0, low[k] & (high[k] | saves[0]))
    above = wire(m, f"{name}_saves", Cat(*saves[1:], Const(0, 1)))
    # The topmost pair is -2 to 1, and nothing leaves it.
    carry = _carries(m, high & (low | above), high | (low & above), f"{name}_carry")
    one = wire(m, f"{name}_one", low ^ carry)
    two = wire(m, f"{name}_two", (high & ~low & ~carry) | (~high & low & carry))
    top = Cat(Const(0, count - 1), Const(1, 1))
    minus = wire(m, f"{name}_minus", (high & (one | top)) | (two & above))
    return [Digit(one[k], two[k], minus[k]) for k in range(count)]


def _padded(value: Value, width: int) -> Value:
    return Cat(value, Const(0, max(width - len(value), 0)))[:width]


def _pairs(bits: Value, count: int) -> tuple[Value, Value]:
    """The lower and the upper bit of every pair."""
    return Cat(bits[2 * k] for k in range(count)), Cat(bits[2 * k + 1] for k in range(count))


def _carries(m: Module, generate: Value, propagate: Value, name: str) -> Value:
    """The carry into each digit: from pair to pair, as there are few of them."""
    carry: list[Value] = [Const(0, 1)]
    for k in range(len(generate) - 1):
        carry.append(generate[k] | (propagate[k] & carry[-1]))
    return wire(m, name, Cat(*carry))


def add_digit_product(
    m: Module,
    heap: BitHeap,
    digits: Sequence[Digit],
    values: Sequence[Value],
    *,
    weight: int = 0,
    name: str = "row",
) -> None:
    """Add the sum of ``digits[i] * values[i] * 2**weight`` to a heap.

    A negative digit inverts its row; the bit that completes the negation is a bit of its own.
    """
    for k, (digit, value) in enumerate(zip(digits, values, strict=True)):
        signed = value.shape().signed
        width = len(value) + (1 if signed else 2)
        once = _extended(value, width)
        twice = Cat(Const(0, 1), _extended(value, width - 1))
        chosen = (once & digit.one.replicate(width)) | (twice & digit.two.replicate(width))
        row = Signal(Shape(width, signed=True), name=f"{name}{k}")
        m.d.comb += row.eq(chosen ^ digit.negative.replicate(width))
        heap.add(row, weight=weight, arrival=1)
        heap.add_column(digit.negative, weight=weight)
