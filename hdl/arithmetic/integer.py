"""The rounder's way to integers: a raw number to units of a fixed-point format, clamped."""

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats import InfinityTo, IntegerFormat, NanTo, Projection
from ..pipeline import wire
from .integer_place import place_integer
from .raw import Raw
from .settle import round_away

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
    placed = place_integer(m, raw, target, projection)
    whole, overflow = placed.whole, placed.overflow
    up = round_away(
        projection,
        whole[0] if len(whole) else Const(0, 1),
        placed.fraction,
        placed.sticky,
        raw.negative,
        None,
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
