"""Decoding of codes to raw numbers: sign, exponent, significand, and what they cannot be.

As in Hauser's Berkeley HardFloat, every operation works on raw numbers and rounds them once at the
end. A raw number knows at generation time which exceptions cannot occur and how far its exponent
reaches, so that logic for what cannot happen is never made.
"""

from dataclasses import dataclass, replace
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats import FloatFormat, FloatView, IntegerFormat, NumberFormat, Specials
from ..pipeline import wire
from .shift import leading_zeros, shift_left

# Up to this mantissa width one AND-OR per position is smaller and faster than count and shifter.
_ONE_HOT_WIDTH = 4

__all__ = ["Raw", "decode", "decode_coarse", "decode_integer", "either", "read"]


@dataclass(frozen=True)
class Raw:
    """The number ``(-1)**negative * significand * 2**(exponent + offset)``.

    Parameters
    ----------
    significand
        Unsigned. With ``slack`` 0 its top bit is set, with ``slack`` 1 one of its two top bits is,
        unless ``zero``; with ``slack`` None nothing is known of it, and ``zero`` is None.
    gradual
        With ``slack`` 0: the top bit may be zero after all, in subnormal numbers and zero, whose
        exponent is the least. A float that they become has them subnormal too, or less. ``zero`` is
        None unless that float has no zero.
    exponent, offset
        A value, None where it is always 0, and a constant.
    exponent_min, exponent_max, significand_max
        Bounds of the values but for zero, where known to be tighter than the widths say.
    negative, nan, infinite, zero
        Bits; None where never set. If ``nan`` is set the rest means nothing, and if ``infinite``
        is, only ``negative`` does.
    subnormal
        Where a decoded operand is less than its format's smallest normal number.
    negligible
        Where a result is known to be too small for its exponent to matter, which then means
        nothing: only whether it is zero does.
    """

    significand: Value
    exponent: Value | None = None
    offset: int = 0
    exponent_min: int = 0
    exponent_max: int = 0
    significand_max: int | None = None
    slack: int | None = None
    gradual: bool = False
    negative: Value | None = None
    nan: Value | None = None
    infinite: Value | None = None
    zero: Value | None = None
    subnormal: Value | None = None
    negligible: Value | None = None


def either(*bits: Value | None) -> Value | None:
    """The OR of those bits that can be set."""
    known = [bit for bit in bits if bit is not None]
    if not known:
        return None
    result = known[0]
    for bit in known[1:]:
        result = result | bit
    return result


def read(m: Module, value: Any, format: NumberFormat, name: str, *, flush: bool = False) -> Raw:
    """A number as it stands, its subnormals not normalised."""
    if isinstance(format, IntegerFormat):
        return decode_integer(m, Value.cast(value), format, name)
    return decode(m, value, name, normalize=False, flush=flush)


def decode(m: Module, view: FloatView, name: str, *, normalize: bool, flush: bool = False) -> Raw:
    """A float's fields, specials found, hidden bit restored.

    ``normalize`` shifts subnormal significands up, with an exponent that goes below the format's
    own; else a subnormal keeps its weight and only the hidden bit tells it from a normal number.
    ``flush`` takes subnormals as zero.
    """
    fmt = view.number_format
    e, f = view.exponent, view.mantissa
    raw = Raw(
        significand=Cat(f, Const(1, 1)),
        exponent=e,
        offset=-fmt.bias - fmt.mantissa_width,
        exponent_min=0,
        exponent_max=fmt.max_exponent_field,
        slack=0,
        negative=view.sign if fmt.signed else None,
    )
    raw = replace(raw, **_specials(m, view, name))
    if not fmt.zero:
        return raw
    normal = wire(m, f"{name}_normal", e.any())
    if normalize and (flush or fmt.mantissa_width == 0):
        return replace(raw, exponent_min=1, zero=~normal)
    if not normalize:
        return replace(
            raw,
            significand=Cat(f & normal.replicate(len(f)) if flush else f, normal),
            exponent=wire(m, f"{name}_exponent", Cat(e[0] | ~normal, e[1:])),
            exponent_min=1,
            slack=None,
        )
    return _normalize(m, fmt, raw, e, f, normal, name)


