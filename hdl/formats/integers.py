"""Integers and fixed-point numbers: two's complement or unsigned, at any binary point."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from amaranth.hdl import Shape

from .base import Decoded, NumberFormat

__all__ = ["IntegerFormat"]

MAX_WIDTH = 1024


@dataclass(frozen=True, repr=False)
class IntegerFormat(NumberFormat):
    """``width`` bits in units of ``2**-fraction``.

    ``narrow`` leaves out the most negative code (symmetric range, as quantizers of weights use it);
    that code then must not occur, and units are sized accordingly.

    Raises
    ------
    ValueError
        If the width is not from 1 to 1024, or a narrow range is asked of an unsigned format.
    """

    width: int
    signed: bool = True
    fraction: int = 0
    narrow: bool = False
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_WIDTH:
            raise ValueError(f"The integer width must be from 1 to {MAX_WIDTH}, not {self.width}")
        if self.narrow and (not self.signed or self.width < 2):
            raise ValueError("A narrow range needs a signed format of at least 2 bits")
        if not self.name:
            prefix = "" if self.signed else "u"
            fraction = f"f{self.fraction}" if self.fraction else ""
            narrow = "n" if self.narrow else ""
            object.__setattr__(self, "name", f"{prefix}int{self.width}{fraction}{narrow}")

    @classmethod
    def holding(cls, low: int, high: int, lsb_exponent: int = 0) -> "IntegerFormat":
        """The smallest format with all integers from ``low`` to ``high`` in units of
        ``2**lsb_exponent``; unsigned if none is negative."""
        signed = low < 0
        bits = max(high, 0).bit_length(), (-low - 1).bit_length() if signed else 0
        return cls(max(max(bits) + signed, 1), signed, -lsb_exponent)

    @property
    def lsb_exponent(self) -> int:
        return -self.fraction

    @property
    def max_integer(self) -> int:
        return (1 << (self.width - self.signed)) - 1

    @property
    def min_integer(self) -> int:
        return (self.narrow - (1 << (self.width - 1))) if self.signed else 0

    def integers(self, codes: Any) -> np.ndarray:
        """Codes as signed integers in units of ``2**-fraction``; Python integers beyond 63 bits."""
        codes = np.asarray(codes)
        codes = codes.astype(object if self.width > 62 else np.int64) & ((1 << self.width) - 1)
        if not self.signed:
            return codes
        half = 1 << (self.width - 1)
        return (codes ^ half) - half

    def decode(self, codes: Any) -> Decoded:
        values = self.integers(codes)
        none = np.zeros(values.shape, bool)
        negative = np.asarray(values < 0, bool)
        return Decoded(none, none, negative, abs(values), np.full(values.shape, -self.fraction))

    def encode(self, number: float | int | Fraction) -> int:
        if number == number and abs(number) != float("inf"):
            scaled = Fraction(number) * Fraction(2) ** self.fraction
            if scaled.denominator == 1 and self.min_integer <= scaled <= self.max_integer:
                return scaled.numerator & ((1 << self.width) - 1)
        raise ValueError(f"{self.name} must hold the number exactly; it has no {number!r}")

    def as_shape(self) -> Shape:
        return Shape(self.width, self.signed)
