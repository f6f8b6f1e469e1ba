"""How the numbers under a scale's root stand to each other, all of which is known beforehand."""

from math import isqrt

from ..formats import FloatFormat, NumberFormat

__all__ = ["RootLayout"]


class RootLayout:
    """Widths and places of dividend, divisor and root.

    The quotient is ``largest**2 * factor / (top**2 * sum)`` of the significands, its dividend twice
    that where the power of two is odd, its divisor ``2**up`` times that: then it is less than one.

    Parameters
    ----------
    a, largest
        Formats of the sum and of the largest magnitude.
    size, top
        As of the unit.
    kept
        Bits of the root that its rounding looks at, from its first one that is set.
    least
        Exponent of the least number that the result's format has with its full precision.

    Attributes
    ----------
    factor, power : int
        The odd part of ``size``; the exponent of its even part and of ``2**up``.
    up : int
        May be negative: then the dividend is shifted.
    divisor_bits, root_bits : int
        Widths.
    zeros : int
        How many of the first bits of the root can be zero.
    exponent_min, exponent_max : int
        Bounds of the result's exponent, of which the root is a fraction.
    ties : bool
        Whether a root can be exact with the last of the kept bits set: with ``r`` and ``s`` the odd
        parts of the root and of the sum, ``top**2 * r**2 * s`` is ``largest**2 * factor`` then but
        for powers of two, and ``r`` is longer than most of the largest magnitudes.
    """

    def __init__(
        self, a: FloatFormat, largest: NumberFormat, size: int, top: int, kept: int, least: int
    ):
        even = (size & -size).bit_length() - 1
        self.factor = size >> even
        floats = isinstance(largest, FloatFormat)
        precision = largest.precision if floats else largest.width
        low, high = (self.factor * n**2 for n in (1 << precision - 1, (1 << precision) - 1))
        high *= 2
        divisor_low = top**2 << a.mantissa_width
        divisor_high = top**2 * ((2 << a.mantissa_width) - 1)
        up = high.bit_length() - divisor_low.bit_length() - 1
        while (high << max(-up, 0)) >= (divisor_low << max(up, 0)):
            up += 1
        low, divisor_high = low << max(-up, 0), divisor_high << max(up, 0)
        self.up, self.power = up, even + up
        self.divisor_bits = divisor_high.bit_length()
        self.zeros = kept + 2 - isqrt((low << 2 * (kept + 2)) // divisor_high).bit_length()
        self.root_bits = kept + self.zeros
        powers = [self.power - exponent for exponent in _exponents(a, a.precision)]
        ends = _exponents(largest, precision)
        self.exponent_min, self.exponent_max = (
            ends[k] + (powers[1 - k] >> 1) for k in (0, 1)
        )
        shortest = (1 << kept - 1) + 1
        odd = (top // (top & -top) * shortest) ** 2
        subnormal = self.exponent_min - self.zeros < least
        self.ties = subnormal or odd <= self.factor * ((1 << precision) - 1) ** 2


def _exponents(format: NumberFormat, precision: int) -> tuple[int, int]:
    """The least and the largest exponent of a number with a normalised significand."""
    lsb = format.lsb_exponent + 1 - precision
    return lsb, lsb + format.max_integer.bit_length() - 1
