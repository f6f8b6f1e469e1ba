"""The rounder as one function, for whoever does not need its two halves in two steps."""

from amaranth.hdl import Module, Value

from ..formats import FloatFormat, IntegerFormat, NumberFormat, Projection
from .align import sign_and_magnitude
from .integer import project_integer
from .place import place
from .raw import Raw
from .settle import settle

__all__ = ["project", "signed_raw"]


def project(
    m: Module, raw: Raw, target: NumberFormat, projection: Projection, random: Value | None = None
) -> Value:
    """``raw`` rounded to a float or integer format; the code."""
    if isinstance(target, IntegerFormat):
        return project_integer(m, raw, target, projection, random)
    assert isinstance(target, FloatFormat)
    return settle(m, place(m, raw, target, projection), target, projection, random)


def signed_raw(
    m: Module, total: Value, format: IntegerFormat, name: str, *, nan: Value | None = None
) -> Raw:
    """A sum's bits in ``format`` as sign and magnitude."""
    number = total.as_signed() if format.signed else total.as_unsigned()
    negative, magnitude = sign_and_magnitude(m, number, name)
    return Raw(significand=magnitude, offset=format.lsb_exponent, negative=negative, nan=nan)
