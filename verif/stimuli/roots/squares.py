"""Sums of squares that are a tie of the rounded result, or next to one.

A large square gives the sum its length; the small ones behind it, and what an epsilon adds, sum to
half a unit of its last place. Every integer is a sum of four squares, and most are of three, so
that few terms do (J.-L. Lagrange, 1770; A.-M. Legendre, 1798).
"""

from fractions import Fraction
from math import isqrt
from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ....hdl.formats import Decoded, FloatFormat, NumberFormat, Projection
from ....hdl.unit import Unit
from ...golden.rounding import project
from ..bounds import set_bounds

__all__ = ["ties_of_squares"]

_PART = 8  # of all beats
_BEATS = 3
_LONGEST = 12  # sums of all beats
_SEARCHED = 12  # roots that are tried for the third and the second square before the last


def ties_of_squares(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such sums over the last of the draws; how many beats."""
    p = unit.parameters
    if not hasattr(p, "epsilon") or not isinstance(p.o, FloatFormat):
        return 0
    shape: Any = dict(unit.i.payload.shape())["a"].shape
    assert isinstance(shape, ArrayLayout)
    added = int(_added(p))  # a tie is missed by less than a unit where it is no integer
    beats, lanes = min(unit.beats, _BEATS), shape.length
    sums = len(result["a"]) // _PART // beats
    rows = [_terms(rng, p.a, p.o.precision, added, beats * lanes) for _ in range(sums)]
    terms = rng.permuted(np.array(rows, np.int64), axis=1)
    none = np.zeros(terms.shape, bool)
    negative = rng.random(terms.shape) < (0.5 if p.a.signed else 0)
    numbers = Decoded(none, none, negative, terms, np.full(terms.shape, p.a.lsb_exponent))
    codes = project(numbers, p.a, Projection())
    start = len(result["a"]) - beats * sums
    result["a"][start:] = codes.reshape(beats * sums, lanes)
    if "last" not in result:
        return beats * sums
    set_bounds(result, start, np.arange(start + beats - 1, len(result["a"]), beats))
    return beats * sums + _longest(rng, unit, result, start)


def _longest(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], end: int
) -> int:
    """Sums of all beats that there may be, of which a part is as large as can be: only they have
    bits in the highest places. They stand before ``end``, if there is room; how many beats."""
    a, beats = unit.parameters.a, unit.beats
    start = end - _LONGEST * beats
    if beats <= _BEATS or start < end // 2:
        return 0
    where = slice(start, end)
    codes = result["a"][where]
    part = np.repeat(rng.uniform(0.3, 1, _LONGEST), beats)[:, None]
    largest = a.max_magnitude if isinstance(a, FloatFormat) else a.max_integer
    finite = np.isfinite(a.to_float(codes))
    codes = np.where((rng.random(codes.shape) < part) | ~finite, largest, codes)
    result["a"][where] = codes
    set_bounds(result, start, np.arange(start + beats - 1, end, beats))
    return end - start


def _added(p: Any) -> Fraction:
    """``size * eps`` in units of the squares."""
    if p.epsilon is None:
        return Fraction(0)
    size = p.lanes * p.beats if p.size is None else p.size
    eps = Fraction(float(np.float32(10.0**-p.epsilon)))
    return size * eps / Fraction(2) ** (2 * p.a.lsb_exponent)


def _terms(
    rng: np.random.Generator, a: NumberFormat, precision: int, added: int, count: int
) -> list[int]:
    """Magnitudes in units of the format, so many, zeros among them."""
    length = a.precision if isinstance(a, FloatFormat) else a.max_integer.bit_length()
    # The first square is a multiple of two units of the last place, and more than what is added.
    bits = min(length, max(precision // 2, 1))
    high = a.max_integer.bit_length() - bits
    low = min(max(added.bit_length() // 2 - bits + 2, 0), high)
    first = int(rng.integers(1 << bits - 1, 1 << bits))
    # Or a power of four, or of two: twice the square.
    alone = rng.random() < 0.3
    first = (1 << bits - 1 if alone else first) << int(rng.integers(low, high + 1))
    found = [first, first] if alone and count > 4 and rng.random() < 0.5 else [first]
    half = max((len(found) * first**2).bit_length() - precision - 1, 0)
    # A tie, or one single bit off it.
    beside = (0, -1, 1, 1, 1)[int(rng.integers(0, 5))] << int(rng.integers(0, half + 1))
    rest = ((1 << half) - added + beside) % (2 << half)
    while len(found) < count:
        left = count - len(found)
        if left == 3 or rest >> 2 * length == 0:
            found += _three(rest, length)[:left]
            break
        found.append(_rounded_down(isqrt(rest), length))
        rest -= found[-1] ** 2
    return found + [0] * (count - len(found))


def _three(rest: int, length: int) -> list[int]:
    """Three magnitudes with that sum of squares, or one that is less."""
    best: tuple[int, list[int]] = rest + 1, []
    for one in _downwards(rest, length):
        for two in _downwards(rest - one**2, length):
            three = _rounded_down(isqrt(rest - one**2 - two**2), length)
            left = rest - one**2 - two**2 - three**2
            if left < best[0]:
                best = left, [one, two, three]
            if not left:
                return best[1]
    return best[1]


def _downwards(rest: int, length: int) -> list[int]:
    """Magnitudes from that sum's root on."""
    top = _rounded_down(isqrt(rest), length)
    step = 1 << max(top.bit_length() - length, 0)
    return [n for n in range(top, top - _SEARCHED * step, -step) if n >= 0]


def _rounded_down(number: int, length: int) -> int:
    spare = max(number.bit_length() - length, 0)
    return number >> spare << spare
