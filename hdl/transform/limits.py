"""What a transform can be asked for, and how large its results can become."""

from typing import Any

from ..formats import FloatFormat
from ..unit import check_positive

__all__ = ["bounds", "checked_lanes", "exponent_of_root"]

_MOST_POINTS, _MOST_WIDTH = 256, 64


def checked_lanes(p: Any) -> int:
    """Points a beat of a transform with these parameters.

    Raises:
        ValueError: if a parameter is out of range, or does not suit the others.
    """
    points, width = p.points, p.width
    _check_power_of_two("number of points", points, 2, _MOST_POINTS)
    lanes = p.lanes or points
    _check_power_of_two("number of lanes", lanes, 1, points)
    check_positive("sign mask", p.signs, least=0, most=(1 << points) - 1)
    check_positive("width of aligned floats", width, least=0, most=_MOST_WIDTH)
    if p.normalize and points.bit_length() % 2 == 0:
        raise ValueError(
            f"With normalize the number of points must be 4, 16, 64 or 256, not {points}"
        )
    if not isinstance(p.a, FloatFormat):
        if width:
            raise ValueError(f"The width of aligned floats must be 0 with integers, not {width}")
    elif lanes < points:
        raise ValueError(
            "The number of lanes must be 0 with floats, whose exponents are compared in one beat, "
            f"not {p.lanes}"
        )
    elif width == 1 or not p.a.zero:
        raise ValueError(
            "The points must be floats with a zero, and a width of 0 or 2 and more, "
            f"not '{p.a}' and {width}"
        )
    if lanes < points and p.projection.random_bits:
        raise ValueError(
            "With several beats a block the rounding must not be stochastic, "
            f"not '{p.projection.rounding}'"
        )
    return lanes


def _check_power_of_two(what: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most or value & (value - 1):
        raise ValueError(f"The {what} must be a power of two from {least} to {most}, not {value}")


def exponent_of_root(points: int) -> int:
    """k of the square root ``2**k`` of a number of points."""
    return (points.bit_length() - 1) // 2


def bounds(points: int, signs: int, low: int, high: int) -> tuple[int, int]:
    """The least and the largest result of points from ``low`` to ``high``."""
    sums = [-1 if signs >> k & 1 else 1 for k in range(points)]
    stride = 1
    while stride < points:
        for k in range(points):
            if not k & stride:
                a, b = sums[k], sums[k + stride]
                sums[k], sums[k + stride] = a + b, a - b
        stride *= 2
    plus = [(points + total) // 2 for total in sums]  # of each result, how many points it adds
    return (
        min(n * low - (points - n) * high for n in plus),
        max(n * high - (points - n) * low for n in plus),
    )
