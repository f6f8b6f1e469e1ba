"""The rounder's way to integers: a raw number to units of a fixed-point format, clamped."""

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats import InfinityTo, IntegerFormat, NanTo, Projection
from ..pipeline import wire
from .place import fraction_bits, needs_sticky
from .raw import Raw
from .settle import round_away
from .shift import shift_left

__all__ = ["project_integer"]


def project_integer(
    m: Module, raw: Raw, target: IntegerFormat, projection: Projection, random: Value | None = None
) -> Value:
    """``raw`` rounded to units of ``target``, clamped to its range."""
    magnitude, overflow = _magnitude(m, raw, target, projection, random)
    return _clamp(m, raw, target, projection, magnitude, overflow)


def _magnitude(
    m: Module, raw: Raw, target: IntegerFormat, projection: Projection, random: Value | None
) -> tuple[Value, Value | None]:
    """The rounded magnitude, one bit wider than the target, and a bit that says it was cut."""
    width = len(raw.significand)
    fractions = fraction_bits(projection)
    offset = raw.offset - target.lsb_exponent
    low, high = raw.exponent_min + offset, raw.exponent_max + offset
    # Further down than this only the sticky bit is left; further up a nonzero number overflows.
    least = max(low, -(width + fractions)) if low < 0 else low
    most = min(high, target.width)
    significand = raw.significand
    overflow: Value | None = None
    if raw.zero is not None:
        significand = significand & (~raw.zero).replicate(width)
    if raw.exponent is None:
        shifted, point = significand, -low
    else:
        position = wire(m, "position", raw.exponent + (offset - least))
        amount_bits = max(most - least, 1).bit_length()
        amount = position[:amount_bits]
        if low < least:
            amount = amount & (~position[-1]).replicate(amount_bits)
            # Too small to shift so little: worth less than any bit looked at, but not nothing.
        if high > most:
            overflow = wire(
                m,
                "far_above",
                (position > most - least)
                & significand.any()
                & ~(position[-1] if position.shape().signed else Const(0, 1)),
            )
        frame = width + (1 << amount_bits) - 1
        shifted = shift_left(m, significand, amount, "frame", width=frame)
        point = -least
    if point <= 0:
        shifted, point = Cat(Const(0, -point), shifted), 0
    whole, part = shifted[point:], shifted[:point]
    count = min(fractions, point)
    fraction = part[point - count :] if count else None
    if fraction is not None and count < fractions:
        fraction = Cat(Const(0, fractions - count), fraction)
    below = part[: point - count]
    sticky = below.any() if len(below) and needs_sticky(projection) else None
    zero = None
    up = round_away(
        projection,
        whole[0] if len(whole) else Const(0, 1),
        fraction,
        sticky,
        raw.negative,
        zero,
        random,
    )
    rounded = wire(m, "rounded", whole if up is None else whole + up)
    kept = target.width + 1
    if len(rounded) > kept:
        lost = rounded[kept:].any()
        overflow = lost if overflow is None else overflow | lost
    return Cat(rounded, Const(0, max(kept - len(rounded), 0)))[:kept], overflow


def _clamp(
    m: Module,
    raw: Raw,
    target: IntegerFormat,
    projection: Projection,
    magnitude: Value,
    overflow: Value | None,
) -> Value:
    most, least = target.max_integer, -target.min_integer
    negative: Value = Const(0, 1) if raw.negative is None else raw.negative
    infinite: Value = Const(0, 1) if raw.infinite is None else raw.infinite
    invalid: Value = Const(0, 1) if raw.nan is None else raw.nan
    if projection.inf_to is InfinityTo.NAN:
        invalid = invalid | infinite
    too_large = infinite if overflow is None else overflow | infinite
    above = wire(m, "above", ~negative & (too_large | (magnitude > most)))
    below = wire(m, "below", negative & (too_large | (magnitude > least)))
    flipped = magnitude[: target.width] ^ negative.replicate(target.width)
    value = wire(m, "value", (flipped + negative)[: target.width])
    mask = (1 << target.width) - 1
    value = Mux(above, most, Mux(below, -least & mask, value))
    nan = 0 if projection.nan_to is NanTo.ZERO else most
    return wire(m, "result", Mux(invalid, nan, value)[: target.width])
