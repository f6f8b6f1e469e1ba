"""First half of the one rounder: bring a raw number's significand to the target's place.

The result is the truncated code and the discarded fraction. Exponent and mantissa field are one
integer, so that a carry out of the significand steps the exponent by itself, and a subnormal is a
code whose hidden bit never got in: neither needs logic of its own.
"""

from dataclasses import dataclass, replace

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats import FloatFormat, Projection, Rounding
from ..pipeline import wire
from .gradual_underflow import shift_down
from .raw import Raw, either
from .shift import leading_zeros, shift_left

__all__ = ["Placed", "negligible_exponent", "place"]


@dataclass(frozen=True)
class Placed:
    """A number truncated to the target's precision.

    Parameters
    ----------
    mantissa
        The significand's lower bits, as many as the target's mantissa field has.
    field
        The exponent field without what the significand adds to it; signed where results are flushed
        instead of becoming subnormal.
    field_mask
        Where the field counts, above its lowest bit, which has been masked: the upper bits need not
        wait for it. None where always.
    carry
        The significand's hidden bit, to be added to the field; None where ``field`` has it already.
    carry_excludes_overflow
        The mantissa is never all ones when ``carry`` is set.
    fraction, sticky
        The discarded bits that rounding looks at, and whether any below them is set; None where
        they cannot be set.
    field_max
        The largest value of field and carry together.
    negative, nan, infinite, zero
        As in :class:`Raw`. With ``zero_is_masked`` the code of a zero is zero already.
    """

    mantissa: Value
    field: Value
    field_max: int
    carry: Value | None = None
    carry_excludes_overflow: bool = False
    fraction: Value | None = None
    sticky: Value | None = None
    negative: Value | None = None
    nan: Value | None = None
    infinite: Value | None = None
    zero: Value | None = None
    zero_is_masked: bool = False
    field_mask: Value | None = None


def fraction_bits(projection: Projection) -> int:
    """How many discarded bits the rounding mode looks at, apart from the sticky bit."""
    match projection.rounding:
        case Rounding.RTZ:
            return 0
        case Rounding.SRA:
            return projection.random_bits
        case Rounding.SRB | Rounding.SRC:
            return projection.random_bits + 1
        case _:
            return 1


def needs_sticky(projection: Projection) -> bool:
    """Whether the mode tells an exact tie, or an exact number, from one a little above."""
    return projection.rounding not in (Rounding.RTZ, Rounding.RNA, Rounding.SRA, Rounding.SRB)


def negligible_exponent(target: FloatFormat, projection: Projection) -> int | None:
    """Numbers below two to this power are rounded alike, but for zero; None where there is none."""
    return target.lsb_exponent - fraction_bits(projection) if target.zero else None


def place(m: Module, raw: Raw, target: FloatFormat, projection: Projection) -> Placed:
    """Shift ``raw`` so that its last kept bit weighs one ulp of ``target``."""
    if raw.slack is None:
        raw = _within(m, raw, target)
    # Room for every bit that is kept: zeros below change nothing.
    missing = target.precision + (raw.slack or 0) - len(raw.significand)
    if missing > 0:
        raw = replace(
            raw,
            significand=Cat(Const(0, missing), raw.significand),
            offset=raw.offset - missing,
        )
    if raw.slack is None:
        return _place_fixed(m, raw, target, projection)
    return _place_float(m, raw, target, projection)


def _headroom(raw: Raw, target: FloatFormat) -> int:
    """The constant part of h, by how many places the significand's top bit may move up before the
    kept bits weigh less than the target's smallest ulp."""
    return raw.offset + len(raw.significand) - target.precision - target.lsb_exponent


def _cut(
    m: Module, significand: Value, target: FloatFormat, projection: Projection
) -> tuple[Value, Value | None, Value | None]:
    """Kept bits at the top, fraction bits below them, sticky of the rest."""
    width = len(significand)
    kept = significand[width - target.precision :]
    rest = significand[: width - target.precision]
    count = min(fraction_bits(projection), len(rest))
    fraction = rest[len(rest) - count :] if count else None
    below = rest[: len(rest) - count]
    sticky = below.any() if len(below) and needs_sticky(projection) else None
    if fraction is not None and count < fraction_bits(projection):
        fraction = Cat(Const(0, fraction_bits(projection) - count), fraction)
    return kept, fraction, sticky


