"""What a group's table holds: which signed sums of its activations, in which format.

A table replaces the products of a group of activations with weights of a bit or a trit each. Every
entry is a sum of the activations with coefficients -1, 0 and 1.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from ..formats import FloatFormat, IntegerFormat, NumberFormat

__all__ = [
    "MOST_FIXED_BITS",
    "QUANTIZED",
    "Contents",
    "Semantics",
    "TableShape",
    "checked_shape",
]

#: Entries of a quantized table: -127 to 127, so that every entry's negative is one, too.
QUANTIZED = IntegerFormat(8, narrow=True)

#: Activations are summed in fixed point; formats that take more bits need another arithmetic.
MOST_FIXED_BITS = 64

_MOST_FRACTION = 48


class Semantics(StrEnum):
    """What becomes of the bits of floats."""

    #: All are kept, in fixed point.
    EXACT = "exact"
    #: They are cut below a row's largest exponent so far.
    ALIGNED = "aligned"


class Contents(StrEnum):
    """Which sums are in a table."""

    #: Sums of all activations with either sign, one of each pair of opposite sums.
    SIGNED = "signed"
    #: Sums of some of the activations, for every choice of some.
    SUBSET = "subset"
    #: Sums with coefficients -1, 0 and 1, one of each pair of opposite sums.
    TERNARY = "ternary"


@dataclass(frozen=True)
class TableShape:
    """The table of one group.

    Parameters
    ----------
    a
        Format of the activations.
    group
        Activations a table.
    contents
        Which sums it holds.
    quantized
        Whether entries are int8, in units of the largest magnitude over 127.
    aligned, fraction
        The floats that the activations are cut from, and the bits kept below the row's exponent;
        ``a`` is then the format of the integers that are left.
    """

    a: NumberFormat
    group: int
    contents: Contents
    quantized: bool = False
    aligned: FloatFormat | None = None
    fraction: int = 0

    @property
    def halved(self) -> bool:
        """Whether entries are stored without their last bit, which is the same in all of them.

        A sign changes a sum by twice an activation: all sums of one table are even, or all are odd.
        """
        return self.contents is Contents.SIGNED and not self.quantized

    @cached_property
    def coefficients(self) -> tuple[tuple[int, ...], ...]:
        """Those of every entry, first activation first.

        Entry c of a signed table has -1 where c has a 0 bit, and +1 for the last activation; entry
        e of a ternary one has the digits of e + 1 in balanced ternary, so that the last nonzero
        one is 1; entry s of a subset has the bits of s + 1. The sum of nothing is not stored.
        """
        group = range(self.group)
        match self.contents:
            case Contents.SIGNED:
                last = 1 << self.group - 1
                return tuple(
                    tuple(1 if (c | last) >> k & 1 else -1 for k in group) for c in range(last)
                )
            case Contents.SUBSET:
                return tuple(tuple(s >> k & 1 for k in group) for s in range(1, 1 << self.group))
            case Contents.TERNARY:
                half = (3**self.group - 1) // 2
                return tuple(
                    tuple((e + half) // 3**k % 3 - 1 for k in group) for e in range(1, half + 1)
                )

    @property
    def entries(self) -> int:
        return len(self.coefficients)

    def bounds(self, coefficients: tuple[int, ...]) -> tuple[int, int]:
        """Least and largest sum with these coefficients, in units of the format's step."""
        ends = [sorted((c * self.a.min_integer, c * self.a.max_integer)) for c in coefficients]
        return sum(low for low, _ in ends), sum(high for _, high in ends)

    @cached_property
    def entry_format(self) -> IntegerFormat:
        """The format of every entry, signed in any case."""
        if self.quantized:
            return QUANTIZED
        lows, highs = zip(*(self.bounds(c) for c in self.coefficients), strict=True)
        low, high, lsb = min(*lows, -1), max(highs), self.a.lsb_exponent
        if self.halved:
            low, high, lsb = low >> 1, high >> 1, lsb + 1
        return IntegerFormat.holding(low, high, lsb)

    @property
    def special(self) -> bool:
        """Whether an activation can be no finite number."""
        a = self.aligned or self.a
        return isinstance(a, FloatFormat) and (a.has_nan or a.has_infinity)

    @property
    def exponent_format(self) -> IntegerFormat:
        """The power of two that integers of an aligned row count."""
        assert self.aligned is not None
        low, high = int(self.aligned.zero), (1 << self.aligned.exponent_width) - 1
        return IntegerFormat.holding(low + self.exponent_offset, high + self.exponent_offset)

    @property
    def exponent_offset(self) -> int:
        """That power less the exponent field."""
        assert self.aligned is not None
        return -self.aligned.bias - self.fraction

    @property
    def scale_format(self) -> IntegerFormat:
        """The largest magnitude in a table, which is the sum of all magnitudes."""
        return IntegerFormat.holding(0, self.group * self._largest, self.a.lsb_exponent)

    def sum_format(self, groups: int) -> IntegerFormat:
        """The plain sum of all activations of some groups."""
        count = self.group * groups
        low, high = self.a.min_integer * count, self.a.max_integer * count
        return IntegerFormat.holding(min(low, -1), high, self.a.lsb_exponent)

    @property
    def largest_entry(self) -> int:
        """A bound of the magnitude that any entry stands for, in units of the activations' step,
        whatever its code; of a quantized one, in 127ths."""
        if self.quantized:
            return QUANTIZED.max_integer * self.scale_format.max_integer
        return -self.entry_format.min_integer << self.halved

    @property
    def _largest(self) -> int:
        return max(abs(self.a.min_integer), abs(self.a.max_integer))


def checked_shape(
    a: NumberFormat,
    group: int,
    contents: Contents,
    quantized: bool,
    semantics: Semantics,
    fraction: int,
) -> TableShape:
    """The table for a unit's parameters; a fraction of -1 keeps two bits more than the mantissa.

    Raises:
        ValueError: if the format is not one to sum, or to cut, or the others do not go together.
    """
    if semantics is Semantics.EXACT:
        if fraction != -1:
            raise ValueError(f"The semantics must be aligned with a fraction {fraction}")
        _check_fixed_point(a)
        return TableShape(a, group, contents, quantized)
    if not isinstance(a, FloatFormat) or not a.exponent_width:
        raise ValueError(f"With aligned tables the activations must be floats, not '{a}'")
    if quantized:
        raise ValueError("The semantics must be exact where entries are int8, not 'aligned'")
    fraction = a.mantissa_width + 2 if fraction == -1 else fraction
    if not 1 <= fraction <= _MOST_FRACTION:
        raise ValueError(
            f"The fraction must be from 1 to {_MOST_FRACTION} bits, or -1 for two more than the "
            f"mantissa's, not {fraction}"
        )
    width = fraction + 1 + a.signed
    integers = IntegerFormat(width, a.signed, narrow=a.signed)
    return TableShape(integers, group, contents, False, a, fraction)


def _check_fixed_point(a: NumberFormat) -> None:
    """Refuse formats that fixed point is no choice for."""
    bits = max(a.max_integer.bit_length(), (-a.min_integer).bit_length()) + a.signed
    if bits > MOST_FIXED_BITS:
        raise ValueError(
            f"The activations must take at most {MOST_FIXED_BITS} bits in fixed point, as fp16 "
            f"does, not {bits} as '{a}' does"
        )