def decode_coarse(m: Module, view: FloatView, name: str, places: int) -> Raw:
    """A float's fields, its subnormals left where they are, or one place up for ``places`` 1: all
    that a target without zero needs whose least number is by no more places below the smallest
    normal one, since whatever is below becomes that least number."""
    e, f = view.exponent, view.mantissa
    raw = decode(m, view, name, normalize=False)
    normal = raw.significand[-1]
    raw = replace(raw, slack=0, gradual=True, zero=wire(m, f"{name}_zero", ~normal & ~f.any()))
    if places < 1:
        return raw
    fraction = Mux(normal, f, Cat(Const(0, 1), f[:-1]))
    significand = Cat(fraction, normal | f[-1])
    return replace(raw, significand=significand, exponent=e, exponent_min=0)


def _normalize(
    m: Module, fmt: FloatFormat, raw: Raw, e: Value, f: Value, normal: Value, name: str
) -> Raw:
    """Subnormals: the leading one becomes the hidden bit, the exponent drops to 0, -1, -2 ...

    The exponent field of a normal number and the count of a subnormal are never both nonzero, so
    they are merged by gates: no adder stands in the way of the exponent sum.
    """
    width = fmt.mantissa_width
    exponent_bits = max(len(e), (width - 1).bit_length()) + 1
    # With k leading zeros in the mantissa, k + 1 shifts bring its leading one to the hidden bit.
    if width <= _ONE_HOT_WIDTH:
        # A zero counts as the smallest subnormal: its fraction and exponent mean nothing.
        leading = [
            wire(
                m,
                f"{name}_subnormal{k}",
                ~normal & (f[width - 1 - k] | (k == width - 1)) & ~f[width - k :].any(),
            )
            for k in range(width)
        ]
        fraction: Value = f & normal.replicate(width)
        for k, here in enumerate(leading[:-1]):
            fraction = fraction | (Cat(Const(0, k + 1), f)[:width] & here.replicate(width))
        below: Value = Cat(
            Cat(here for k, here in enumerate(leading) if -k >> bit & 1).any()
            for bit in range((width - 1).bit_length())
        )
        negative = ~normal & ~f[-1] if width > 1 else Const(0, 1)
        nonzero: Value = f.any()
    else:
        count, nonzero = leading_zeros(f)
        count = wire(m, f"{name}_zeros", count & (~normal).replicate(len(count)))
        up = Cat(Const(0, 1), shift_left(m, f, count, f"{name}_up", width=width)[:-1])
        fraction = Mux(normal, f, up)
        below = wire(m, f"{name}_below", -count)[: len(count)]
        negative = count.any()
    # -k in two's complement, k = 0 for a normal number.
    low = Cat(below, negative.replicate(exponent_bits - len(below)))
    merged = Cat(e, Const(0, exponent_bits - len(e))) | low
    return replace(
        raw,
        significand=Cat(wire(m, f"{name}_fraction", fraction), Const(1, 1)),
        exponent=wire(m, f"{name}_exponent", merged.as_signed()),
        exponent_min=1 - width,
        zero=wire(m, f"{name}_zero", ~normal & ~nonzero),
        subnormal=~normal,
    )


def _specials(m: Module, view: FloatView, name: str) -> dict[str, Value | None]:
    """The bits that say NaN and infinity; those that cannot be set are left out."""
    fmt = view.number_format
    found: dict[str, Value | None] = {}
    match fmt.specials:
        case Specials.IEEE:
            top = wire(m, f"{name}_top", view.exponent.all())
            found["infinite"] = wire(m, f"{name}_infinite", top & ~view.mantissa.any())
            if fmt.mantissa_width:
                found["nan"] = wire(m, f"{name}_nan", top & view.mantissa.any())
        case Specials.TOP_NAN:
            found["nan"] = wire(m, f"{name}_nan", view.magnitude.all())
        case Specials.NONE:
            pass
        case _:
            nan_code, infinity = fmt.nan_code, fmt.infinity_magnitude
            found["nan"] = wire(m, f"{name}_nan", view.as_value() == nan_code)
            if infinity is not None:
                found["infinite"] = wire(m, f"{name}_infinite", view.magnitude == infinity)
    return found


def decode_integer(m: Module, value: Value, fmt: IntegerFormat, name: str) -> Raw:
    """Sign and magnitude of an integer, in units of the format."""
    if not fmt.signed:
        return Raw(significand=value, offset=fmt.lsb_exponent)
    negative = value[-1]
    width = max(fmt.max_integer, -fmt.min_integer).bit_length()
    flipped = value.as_unsigned()[:width] ^ negative.replicate(width)
    magnitude = wire(m, f"{name}_magnitude", (flipped + negative)[:width])
    return Raw(significand=magnitude, offset=fmt.lsb_exponent, negative=negative)
