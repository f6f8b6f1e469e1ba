"""Ranges of integers less their zero points, and of sums of their products."""

from typing import Any

from ..formats import IntegerFormat

__all__ = ["factor_formats", "sum_format", "sum_range"]


def factor_formats(parameters: Any) -> tuple[IntegerFormat, IntegerFormat]:
    """Formats of ``a - a_zero`` and ``b - b_zero``, of an affine dot product's parameters."""
    p = parameters
    return _corrected(p.a, p.zero_a), _corrected(p.b, p.zero_b)


def _corrected(format: IntegerFormat, zero: bool) -> IntegerFormat:
    if not zero:
        return format
    span = format.max_integer - format.min_integer
    return IntegerFormat.holding(-span, span, format.lsb_exponent)


def sum_format(parameters: Any, *, scaled: bool = True, beats: int | None = None) -> IntegerFormat:
    """The smallest format that holds every sum of an affine dot product.

    Args:
        scaled: whether the integer scale is in it.
        beats: how many; by default as many as a sum takes at most.
    """
    p = parameters
    low, high = sum_range(p, scaled=scaled, beats=p.beats if beats is None else beats)
    return IntegerFormat.holding(low, high, p.a.lsb_exponent + p.b.lsb_exponent)


def sum_range(parameters: Any, *, scaled: bool = True, beats: int = 1) -> tuple[int, int]:
    """The least sum of so many beats and the greatest, in units of its last place; 0 between."""
    p = parameters
    ends = []
    for format, zero in ((p.a, p.zero_a), (p.b, p.zero_b)):
        span = format.max_integer - format.min_integer
        ends.append((-span, span) if zero else (format.min_integer, format.max_integer))
    corners = [x * y for x in ends[0] for y in ends[1]]
    count = p.lanes * beats
    if scaled and p.scale_width:
        count *= (1 << p.scale_width) - 1
    return min(*corners, 0) * count, max(corners) * count
