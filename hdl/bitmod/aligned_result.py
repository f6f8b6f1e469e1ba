"""What follows an aligned sum: a number to be rounded, or fixed point."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Module, Value

from ..arithmetic.align import shift_signed
from ..arithmetic.raw import Raw
from ..arithmetic.significands import negated_if
from ..dot.add_raw import normalized
from ..formats import FloatFormat, IntegerFormat, NumberFormat
from ..pipeline import wire
from .aligned_format import AlignedFormat

__all__ = ["numbered", "unpacked"]


def numbered(
    f: AlignedFormat, o: NumberFormat, m: Module, values: dict[str, Any]
) -> dict[str, Any]:
    """A scaled significand with its exponent as a raw number."""
    kept, significand = _split(values)
    raw = Raw(
        significand=significand,
        exponent=values["exponent"],
        offset=f.offset,
        exponent_min=f.least,
        exponent_max=f.most,
    )
    if isinstance(o, FloatFormat) and len(significand) > f.bits:
        raw = normalized(m, raw, "scaled")
    else:
        # Without a scale it is normalised already, and integers are only shifted.
        raw = replace(raw, slack=0, zero=~significand.any())
    assert raw.zero is not None
    negative = wire(m, "scaled_negative", values["negative"] & ~raw.zero)
    return {**kept, "number": replace(raw, negative=negative)}


def unpacked(
    f: AlignedFormat, fixed: IntegerFormat, m: Module, values: dict[str, Any]
) -> dict[str, Any]:
    """A scaled significand, moved to the place that its exponent gives it."""
    kept, significand = _split(values)
    signed = negated_if(m, significand, values["negative"], "scaled")
    places = (f.most - f.least).bit_length()
    shift = Value.cast(values["exponent"] - f.least).as_unsigned()
    shift = wire(m, "scaled_shift", shift[:places])
    # A sum is a multiple of the unit: what stands below it is zero.
    below = f.bits - 1
    frame = shift_signed(m, signed, shift, "unpacked", width=fixed.width + below)
    return {**kept, "total": frame[below:]}


def _split(values: dict[str, Any]) -> tuple[dict[str, Any], Value]:
    used = ("total", "negative", "exponent")
    kept = {name: value for name, value in values.items() if name not in used}
    return kept, Value.cast(values["total"])
