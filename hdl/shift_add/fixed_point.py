"""Fixed point to fixed point: the roundings and overflows of high-level synthesis.

All of it works on two's complement as it is: no magnitude is made.
"""

from enum import StrEnum

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats import IntegerFormat
from ..pipeline import wire

__all__ = ["FixedOverflow", "FixedRounding", "to_fixed_point"]


class FixedRounding(StrEnum):
    """Which neighbour a number with too many fraction bits becomes."""

    #: Toward minus infinity: the bits are cut off (``AP_TRN``, which tools have for a default).
    FLOOR = "floor"
    #: Toward zero (``AP_TRN_ZERO``).
    ZERO = "zero"
    #: To nearest, ties toward plus infinity: the bit below the point is added (``AP_RND``).
    HALF_UP = "half_up"
    #: To nearest, ties to even (``AP_RND_CONV``).
    RNE = "rne"


class FixedOverflow(StrEnum):
    """What a number outside of the format becomes, after rounding."""

    #: Its lowest bits (``AP_WRAP``, which tools have for a default).
    WRAP = "wrap"
    #: The nearest number of the format (``AP_SAT``; in a narrow format, as ``int8n``,
    #: ``AP_SAT_SYM``).
    SAT = "sat"


def to_fixed_point(
    m: Module,
    value: Value,
    source: IntegerFormat,
    target: IntegerFormat,
    rounding: FixedRounding,
    overflow: FixedOverflow,
) -> Value:
    """``value``, of the format ``source``, as a code of ``target``."""
    value = value.as_signed() if source.signed else Cat(value, Const(0, 1)).as_signed()
    dropped = source.fraction - target.fraction
    if dropped <= 0:
        whole: Value = Cat(Const(0, -dropped), value).as_signed()
    else:
        # Beyond its sign, nothing is left of a number.
        value = Cat(value, value[-1].replicate(max(dropped + 1 - len(value), 0))).as_signed()
        whole, rest = value[dropped:].as_signed(), value[:dropped]
        up = _up(whole, rest, rounding)
        if up is not None:
            whole = wire(m, "rounded", whole + wire(m, "round_up", up))
    width = target.width
    missing = width + 1 - len(whole)
    whole = Cat(whole, whole[-1].replicate(max(missing, 0))).as_signed()
    if overflow is FixedOverflow.WRAP:
        return whole.as_unsigned()[:width]
    above = wire(m, "above", whole > target.max_integer)
    below = wire(m, "below", whole < target.min_integer)
    mask = (1 << width) - 1
    least, most = Const(target.min_integer & mask, width), Const(target.max_integer, width)
    return Mux(above, most, Mux(below, least, whole.as_unsigned()[:width]))


def _up(whole: Value, rest: Value, rounding: FixedRounding) -> Value | None:
    """Whether one is added to what is left of the cut."""
    match rounding:
        case FixedRounding.ZERO:
            return whole[-1] & rest.any()
        case FixedRounding.HALF_UP:
            return rest[-1]
        case FixedRounding.RNE:
            return rest[-1] & (whole[0] | rest[:-1].any())
        case _:
            return None
