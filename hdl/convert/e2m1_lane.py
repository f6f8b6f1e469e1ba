"""The lane of a block quantizer for E2M1, by the exponent's distance to the scale.

With two significant bits there is nothing to shift: at each distance that matters the code, the bit
behind it and whether anything follows are a few of the number's own bits, and subnormal numbers
differ at one of the distances only. The one rounder gives the same codes with more gates.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.raw import Raw
from ..arithmetic.settle import round_away
from ..formats import FloatFormat, NegativeZero, Projection, Rounding, Specials
from ..pipeline import wire

__all__ = ["code_by_distance", "is_e2m1"]

_MODES = (Rounding.RNE, Rounding.RNA, Rounding.RTZ)


def is_e2m1(element: object, projection: Projection) -> bool:
    """Whether this lane can be used."""
    return (
        isinstance(element, FloatFormat)
        and (element.exponent_width, element.mantissa_width, element.bias) == (2, 1, 1)
        and element.signed
        and element.specials is Specials.NONE
        and projection.rounding in _MODES
        and not projection.ftz_out
        and projection.neg_zero is NegativeZero.KEEP
    )


def code_by_distance(m: Module, raw: Raw, scale: Value, projection: Projection, name: str) -> Value:
    """The code of a number ``h.abc... * 2**d`` with ``d`` at most 2, or at most 1 without ``h``.

    ``raw`` has its hidden bit ``h`` at the top, or not where it is subnormal. ``scale`` is such an
    exponent that ``raw``'s exceeds it by ``d + 2``: of the numbers that matter the difference is 0
    to 4, so that of its upper bits only the sign is made.
    """
    assert raw.exponent is not None
    assert raw.negative is not None
    significand = raw.significand
    missing = max(4 - len(significand), 0)
    significand = Cat(Const(0, missing), significand)
    h, a, b, c = (significand[len(significand) - 1 - n] for n in range(4))
    rest = significand[: len(significand) - 4].any()
    distance = wire(m, f"{name}_distance", raw.exponent - scale)
    alive = ~distance[-1] if raw.zero is None else ~(distance[-1] | raw.zero)
    low = distance[:3]
    at2 = low[2] & alive
    at1, at0, below1, below2 = (
        wire(m, f"{name}_at{place}", (low == place + 2) & alive) for place in (1, 0, -1, -2)
    )
    code = Cat(
        (at2 & a) | (at1 & Mux(h, a, b)) | (at0 & a) | (below1 & h),
        at2 | (at1 & ~h & a) | (at0 & h),
        at2 | (at1 & h),
    )
    guard = ((at2 | at0) & b) | (at1 & Mux(h, b, c)) | (below1 & a) | (below2 & h)
    # What follows the guard bit.
    tail = (at2 & (c | rest)) | (at1 & ((h & c) | rest)) | (at0 & (c | rest))
    tail = tail | (below1 & (b | c | rest)) | (below2 & (a | b | c | rest))
    up = round_away(projection, code[0], guard, tail, raw.negative, None, None)
    magnitude = code
    if up is not None:
        up = wire(m, f"{name}_up", up & ~code.all())
        magnitude = (code + up)[:3]
    magnitude = wire(m, f"{name}_magnitude", magnitude)
    return Cat(magnitude, raw.negative)
