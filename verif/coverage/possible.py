"""Which classes and events of a result can occur at all, by arithmetic on the formats.

Every number of the result's format, the points between it and the next one, and what lies beyond
the ends are tried: those that no exact result can be, as it would be out of range or no multiple of
the smallest unit, are left out. What remains may occur; what does not remain cannot.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ...hdl.formats import Decoded, FloatFormat, IntegerFormat, NumberFormat, Projection
from ..corners import corners
from ..golden.observed import observing
from ..golden.rounding import project
from .bins import Bin, bins_of, result_columns

__all__ = ["Reach", "possible"]

#: Numbers of this width are all tried, of wider formats the corners and their neighbours.
_ALL_CODES_WIDTH = 10


@dataclass(frozen=True)
class Reach:
    """What is known of exact results: integers from ``low`` to ``high``, times
    ``2**lsb_exponent``, of at most ``bits`` significant bits, multiples of ``factor``, and which
    specials."""

    low: int | None = None
    high: int | None = None
    lsb_exponent: int = -(1 << 20)
    bits: int = 1 << 20
    negative_zero: bool = True
    nan: bool = True
    infinite: bool = True
    factor: int = 1


def possible(target: NumberFormat, projection: Projection, reach: Reach) -> set[Bin]:
    """Bins (class of the result, event) that may occur."""
    found: set[Bin] = set()
    for numbers in (_finite(target, projection, reach), _specials(reach)):
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


def _finite(target: NumberFormat, projection: Projection, reach: Reach) -> Decoded:
    """Exact numbers, one for each interval and each point between that some result may be."""
    rows = []
    for negative, (magnitude, exponent, quarter) in product(
        (False, True), _points(target, projection)
    ):
        if _may_be(reach, negative, magnitude, exponent, quarter):
            rows.append((negative, magnitude, exponent))
    rows += [(False, 0, 0)] + [(True, 0, 0)] * reach.negative_zero
    if reach.low is not None and reach.low > 0:
        rows = [row for row in rows if row[1]]
    negative, magnitude, exponent = (np.array([row[i] for row in rows]) for i in range(3))
    none = np.zeros(len(rows), bool)
    return Decoded(none, none, negative.astype(bool), magnitude, exponent)


def _points(target: NumberFormat, projection: Projection) -> list[tuple[int, int, int]]:
    """Magnitudes in quarters of a unit of the last place, their exponent, and which quarter: 0 and
    2 stand for themselves, 1 and 3 for all between. The largest is beyond overflow."""
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
        found += [(4 * kept + q, exponent - 2, q) for q in range(4)]
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


def _may_be(reach: Reach, negative: bool, magnitude: int, exponent: int, quarter: int) -> bool:
    """Whether an exact result may be this point, or in this open interval."""
    between = quarter in (1, 3)
    low, high = (magnitude - 1, magnitude + 1) if between else (magnitude, magnitude)
    # In units of the quarter: half a unit of the last place is two of them.
    if between:
        if exponent + 1 <= reach.lsb_exponent:
            return False  # both ends are multiples of the smallest unit, or too close together
    elif magnitude & ((1 << max(reach.lsb_exponent - exponent, 0)) - 1) or magnitude % reach.factor:
        return False
    if _significant(low, high, between) > reach.bits:
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


def _significant(low: int, high: int, between: bool) -> int:
    """The fewest bits that a number there needs."""
    if between:
        # The interval is two quarters wide; its middle has the fewest trailing bits to spare.
        middle = (low + high) // 2
        return middle.bit_length() - ((middle & -middle).bit_length() - 1)
    return low.bit_length() - ((low & -low).bit_length() - 1)
