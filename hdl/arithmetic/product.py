"""The exact product of two raw numbers: nothing is rounded, nothing can overflow."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Value

from ..pipeline import wire
from .raw import Raw, either

__all__ = ["multiply"]


def multiply(
    m: Module,
    a: Raw,
    b: Raw,
    significand: Value,
    *,
    exponent: Value | None = None,
    negligible: int | None = None,
) -> Raw:
    """``a * b``, given the product of the significands, and the sum of the exponents if that is
    needed elsewhere too.

    Signs and exceptions as IEEE 754-2019, 6: infinity times zero is NaN. Of results below
    ``2**negligible`` only zero needs to be told from the rest, if that is given.
    """
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
        significand_max=((1 << len(a.significand)) - 1) * ((1 << len(b.significand)) - 1),
        slack=1 if normalized else None,
        negative=negative,
        nan=either(a.nan, b.nan, *invalid),
        infinite=either(a.infinite, b.infinite),
        zero=either(a.zero, b.zero),
        **_add_exponents(m, a, b, exponent, negligible),
    )


def _add_exponents(
    m: Module, a: Raw, b: Raw, exponent: Value | None, negligible: int | None
) -> dict[str, Any]:
    """The members of the product that have to do with its exponent."""
    offset = a.offset + b.offset
    if exponent is not None or a.exponent is None or b.exponent is None:
        if exponent is None:
            exponent = b.exponent if a.exponent is None else a.exponent
        return {
            "exponent": exponent,
            "offset": offset,
            "exponent_min": a.exponent_min + b.exponent_min,
            "exponent_max": a.exponent_max + b.exponent_max,
        }
    # The carry-in adds a one: among IEEE 754's biases what is left to add for the result's bias is
    # then a multiple of a power of two, and the lower bits of the sum are the result's.
    offset, most = offset - 1, a.exponent_max + b.exponent_max + 1
    least = a.exponent_min + b.exponent_min + 1
    unsigned_sum = _add_unsigned(m, a, b, offset, negligible)
    if unsigned_sum is None:
        exponent, tiny = wire(m, "exponent_sum", _add_and_one(a.exponent, b.exponent)), None
    else:
        (exponent, tiny), least = unsigned_sum, 0
    return {
        "exponent": exponent,
        "offset": offset,
        "exponent_min": least,
        "exponent_max": most,
        "negligible": tiny,
    }


def _add_and_one(a: Value, b: Value) -> Value:
    """``a + b + 1`` in one adder."""
    signed = a.shape().signed or b.shape().signed
    a, b = (
        Cat(Const(1, 1), x).as_signed() if x.shape().signed else Cat(Const(1, 1), x) for x in (a, b)
    )
    total = (a + b)[1:]
    return total.as_signed() if signed else total


def _add_unsigned(
    m: Module, a: Raw, b: Raw, offset: int, negligible: int | None
) -> tuple[Value, Value | None] | None:
    """The exponents' sum plus one where it is not negative, and where it may be; None if negative
    sums matter.

    Exponents are negative only for subnormal operands. Where one is, the sum modulo ``2**n`` is
    right and only the carry out of it is not: no sign is extended, none added.
    """
    assert a.exponent is not None
    assert b.exponent is not None
    exponents = (a.exponent, b.exponent)
    signs = [e[-1] for e in exponents if e.shape().signed]
    if negligible is None or not signs:
        return None
    bits = len(a.significand) + len(b.significand)
    if len(signs) == 2 and offset + 1 + bits > negligible:
        return None  # two subnormal operands make a number that matters
    # With one subnormal operand, the other's exponent is at least that of a normal number.
    least = min(
        one.exponent_min + max(other.exponent_min, 1 if other.subnormal is not None else 0) + 1
        for one, other in ((a, b), (b, a))
        if one.exponent is not None and one.exponent.shape().signed
    )
    if least < 0 and offset - 1 + bits > negligible:
        return None
    width = max(len(e) - e.shape().signed for e in exponents)
    low = [
        Cat(e, e[-1].replicate(width) if e.shape().signed else Const(0, width))[:width]
        for e in exponents
    ]
    total = wire(m, "exponent_chain", _add_and_one(*low))
    negative = Cat(signs).any()
    tiny: Value | None = None
    if len(signs) == 2:
        assert a.subnormal is not None
        assert b.subnormal is not None
        tiny = a.subnormal & b.subnormal
    if least < 0:
        tiny = either(tiny, negative & ~total[-1])
    exponent = wire(m, "exponent_sum", Cat(total[:-1], total[-1] & ~negative))
    return exponent, None if tiny is None else wire(m, "negligible", tiny)
