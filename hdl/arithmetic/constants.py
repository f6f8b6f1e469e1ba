"""Multiplication by constants: a copy of the other factor for each digit that is not zero.

Of all ways to write an integer with digits -1, 0 and 1 in base 2, the one without two neighbouring
non-zero digits has the fewest of those (G. W. Reitwiesner, "Binary Arithmetic", Advances in
Computers 1, 1960).
"""

from amaranth.hdl import Module, Value

from .adders import Adder
from .bitheap import BitHeap, Structure

__all__ = ["add_multiple", "multiple", "signed_digits"]


def signed_digits(number: int) -> list[tuple[int, int]]:
    """Sign and place of the fewest signed powers of two whose sum is ``number``."""
    digits, place = [], 0
    while number:
        if number & 1:
            digit = 2 - (number & 3)
            digits.append((digit, place))
            number -= digit
        number >>= 1
        place += 1
    return digits


def add_multiple(heap: BitHeap, value: Value, constant: int) -> None:
    """Add ``value * constant`` to a heap; ``value`` is read by its shape."""
    for sign, place in signed_digits(constant):
        heap.add(value, weight=place, negate=sign < 0)


def multiple(
    m: Module,
    value: Value,
    constant: int,
    name: str,
    *,
    structure: Structure = Structure.COMPRESSOR,
    adder: Adder = Adder.SKLANSKY,
) -> Value:
    """``value * constant``, both unsigned."""
    most = ((1 << len(value)) - 1) * constant
    heap = BitHeap(max(most.bit_length(), 1))
    add_multiple(heap, value, constant)
    return heap.sum(m, name=name, structure=structure, adder=adder)
