"""From weights to entries: the index of each table, and the entry it selects."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..pipeline import wire

__all__ = ["Coding", "Index", "Select", "one_hot", "select", "signed_index", "ternary_index"]


class Coding(StrEnum):
    """What the codes of weights mean."""

    #: The integers of their format, bit plane by bit plane.
    PLANES = "planes"
    #: Odd integers of both signs, ``2 * code - (2**bits - 1)``, bit plane by bit plane.
    BIPOLAR = "bipolar"
    #: -1, 0 and 1, with a table of their own.
    TERNARY = "ternary"


class Select(StrEnum):
    """How an entry is selected. The choice changes cost, never a result bit."""

    #: A tree of multiplexers.
    MUX = "mux"
    #: A line for each entry, found once for all rows, and AND-OR.
    ONE_HOT = "one-hot"


class Index(NamedTuple):
    """Which entry, and whether its negative is wanted."""

    place: Value
    negative: Value | None


def signed_index(m: Module, bits: Value, name: str, *, remapped: bool) -> Index:
    """The index of a signed table, of one bit a weight: 1 for +1, 0 for -1.

    The table has the sums with +1 for the last activation; where that weight is -1, the opposite
    weights' entry is negated. Remapped bits have been inverted so already.
    """
    last, others = bits[-1], bits[:-1]
    if not remapped:
        others = others ^ (~last).replicate(len(others))
    return Index(wire(m, f"{name}_place", others) if len(others) else others, ~last)


def ternary_index(m: Module, weights: Sequence[Value], name: str) -> Index:
    """The index of a ternary table: the weights are digits of a number in balanced ternary."""
    limit = (3 ** len(weights) - 1) // 2
    number = wire(m, f"{name}_number", sum(w * 3**k for k, w in enumerate(weights)))
    negative = number[-1]
    width = limit.bit_length()
    magnitude = (number[:width] ^ negative.replicate(width)) + negative
    return Index(wire(m, f"{name}_place", magnitude[:width]), negative)


def select(
    m: Module,
    table: Sequence[Value],
    index: Value,
    name: str,
    *,
    first: int = 0,
    lines: Value | None = None,
) -> Value:
    """Entry ``index - first``, of signed entries of one width; zero where there is none.

    ``lines`` are :func:`one_hot` of the index; without them there is a tree of multiplexers.
    """
    if lines is not None:
        width = len(table[0])
        total: Value = Const(0, width)
        for entry, line in zip(table, lines, strict=True):
            total = total | (entry.as_unsigned() & line.replicate(width))
        return wire(m, name, total.as_signed())
    size = 1 << len(index)
    level: list[Value | None] = [*[None] * first, *table]
    level += [None] * (size - len(level))
    for place, bit in enumerate(index):
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [
            _choice(m, bit, high, low, f"{name}_{place}_{n}") for n, (low, high) in enumerate(pairs)
        ]
    return wire(m, name, Const(0, len(table[0])).as_signed() if level[0] is None else level[0])


def one_hot(m: Module, index: Value, count: int, name: str, *, first: int = 0) -> Value:
    """A line for each of ``count`` indices from ``first`` on."""
    if not len(index):
        return Const(1, 1)
    return wire(m, f"{name}_lines", Cat(index == first + k for k in range(count)))


def _choice(
    m: Module, bit: Value, high: Value | None, low: Value | None, name: str
) -> Value | None:
    """One of two entries; None stands for zero."""
    if high is None and low is None:
        return None
    if low is None or high is None:
        entry, here = (high, bit) if low is None else (low, ~bit)
        assert entry is not None
        return wire(m, name, (entry.as_unsigned() & here.replicate(len(entry))).as_signed())
    return wire(m, name, Mux(bit, high, low).as_signed())
