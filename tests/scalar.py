"""The definitions of formats and of projection, one number at a time, in fractions.

Slow and literal, to judge the package by: nothing of it is used here but the names of choices.
Sources: IEEE P3109 interim report v4.0 (decode, RoundToPrecision, Saturate, Encode), IEEE 754-2019,
OCP OFP8 and MX v1.0.

A number is a Fraction, or one of the texts "nan", "inf", "-inf" and "-0".
"""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from math import floor
from typing import Any

__all__ = ["Layout", "project", "project_integer", "two_to"]

Number = Fraction | str


def two_to(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


@dataclass(frozen=True)
class Layout:
    """A floating-point format: field widths, bias, and which codes are special."""

    e: int
    m: int
    bias: int
    policy: str = "ieee"
    signed: bool = True
    zero: bool = True

    @staticmethod
    @cache  # one object a format, with its tables
    def of(format: Any) -> "Layout":
        return Layout(
            format.exponent_width,
            format.mantissa_width,
            format.bias,
            str(format.specials),
            format.signed,
            format.zero,
        )

    @property
    def bits(self) -> int:
        return self.signed + self.e + self.m

    def magnitude(self, code: int) -> Fraction:
        """The number of a code without sign and specials; codes may go on beyond the width."""
        field, mantissa = divmod(code, 1 << self.m)
        if field == 0 and self.zero:
            return mantissa * two_to(1 - self.bias - self.m)
        return ((1 << self.m) + mantissa) * two_to(field - self.bias - self.m)

    def decode(self, code: int) -> Number:
        negative, magnitude = divmod(code, 1 << (self.e + self.m))
        top = (1 << (self.e + self.m)) - 1
        at_minus_zero = self.signed and negative and magnitude == 0
        kinds: dict[int, str] = {}  # of magnitudes
        if self.policy == "ieee" and magnitude >> self.m == (1 << self.e) - 1:
            kinds = {magnitude: "nan" if magnitude % (1 << self.m) else "inf"}
        elif self.policy == "topnan":
            kinds = {top: "nan"}
        elif self.policy in ("fnuz", "ext") and at_minus_zero:
            kinds = {0: "nan"}
        elif self.policy == "ext":
            kinds = {top: "inf"} if self.signed else {top: "nan", top - 1: "inf"}
        kind = kinds.get(magnitude)
        if kind == "inf":
            return "-inf" if negative else "inf"
        if kind == "nan":
            return "nan"
        if negative and magnitude == 0 and self.zero:
            return "-0"
        value = self.magnitude(magnitude)
        return -value if negative else value

    @cached_property
    def meanings(self) -> list[Number]:
        """Of every code."""
        return [self.decode(code) for code in range(1 << self.bits)]

    @cached_property
    def top(self) -> int:
        """The code of the largest finite number."""
        code = (1 << (self.e + self.m)) - 1
        while not isinstance(self.decode(code), Fraction):
            code -= 1
        return code

    @cached_property
    def grid(self) -> list[Fraction]:
        """Magnitudes in the order of their codes, for two exponents beyond the largest number."""
        return [self.magnitude(code) for code in range(self.top + (2 << self.m) + 1)]

    @property
    def infinity(self) -> int | None:
        return self.top + 1 if self.policy in ("ieee", "ext") else None

    @property
    def nan(self) -> int | None:
        """The NaN that operations give: of several, the quiet one with an empty payload."""
        if self.policy == "ieee":
            return self.top + 1 + (1 << (self.m - 1)) if self.m else None
        if self.policy == "none":
            return None
        below_zero = self.policy == "fnuz" or (self.policy == "ext" and self.signed)
        return 1 << (self.bits - 1) if below_zero else (1 << (self.e + self.m)) - 1

    @property
    def negative_zero(self) -> bool:
        return self.signed and self.policy not in ("fnuz", "ext")


def _away(mode: str, nu: Fraction, odd: bool, negative: bool, bits: int, random: int) -> bool:
    """P3109's RoundAway for a discarded fraction ``nu`` of an ulp."""
    half, one = Fraction(1, 2), 1 << bits
    if nu == 0:
        return False
    return {
        "rne": lambda: nu > half or (nu == half and odd),
        "rna": lambda: nu >= half,
        "rtz": lambda: False,
        "ru": lambda: not negative,
        "rd": lambda: negative,
        "rto": lambda: not odd,
        "sra": lambda: floor(nu * one) + random >= one,
        "srb": lambda: floor(nu * 2 * one) + 2 * random + 1 >= 2 * one,
        "src": lambda: round(nu * one) + random >= one,  # Python rounds ties to even
    }[mode]()


def _to_precision(x: Fraction, layout: Layout, p: Any, negative: bool, random: int) -> int:
    """The code of the magnitude after rounding, as if exponents had no upper end."""
    grid = layout.grid
    if x < grid[0]:
        return 0
    if x >= grid[-1]:
        return layout.top + 1
    low = bisect_right(grid, x) - 1
    nu = (x - grid[low]) / (grid[low + 1] - grid[low])
    return low + _away(p.rounding, nu, low % 2 == 1, negative, p.random_bits, random)


@cache
def _least_normal(layout: Layout) -> Fraction:
    return layout.magnitude(1 << layout.m)


def _rounded(x: Fraction, layout: Layout, p: Any, negative: bool, random: int) -> int:
    least = _least_normal(layout)
    if not (p.ftz_out and layout.zero and 0 < x < least):
        return _to_precision(x, layout, p, negative, random)
    # Rounded with an exponent that has no lower end; an even scale keeps the parity of codes.
    scale = 1
    while x * scale < least:
        scale *= 4
    rounded = layout.grid[_to_precision(x * scale, layout, p, negative, random)] / scale
    return 1 << layout.m if rounded >= least else 0


def _overflowed(layout: Layout, p: Any, negative: bool) -> int | None:
    """The magnitude of a number that is too large; None is NaN."""
    toward_zero = p.rounding == "rtz" or p.rounding == ("ru" if negative else "rd")
    if p.overflow in ("sat", "p3109_satpropagate") or toward_zero:
        return layout.top
    if p.overflow == "p3109_satnone":
        no_infinity = layout.infinity is None or (p.rounding == "rto" and not layout.signed)
        return layout.top if no_infinity else layout.infinity
    if layout.infinity is not None:
        return layout.infinity
    return layout.top if layout.nan is None else None


def _infinite(layout: Layout, p: Any) -> int | None:
    """The magnitude of an infinite operand; None is NaN."""
    if p.inf_to == "nan":
        return None
    if p.inf_to == "max" or (p.inf_to == "overflow" and p.overflow == "sat"):
        return layout.top
    if layout.infinity is not None:
        return layout.infinity
    to_nan = p.inf_to == "overflow" and p.overflow == "inf_or_nan" and layout.nan is not None
    return None if to_nan else layout.top


def _nan(layout: Layout, p: Any) -> int:
    if p.nan_to == "zero":
        return 0
    return layout.top if p.nan_to == "max" or layout.nan is None else layout.nan


def _below_zero(layout: Layout, p: Any) -> int:
    """A negative number in an unsigned format."""
    saturates = p.overflow in ("sat", "p3109_satpropagate") or p.rounding in ("rtz", "ru")
    if layout.nan is None or (layout.zero and saturates):
        return 0
    return _nan(layout, p)


def project(x: Number, layout: Layout, p: Any, random: int = 0) -> int:
    """The code that ``x`` becomes under the choices ``p``, a ``Projection``."""
    if x == "nan":
        return _nan(layout, p)
    negative = x in ("-inf", "-0") or (isinstance(x, Fraction) and x < 0)
    if x in ("inf", "-inf"):
        code = _infinite(layout, p)
    elif x in ("-0", 0):
        if not layout.zero:
            return 0 if layout.nan is None else _nan(layout, p)
        code = 0
    else:
        code = _rounded(abs(x), layout, p, negative, random)
        if code > layout.top:
            code = _overflowed(layout, p, negative)
    if negative and not layout.signed and code != 0 and not (code is None and x == "-inf"):
        return _below_zero(layout, p)
    if negative and not layout.signed and not layout.zero:
        return _below_zero(layout, p)
    if code is None:
        return _nan(layout, p)
    if negative and (code or (layout.negative_zero and p.neg_zero == "keep")):
        code |= (1 << (layout.bits - 1)) if layout.signed else 0
    return code


def project_integer(x: Number, format: Any, p: Any, random: int = 0) -> int:
    """The code in an integer format: rounded to its unit, clamped, in two's complement."""
    least = -(1 << (format.width - 1)) + format.narrow if format.signed else 0
    most = (1 << (format.width - format.signed)) - 1
    infinite = x in ("inf", "-inf")
    if x == "nan" or (infinite and p.inf_to == "nan"):
        value = 0 if p.nan_to == "zero" else most
    elif infinite:
        value = most if x == "inf" else least
    else:
        exact = (Fraction(0) if isinstance(x, str) else x) * two_to(format.fraction)
        whole = floor(abs(exact))
        nu = abs(exact) - whole
        whole += _away(p.rounding, nu, whole % 2 == 1, exact < 0, p.random_bits, random)
        value = min(max(whole if exact > 0 else -whole, least), most)
    return value % (1 << format.width)
