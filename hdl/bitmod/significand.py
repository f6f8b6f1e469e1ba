"""Normalised and rounded: from two's complement to sign, significand and a change of exponent."""

from typing import NamedTuple

from amaranth.hdl import Cat, Module, Mux, Value

from ..arithmetic.shift import leading_zeros
from ..pipeline import wire

__all__ = ["Significand", "round_significand"]


class Significand(NamedTuple):
    """The number ``(-1)**negative * bits``, where the leading one of ``bits`` is its top bit.

    ``down`` says by how many places that bit stands below the number's top bit, its sign not
    counted, less one if ``over``. Nothing else means anything unless ``nonzero``.
    """

    bits: Value
    negative: Value
    down: Value
    over: Value
    nonzero: Value


def round_significand(m: Module, number: Value, bits: int) -> Significand:
    """As many bits of a number in two's complement, from its leading one, rounded to nearest, ties
    to even; ``bits`` must be fewer than the number has.

    A negative number is inverted, not negated. The one that is missing is there as ones without
    end below, which the shift fills in, and which rounding up completes to it: no carry runs
    through the whole number. One place below the last is enough for the number -1.

    Without a count, each step of the shift asking for itself whether its part of the number is
    zero, an element for fp16 by fp4 is 2 % smaller for area, as large for speed, and 4 % slower.
    """
    negative = number[-1]
    value: Value = Cat(negative, number[:-1] ^ negative.replicate(len(number) - 1))
    width = len(value)
    value = wire(m, "inverted", value)
    count, nonzero = leading_zeros(value)
    count = wire(m, "zeros_above", count)
    for place, bit in enumerate(count):
        step = 1 << place
        moved = Cat(negative.replicate(step), value)[:width]
        value = wire(m, f"normalized_by{step}", Mux(bit, moved, value))
    kept, half, rest = value[width - bits :], value[width - bits - 1], value[: width - bits - 1]
    # Whether what is below the half is more than nothing: of a negative number, less than a half.
    other = (rest ^ negative.replicate(len(rest))).any()
    up = Mux(negative, half | (~other & kept[0]), half & (other | kept[0]))
    rounded = wire(m, "rounded", kept + wire(m, "round_up", up))
    over = rounded[-1]
    top = rounded[bits - 1] | over
    significand = wire(m, "significand", Cat(rounded[: bits - 1], top))
    return Significand(significand, negative, count, over, nonzero)
