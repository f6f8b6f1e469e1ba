"""Floating-point formats of any exponent and significand width, with or without specials.

One description covers IEEE 754 interchange formats, bfloat16, OCP OFP8 and MX elements and scales,
the FNUZ formats, and IEEE P3109 (interim report v4.0): they differ in the bias and in what the
outermost codes mean.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
from amaranth.hdl import Shape, unsigned

from .base import Decoded, NumberFormat, NumberView

__all__ = ["FloatFormat", "FloatView", "Specials", "default_bias"]


class Specials(StrEnum):
    """Which codes are NaN and infinities, and whether there is a negative zero."""

    #: All-ones exponent: infinity where the mantissa is 0, else NaN (IEEE 754, OCP E5M2).
    IEEE = "ieee"
    #: NaN where all magnitude bits are ones, no infinities (OCP E4M3, UE5M3, E8M0).
    TOP_NAN = "topnan"
    #: NaN in the place of negative zero, no infinities (FNUZ, P3109 signed finite).
    ZERO_NAN = "fnuz"
    #: NaN in the place of negative zero (unsigned: all ones), infinity below it (P3109 extended).
    EXTENDED = "ext"
    #: Every code is a number (OCP E3M2, E2M3, E2M1).
    NONE = "none"


# OCP MX v1.0, table 1: these element formats have no specials although "fn" ends their names.
_OCP_WITHOUT_SPECIALS = {(3, 2), (2, 3), (2, 1)}


def default_bias(exponent_width: int, specials: Specials) -> int:
    """IEEE 754's ``2**(E-1) - 1``; one more where the codes around negative zero are specials."""
    one_more = specials in (Specials.ZERO_NAN, Specials.EXTENDED)
    return (1 << (exponent_width - 1)) - (0 if one_more else 1)