def _place_fixed(m: Module, raw: Raw, target: FloatFormat, projection: Projection) -> Placed:
    """A significand at a fixed weight: count leading zeros, shift up, no further than subnormals.

    The limit costs nothing: a sentinel bit at the weight where subnormals begin stops the count.
    """
    significand = raw.significand
    headroom = _headroom(raw, target)
    if headroom < 0:  # always subnormal or below: more room at the top
        significand = Cat(significand, Const(0, -headroom))
        headroom = 0
    width = len(significand)
    limited = headroom < width and not projection.ftz_out
    counted = significand
    if limited:
        counted = significand | (1 << (width - 1 - headroom))
    counted = wire(m, "counted", counted[:width])
    count, nonzero = leading_zeros(counted)
    count = wire(
        m,
        "zeros_above",
        count[: max(min(headroom, width - 1).bit_length(), 1)] if limited else count,
    )
    if not limited and width > 1:
        # The top bit stays only where it is set; that of a zero leaves, too.
        significand = Cat(significand[: width - 1], Const(1, 1))
    normalized = shift_left(m, significand, count, "normalized", width=width)
    kept, fraction, sticky = _cut(m, normalized, target, projection)
    mantissa, hidden = kept[:-1], kept[-1]
    field_max = headroom + 1
    field = wire(m, "field", field_max - count)
    if not projection.ftz_out:
        field = field[: field_max.bit_length()] & hidden.replicate(field_max.bit_length())
    return Placed(
        mantissa,
        field,
        field_max,
        fraction=fraction,
        sticky=sticky,
        negative=raw.negative,
        nan=raw.nan,
        infinite=raw.infinite,
        zero=None if limited else ~nonzero,
    )


def _within(m: Module, raw: Raw, target: FloatFormat) -> Raw:
    """All bits beyond the target's range as one: a number with any of them is too large, however it
    is rounded, and none of them needs to be moved."""
    bits = raw.significand
    beyond = max(target.max_integer.bit_length() + target.lsb_exponent - raw.offset, 0)
    if len(bits) <= beyond + 1:
        return raw
    return replace(raw, significand=wire(m, "within", Cat(bits[:beyond], bits[beyond:].any())))


def _place_float(m: Module, raw: Raw, target: FloatFormat, projection: Projection) -> Placed:
    """A normalised significand with an exponent: shift down where the target is subnormal."""
    base = _headroom(raw, target)
    assert raw.exponent is not None
    assert raw.slack is not None
    low, high = raw.exponent_min + base, raw.exponent_max + base
    bits = max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0, 1)
    headroom = wire(m, "headroom", (raw.exponent + base)[: bits + 1].as_signed())
    top = raw.significand[-1]

    uncertain = raw.slack or raw.gradual

    if projection.ftz_out or low >= raw.slack or not target.zero:
        # No subnormal results, or none kept: only the uncertain top bit is put in its place.
        significand = raw.significand
        if raw.slack:
            significand = wire(m, "significand", Mux(top, significand, significand << 1))[:-1]
        kept, fraction, sticky = _cut(m, significand, target, projection)
        if uncertain:
            field, carry, field_max = headroom, top, high + 1
        else:
            field, carry, field_max = wire(m, "field", headroom + 1), None, high + 1
        if low >= raw.slack:
            field = field.as_unsigned()[: max(field_max, 1).bit_length()]
        return Placed(
            kept[:-1],
            field,
            field_max,
            carry,
            _carry_excludes(raw, target),
            fraction,
            sticky,
            raw.negative,
            raw.nan,
            raw.infinite,
            either(raw.zero, raw.negligible),
        )

    fractions = fraction_bits(projection)
    moved = shift_down(m, raw, headroom, low, target.precision + fractions)
    fraction, kept, normal = moved.window[:fractions], moved.window[fractions:], moved.normal
    sticky: Value | None = moved.sticky
    if not needs_sticky(projection):
        sticky = None
    elif projection.rounding in (Rounding.RU, Rounding.RD, Rounding.RTO):
        # In the other modes a sticky bit alone, without a fraction bit, rounds nothing.
        sticky = either(sticky, raw.negligible)
    field = Cat(headroom[0] & normal, headroom[1:])[: max(high, 1).bit_length()]
    return Placed(
        kept[:-1],
        wire(m, "field", field),
        max(high, 0) + 1,
        wire(m, "hidden", normal & top if uncertain else normal),
        _carry_excludes(raw, target),
        fraction if len(fraction) else None,
        sticky,
        raw.negative,
        raw.nan,
        raw.infinite,
        raw.zero,
        zero_is_masked=True,
        field_mask=normal,
    )


def _carry_excludes(raw: Raw, target: FloatFormat) -> bool:
    """Whether the largest significand, cut to precision, has a zero below its top bit."""
    if not raw.slack:
        return False
    largest = raw.significand_max
    if largest is None:
        largest = (1 << len(raw.significand)) - 1
    excess = len(raw.significand) - target.precision
    return largest >> excess < (1 << target.precision) - 1
