"""Formats whose magnitudes can be compared as they are."""

from ..formats import FloatFormat, IntegerFormat, NumberFormat, Projection, Specials

__all__ = ["check_not_flushed", "check_ordered", "has_specials", "magnitude_format"]

_ORDERED = (Specials.IEEE, Specials.TOP_NAN, Specials.NONE)


def check_ordered(format: NumberFormat) -> None:
    """Refuse numbers whose magnitude bits are not in the order of their magnitudes.

    Raises:
        ValueError: naming the format.
    """
    if isinstance(format, FloatFormat) and (not format.zero or format.specials not in _ORDERED):
        raise ValueError(
            "The numbers must be integers, or floats with a zero whose infinities and NaN are "
            f"above all numbers (as fp16, e4m3fn, e2m1fn), not '{format}'"
        )


def magnitude_format(format: NumberFormat) -> NumberFormat:
    """The format of a largest magnitude: of floats their own, with the sign bit 0."""
    if isinstance(format, IntegerFormat):
        most = max(format.max_integer, -format.min_integer)
        return IntegerFormat.holding(0, most, format.lsb_exponent)
    return format


def check_not_flushed(projection: Projection) -> None:
    """Refuse to take subnormal numbers as zero.

    Raises:
        ValueError: if that is asked for.
    """
    if projection.ftz_in:
        raise ValueError("The policy ftz_in must be 'false', not 'true': subnormal numbers count")


def has_specials(format: NumberFormat) -> bool:
    """Whether there are infinities or NaN."""
    return isinstance(format, FloatFormat) and format.specials is not Specials.NONE