@dataclass(frozen=True, repr=False)
class FloatFormat(NumberFormat):
    """A floating-point format: sign, exponent field ``e``, mantissa field ``m``, in that order.

    A code with ``e > 0`` means ``(2**M + m) * 2**(e - bias - M)``, one with ``e == 0`` means
    ``m * 2**(1 - bias - M)`` (zero and subnormals), unless ``zero`` is false: then a zero exponent
    field is like any other, and there is neither zero nor subnormal (E8M0).

    Raises
    ------
    ValueError
        If a field does not fit the others.
    """

    exponent_width: int
    mantissa_width: int
    bias: int
    signed: bool = True
    specials: Specials = Specials.IEEE
    zero: bool = True
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.exponent_width < 1:
            raise ValueError(f"The exponent width must be at least 1, not {self.exponent_width}")
        if self.mantissa_width < 0:
            raise ValueError(f"The mantissa width must be at least 0, not {self.mantissa_width}")
        if self.specials is Specials.ZERO_NAN and not self.signed:
            raise ValueError("NaN in the place of negative zero needs a signed format")
        if not self.zero and (
            self.signed or self.specials not in (Specials.TOP_NAN, Specials.NONE)
        ):
            raise ValueError("A format without zero must be unsigned, with one NaN or none")
        if self.max_magnitude < 1:
            raise ValueError("The format must hold a finite number other than 0")
        if not self.name:
            object.__setattr__(self, "name", self._spelled_out())

    def _spelled_out(self) -> str:
        """The name by the grammar of :mod:`bitwright.hdl.formats.names`."""
        e, m = self.exponent_width, self.mantissa_width
        specials = str(self.specials)
        if self.specials is (Specials.IEEE if self.signed else Specials.TOP_NAN):
            specials = ""
        elif self.specials is Specials.TOP_NAN and (e, m) not in _OCP_WITHOUT_SPECIALS:
            specials = "fn"
        return "".join(
            [
                "" if self.signed else "u",
                f"e{e}m{m}",
                "" if self.bias == default_bias(e, self.specials) else f"b{self.bias}",
                specials,
                "" if self.zero else "nozero",
            ]
        )

    # Sizes.

    @property
    def width(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.signed + self.exponent_width + self.mantissa_width

    @property
    def precision(self) -> int:
        """Significant bits of a normal number, the hidden one included."""
        return self.mantissa_width + 1

    @property
    def magnitude_mask(self) -> int:
        """All bits but the sign."""
        return (1 << (self.exponent_width + self.mantissa_width)) - 1

    @property
    def sign_mask(self) -> int:
        return self.magnitude_mask + 1 if self.signed else 0

    @property
    def lsb_exponent(self) -> int:
        """Exponent of the smallest positive number: the weight of every code's last bit unit."""
        return (1 if self.zero else 0) - self.bias - self.mantissa_width

    # Outermost codes.

    @property
    def max_magnitude(self) -> int:
        """Magnitude bits of the largest finite number."""
        top = self.magnitude_mask
        match self.specials:
            case Specials.IEEE:
                return (top >> self.mantissa_width << self.mantissa_width) - 1
            case Specials.TOP_NAN:
                return top - 1
            case Specials.EXTENDED:
                return top - 1 if self.signed else top - 2
            case _:
                return top

    @property
    def has_nan(self) -> bool:
        return self.nan_code is not None

    @property
    def has_infinity(self) -> bool:
        return self.infinity_magnitude is not None

    @property
    def has_negative_zero(self) -> bool:
        return self.signed and self.specials not in (Specials.ZERO_NAN, Specials.EXTENDED)

    @property
    def nan_code(self) -> int | None:
        """The NaN that units emit: quiet, positive, with an otherwise empty payload in IEEE
        formats; the only one elsewhere; None where the format has no NaN."""
        match self.specials:
            case Specials.IEEE:
                if self.mantissa_width == 0:
                    return None
                quiet = 1 << (self.mantissa_width - 1)
                return (self.max_magnitude + 1) | quiet
            case Specials.TOP_NAN:
                return self.magnitude_mask
            case Specials.ZERO_NAN:
                return self.sign_mask
            case Specials.EXTENDED:
                return self.sign_mask if self.signed else self.magnitude_mask
            case _:
                return None

    @property
    def infinity_magnitude(self) -> int | None:
        """Magnitude bits of infinity, or None."""
        if self.specials in (Specials.IEEE, Specials.EXTENDED):
            return self.max_magnitude + 1
        return None

    # Extreme values.

    def _integer(self, magnitude: int) -> int:
        """A finite magnitude in units of ``2**lsb_exponent``."""
        exponent, mantissa = divmod(magnitude, 1 << self.mantissa_width)
        if exponent == 0 and self.zero:
            return mantissa
        return ((1 << self.mantissa_width) + mantissa) << (exponent - (1 if self.zero else 0))

    @property
    def max_integer(self) -> int:
        return self._integer(self.max_magnitude)

    @property
    def min_integer(self) -> int:
        return -self.max_integer if self.signed else 0 if self.zero else 1 << self.mantissa_width

    @property
    def max_value(self) -> Fraction:
        return self.max_integer * Fraction(2) ** self.lsb_exponent

    @property
    def min_normal(self) -> Fraction:
        return Fraction(2) ** (self.lsb_exponent + self.mantissa_width)

    @property
    def max_exponent_field(self) -> int:
        """Exponent field of the largest finite number."""
        return self.max_magnitude >> self.mantissa_width

    # Codes and numbers.

    def decode(self, codes: Any) -> Decoded:
        codes = np.asarray(codes).astype(np.int64)
        magnitude = codes & self.magnitude_mask
        negative = (codes & self.sign_mask) != 0
        exponent = magnitude >> self.mantissa_width
        mantissa = magnitude & ((1 << self.mantissa_width) - 1)
        finite = magnitude <= self.max_magnitude
        infinite = magnitude == (-1 if self.infinity_magnitude is None else self.infinity_magnitude)
        nan = ~finite & ~infinite
        if self.specials in (Specials.ZERO_NAN, Specials.EXTENDED) and self.signed:
            nan = codes == self.sign_mask
            negative = negative & ~nan
        hidden = (exponent > 0) if self.zero else np.ones_like(negative)
        significand = np.where(hidden, mantissa + (1 << self.mantissa_width), mantissa)
        scale = np.maximum(exponent, 1 if self.zero else 0) - self.bias - self.mantissa_width
        return Decoded(nan, infinite, negative, np.where(finite & ~nan, significand, 0), scale)

    def encode(self, number: float | int | Fraction) -> int:
        code = self._exact_code(number)
        if code is None:
            raise ValueError(f"{self.name} must hold the number exactly; it has no {number!r}")
        return code

    def _exact_code(self, number: float | int | Fraction) -> int | None:
        if number != number:
            return self.nan_code
        negative = math.copysign(1, number) < 0 if isinstance(number, float) else number < 0
        if negative and not self.signed and number != 0:
            return None
        sign = self.sign_mask if negative else 0
        if number in (float("inf"), float("-inf")):
            top = self.infinity_magnitude
            return None if top is None else sign | top
        if number == 0:
            return (sign if self.has_negative_zero else 0) if self.zero else None
        scaled = abs(Fraction(number)) / Fraction(2) ** self.lsb_exponent
        if scaled.denominator != 1:
            return None
        integer = scaled.numerator
        shift = max(integer.bit_length() - self.precision, 0)
        if integer & ((1 << shift) - 1) or (
            not self.zero and integer.bit_length() < self.precision
        ):
            return None
        magnitude = (shift << self.mantissa_width) + (integer >> shift)
        magnitude -= 0 if self.zero else 1 << self.mantissa_width
        return None if magnitude > self.max_magnitude else sign | magnitude

    def as_shape(self) -> Shape:
        return unsigned(self.width)

    def __call__(self, target: Any) -> "FloatView":
        return FloatView(self, target)


class FloatView(NumberView):
    """A signal in a floating-point format, with its fields."""

    number_format: FloatFormat

    @property
    def mantissa(self) -> Any:
        return self.as_value()[: self.number_format.mantissa_width]

    @property
    def exponent(self) -> Any:
        """The biased exponent field."""
        fmt = self.number_format
        return self.as_value()[fmt.mantissa_width : fmt.mantissa_width + fmt.exponent_width]

    @property
    def magnitude(self) -> Any:
        """Exponent and mantissa fields together."""
        return self.as_value()[
            : self.number_format.mantissa_width + self.number_format.exponent_width
        ]

    @property
    def sign(self) -> Any:
        """The sign bit; of no width where the format is unsigned."""
        return self.as_value()[self.number_format.width - self.number_format.signed :]
