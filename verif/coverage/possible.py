"""Which classes and events of a result can occur at all, by arithmetic on the formats.

Every number of the result's format, the points between it and the next one, and what lies beyond
the ends are tried: those that no exact result can be, as it would be out of range or no multiple of
the smallest unit, are left out. What remains may occur; what does not remain cannot.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ...hdl.formats import Decoded, FloatFormat, IntegerFormat, NumberFormat, Projection
from ..golden.observed import observing
from ..golden.rounding import project
from ..stimuli.corners import corners
from .bins import Bin, bins_of, result_columns

__all__ = ["Reach", "possible"]

#: Numbers of this width are all tried, of wider formats the corners and their neighbours.
_ALL_CODES_WIDTH = 10
#: A unit of the last place is not divided further.
_MOST_PLACES = 7


@dataclass(frozen=True)
class Reach:
    """What is known of exact results: integers from ``low`` to ``high``, times
    ``2**lsb_exponent``, at most ``significand`` without their trailing zeros, multiples of
    ``factor``, and which specials.

    ``significands`` are all there are, in order, each brought to at least 1 and less than 2.
    """

    low: int | None = None
    high: int | None = None
    lsb_exponent: int = -(1 << 20)
    significand: int | None = None
    negative_zero: bool = True
    nan: bool = True
    infinite: bool = True
    factor: int = 1
    significands: tuple[float, ...] | None = None


def possible(
    target: NumberFormat, projection: Projection, reach: Reach | Sequence[Reach]
) -> set[Bin]:
    """Bins (class of the result, event) that may occur.

    Args:
        reach: Where the unit depends on the result's size, several: each reaches farther to both
            sides than those before, in no smaller units. What is as near as one reaches, but none
            of its numbers, is none of those after it, either.
    """
    found: set[Bin] = set()
    reaches = [reach] if isinstance(reach, Reach) else list(reach)
    for numbers in (_finite(target, projection, reaches), _specials(reaches[-1])):
        if not len(numbers.nan):
            continue
        for random in _randoms(projection, len(numbers.nan)):
            with observing() as seen:
                codes = project(numbers, target, projection, random)
            found |= bins_of(result_columns(target, codes, seen[-1]))
    return found


def _randoms(projection: Projection, count: int) -> Sequence[np.ndarray | None]:
    """A larger random word never rounds down what a smaller one rounds up: the ends are enough."""
    if not projection.rounding.stochastic:
        return [None]
    return [np.full(count, r) for r in (0, (1 << projection.random_bits) - 1)]


def _specials(reach: Reach) -> Decoded:
    kinds = [(True, False, False)] * reach.nan
    kinds += [(False, True, False), (False, True, True)] * reach.infinite
    nan, infinite, negative = (np.array([k[i] for k in kinds], bool) for i in range(3))
    return Decoded(nan, infinite, negative, np.zeros(len(kinds), np.int64), nan.astype(np.int64))


def _finite(
    target: NumberFormat, projection: Projection, reaches: Sequence[Reach]
) -> Decoded:
    """Exact numbers, one for each interval and each point between that some result may be."""
    rows = []
    nearest = _nearest(reaches)
    places = _places(projection, reaches)
    for negative, (magnitude, exponent) in product(
        (False, True), _points(target, projection, places)
    ):
        reach = nearest(magnitude, exponent)
        if _may_be(reach, negative, magnitude, exponent):
            rows.append((negative, magnitude, exponent))
    reach = reaches[-1]
    rows += [(False, 0, 0)] + [(True, 0, 0)] * reach.negative_zero
    if reach.low is not None and reach.low > 0:
        rows = [row for row in rows if row[1]]
    negative, magnitude, exponent = (np.array([row[i] for row in rows]) for i in range(3))
    none = np.zeros(len(rows), bool)
    return Decoded(none, none, negative.astype(bool), magnitude, exponent)


def _places(projection: Projection, reaches: Sequence[Reach]) -> int:
    """Into how many parts, as a power of two, each unit of the last place is divided: quarters, or
    what random bits round in ways of its own, where there may be no result in some of it."""
    known = any(reach.significands is not None for reach in reaches)
    fine = projection.rounding.stochastic and known
    return max(2, min(projection.random_bits + 1, _MOST_PLACES)) if fine else 2


def _nearest(reaches: Sequence[Reach]) -> Callable[[int, int], Reach]:
    """The first that reaches a point, or an open interval around it."""
    if len(reaches) == 1:
        return lambda magnitude, exponent: reaches[0]
    least = min(reach.lsb_exponent for reach in reaches)
    ends = [(reach.high or 0) << (reach.lsb_exponent - least) for reach in reaches]

    def nearest(magnitude: int, exponent: int) -> Reach:
        between = magnitude % 2 == 1
        from_zero = magnitude - 1 if between else magnitude
        # What is cut off here is less than any difference of two results.
        size = from_zero << max(exponent - least, 0) >> max(least - exponent, 0)
        exact = from_zero == 0 or exponent >= least or size << (least - exponent) == from_zero
        first = bisect_left(ends, size) if exact and not between else bisect_right(ends, size)
        return reaches[min(first, len(reaches) - 1)]

    return nearest


def _points(
    target: NumberFormat, projection: Projection, places: int
) -> list[tuple[int, int]]:
    """Magnitudes in such parts of a unit of the last place, and the part's exponent: even ones are
    themselves, odd ones stand for all between. The largest is beyond overflow."""
    found = []
    if isinstance(target, IntegerFormat):
        edges = {0, 1, 2, 3, -target.min_integer - 1, -target.min_integer, target.max_integer - 1}
        edges |= {target.max_integer, target.max_integer + 1, -target.min_integer + 1}
        edges |= set(range(64))
        steps = [(k, target.lsb_exponent) for k in edges if k >= 0]
    else:
        assert isinstance(target, FloatFormat)
        steps = _steps(target, projection)
    for kept, exponent in steps:
        found += [((kept << places) + part, exponent - places) for part in range(1 << places)]
    return [point for point in found if point[0]]


def _steps(target: FloatFormat, projection: Projection) -> list[tuple[int, int]]:
    """Numbers of a format, without sign, as integers and the exponents of their last places."""
    m = target.mantissa_width
    small = target.width <= _ALL_CODES_WIDTH
    codes = range(target.max_magnitude + 3) if small else _some(target)
    found = []
    for code in codes:
        field, mantissa = divmod(code, 1 << m)
        if target.zero and field == 0:
            found.append((mantissa, target.lsb_exponent))
        else:
            exponent = field - (1 if target.zero else 0) + target.lsb_exponent
            found.append(((1 << m) + mantissa, exponent))
    # Below the least normal number with as many places as above it: what is flushed, or too small.
    if projection.ftz_out or not target.zero:
        ones = (1 << m) - 1
        mantissas = {0, 1, ones - 1, ones} & set(range(1 << m))
        for down in range(1, 5):
            found += [((1 << m) + x, target.lsb_exponent - down) for x in mantissas]
    return found


def _some(target: FloatFormat) -> list[int]:
    """Of every exponent those with the fewest and the most significant bits, and of subnormals of
    every length."""
    near = {int(c) & target.magnitude_mask for c in corners(target)}
    m = target.mantissa_width
    near |= {x << k for k in range(m) for x in (1, 3)}
    near |= {(field << m) | (x << (m - 2)) for field in range(1 << target.exponent_width)
             for x in (1, 2, 3)}  # fmt: skip
    near = {c + d for c in near for d in (-1, 0, 1)}
    return sorted(c for c in near if 0 <= c <= target.max_magnitude + 2)


def _may_be(reach: Reach, negative: bool, magnitude: int, exponent: int) -> bool:
    """Whether an exact result may be this point, or in this open interval."""
    between = magnitude % 2 == 1
    low, high = (magnitude - 1, magnitude + 1) if between else (magnitude, magnitude)
    if between:
        if exponent + 1 <= reach.lsb_exponent:
            return False  # both ends are multiples of the smallest unit, or too close together
    elif magnitude & ((1 << max(reach.lsb_exponent - exponent, 0)) - 1) or magnitude % reach.factor:
        return False
    if reach.significand is not None and _shortest(low, high, between) > reach.significand:
        return False
    if reach.significands is not None and not _among(reach.significands, low, high, between):
        return False
    if negative:
        low, high = -high, -low
    least, most = (_scaled(x, reach.lsb_exponent - exponent) for x in (reach.low, reach.high))
    if least is not None and (high <= least if between else high < least):
        return False
    return not (most is not None and (low >= most if between else low > most))


def _scaled(bound: int | None, shift: int) -> float | int | None:
    if bound is None:
        return None
    if shift >= 0:
        return bound << shift
    # An integer, a half or a number between: enough to compare integers with.
    down, rest = bound >> -shift, bound & ((1 << -shift) - 1)
    return down if not rest else down + 0.5


def _shortest(low: int, high: int, between: bool) -> int:
    """Of the numbers there, the least that is left without trailing zeros."""
    # An interval is two parts wide: its middle is what has the most of them.
    number = (low + high) // 2 if between else low
    return number // (number & -number)


def _among(significands: Sequence[float], low: int, high: int, between: bool) -> bool:
    """Whether there is one of these significands: no interval has a power of two within, but the
    one next to zero."""
    if low == 0:
        return True
    unit = 2.0 ** (low.bit_length() - 1)
    if between:
        first = bisect_right(significands, low / unit)
        return first < len(significands) and significands[first] < high / unit
    first = bisect_left(significands, low / unit)
    return first < len(significands) and significands[first] == low / unit
