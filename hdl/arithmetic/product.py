"""The exact product of two raw numbers: nothing is rounded, nothing can overflow."""

from amaranth.hdl import Const, Module, Value

from ..pipeline import wire
from .raw import Raw

__all__ = ["multiply"]


def either(*bits: Value | None) -> Value | None:
    """The OR of those bits that can be set."""
    known = [bit for bit in bits if bit is not None]
    if not known:
        return None
    result = known[0]
    for bit in known[1:]:
        result = result | bit
    return result


def both(a: Value | None, b: Value | None) -> Value | None:
    """The AND of two bits; None where one is never set."""
    return None if a is None or b is None else a & b


def multiply(m: Module, a: Raw, b: Raw, significand: Value) -> Raw:
    """``a * b``, given the product of the significands.

    Signs, exponents and exceptions as IEEE 754-2019, 6: infinity times zero is NaN.
    """
    exponents = [x.exponent for x in (a, b) if x.exponent is not None]
    exponent = wire(m, "exponent_sum", sum(exponents, start=Const(0, 1))) if exponents else None
    negative = either(a.negative, b.negative)
    if a.negative is not None and b.negative is not None:
        negative = wire(m, "negative", a.negative ^ b.negative)

    def is_zero(x: Raw) -> Value:
        return ~x.significand.any() if x.zero is None else x.zero

    invalid = [
        other.infinite & is_zero(one)
        for one, other in ((a, b), (b, a))
        if other.infinite is not None and (one.zero is not None or one.slack is None)
    ]
    normalized = a.slack == 0 and b.slack == 0
    return Raw(
        significand=significand,
        exponent=exponent,
        offset=a.offset + b.offset,
        exponent_min=a.exponent_min + b.exponent_min,
        exponent_max=a.exponent_max + b.exponent_max,
        significand_max=((1 << len(a.significand)) - 1) * ((1 << len(b.significand)) - 1),
        slack=1 if normalized else None,
        negative=negative,
        nan=either(a.nan, b.nan, *invalid),
        infinite=either(a.infinite, b.infinite),
        zero=either(a.zero, b.zero),
    )
