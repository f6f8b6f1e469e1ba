"""What every number format is: a meaning for each bit pattern, and an Amaranth shape."""

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from amaranth.hdl import Const, Format, Shape, ShapeCastable, Value, ValueCastable

__all__ = ["Decoded", "NumberFormat", "NumberValue", "NumberView", "product_range"]

# One text per code is handed to the waveform writer; beyond this width the table costs too much.
_NAMED_CODES_WIDTH = 8


@dataclass(frozen=True)
class Decoded:
    """Arrays that say exactly what codes mean: ``(-1)**negative * significand * 2**exponent``.

    Where ``nan`` or ``infinite`` holds, ``significand`` is 0. A negative zero has ``negative`` set.
    """

    nan: np.ndarray
    infinite: np.ndarray
    negative: np.ndarray
    significand: np.ndarray
    exponent: np.ndarray


class NumberFormat(ShapeCastable):
    """A finite set of numbers and their codes.

    Subclasses are frozen and hashable; two formats are equal if every code means the same.

    Attributes
    ----------
    name : str
        Canonical name; :func:`parse_format` gives this format back for it.
    width : int
        Bits of a code.
    signed : bool
        Whether negative numbers exist.
    lsb_exponent : int
        Every finite number is an integer times ``2**lsb_exponent``.
    max_integer, min_integer : int
        Largest and smallest of these integers.
    """

    name: str
    width: int
    signed: bool

    @property
    @abstractmethod
    def lsb_exponent(self) -> int: ...

    @property
    @abstractmethod
    def max_integer(self) -> int: ...

    @property
    @abstractmethod
    def min_integer(self) -> int: ...

    @abstractmethod
    def decode(self, codes: Any) -> Decoded:
        """The exact meaning of an array of codes."""

    def to_float(self, codes: Any) -> np.ndarray:
        """The numbers as float64, which holds each of them exactly (all formats have at most 53
        significant bits and exponents within binary64's)."""
        d = self.decode(codes)
        magnitude = np.ldexp(d.significand.astype(np.float64), d.exponent.astype(np.int64))
        magnitude = np.where(d.infinite, np.inf, np.where(d.nan, np.nan, magnitude))
        return np.where(d.negative, -magnitude, magnitude)

    def to_fraction(self, code: int) -> Fraction:
        """The finite number that one code stands for.

        Raises:
            ValueError: if the code is a NaN or an infinity.
        """
        d = self.decode(np.array([code]))
        if d.nan[0] or d.infinite[0]:
            raise ValueError(f"Code {code:#x} of {self.name} must be finite, not {self.text(code)}")
        magnitude = Fraction(int(d.significand[0])) * Fraction(2) ** int(d.exponent[0])
        return -magnitude if d.negative[0] else magnitude

    def text(self, code: int) -> str:
        """One code as a person reads it: ``-2.5``, ``inf``, ``nan``, ``-0``."""
        return f"{float(self.to_float(np.array([code]))[0]):.9g}"

    @abstractmethod
    def encode(self, number: float | int | Fraction) -> int:
        """The code of a number that the format holds exactly; nothing is rounded here.

        Raises:
            ValueError: if the format does not hold the number.
        """

    # Amaranth's protocol of a shape.

    @abstractmethod
    def as_shape(self) -> Shape: ...

    def __call__(self, target: Any) -> "NumberView":
        return NumberView(self, target)

    def const(self, init: Any) -> Any:
        if init is None:
            code = 0
        elif isinstance(init, NumberValue):
            if init.format != self:
                raise TypeError(f"A constant of {self.name} must not be a {init.format.name} value")
            code = init.code
        else:
            code = self.encode(init)
        return self(Const(code, self.as_shape()))

    def from_bits(self, raw: int) -> "NumberValue":
        return NumberValue(self, raw)

    def format(self, obj: Any, spec: str) -> Any:
        value = Value.cast(obj)
        if spec or self.width > _NAMED_CODES_WIDTH:
            return Format(f"{{:{spec or 'x'}}}", value)
        names = {code: self.text(code) for code in range(1 << self.width)}
        return Format.Enum(value.as_unsigned(), names, name=self.name)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<format {self.name}>"


def product_range(a: NumberFormat, b: NumberFormat) -> tuple[int, int]:
    """Least and largest product of finite numbers, in units of both formats' steps multiplied."""
    corners = [
        x * y for x in (a.min_integer, a.max_integer) for y in (b.min_integer, b.max_integer)
    ]
    return min(corners), max(corners)


class NumberValue:
    """One code of a format, as a simulation reads it from a signal."""

    def __init__(self, format: NumberFormat, code: int):
        self.format = format
        self.code = code & ((1 << format.width) - 1)

    def __float__(self) -> float:
        return float(self.format.to_float(np.array([self.code]))[0])

    def __eq__(self, other: object) -> bool:
        """Equal codes of equal formats: bits, so that NaN equals itself and -0 is not +0."""
        if not isinstance(other, NumberValue):
            return NotImplemented
        return self.format == other.format and self.code == other.code

    def __hash__(self) -> int:
        return hash((self.format, self.code))

    def __repr__(self) -> str:
        return f"{self.format.name}({self.format.text(self.code)}, {self.code:#x})"


class NumberView(ValueCastable):
    """A signal that knows its number format.

    There are no arithmetic operators: one would hide rounding, area and latency. Name a unit.
    """

    def __init__(self, format: NumberFormat, target: Any):
        target = Value.cast(target)
        if len(target) != format.width:
            raise ValueError(
                f"A {format.name} signal must be {format.width} bits, not {len(target)}"
            )
        self.number_format = format
        # A slice of a structure has lost its sign; the format knows.
        # A constant must stay one, so the sign is read in only where it is not there yet.
        as_signed = format.as_shape().signed and not target.shape().signed
        self._target = target.as_signed() if as_signed else target

    def shape(self) -> NumberFormat:
        return self.number_format

    def as_value(self) -> Value:
        return self._target

    def eq(self, other: Any) -> Any:
        """Assign another signal of the same format, or a number that the format holds.

        Raises:
            TypeError: if the other signal has another format.
        """
        if isinstance(other, NumberView):
            if other.number_format != self.number_format:
                raise TypeError(
                    f"A {self.number_format} signal must be assigned a {self.number_format}, "
                    f"not a {other.number_format}; put a converter between them"
                )
        elif not isinstance(other, Value | ValueCastable):
            other = self.number_format.const(other)
        return self._target.eq(Value.cast(other))

    def __repr__(self) -> str:
        return f"({self.number_format.name} {self._target!r})"
