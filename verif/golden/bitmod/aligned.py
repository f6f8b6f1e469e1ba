"""Golden model of BitMoD's aligned sums: literally what the element does, cycle by cycle.

Only groups are worked on side by side: each cycle's result depends on the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ..exact import bit_length, shift_left, shift_right, wide
from ..exact_sum import ExactSums
from .weights import cycles_of, lsb_exponent, terms

__all__ = ["aligned_sums"]


@dataclass(frozen=True)
class _Float:
    """``(-1)**negative * significand * 2**(exponent - bits + 1)``, the top one of so many bits set
    unless it is zero."""

    negative: np.ndarray
    significand: np.ndarray
    exponent: np.ndarray


def aligned_sums(p: Any, a: Decoded, inputs: Mapping[str, np.ndarray]) -> ExactSums:
    """The sum of each group, of activations ``a`` that are decoded already."""
    count = len(inputs["b"])
    starts = np.flatnonzero(inputs["first"]) if "first" in inputs else np.arange(count)
    lengths = np.diff(np.append(starts, count))
    zero = np.zeros(len(starts), np.int64)
    sums = _Float(zero > 0, zero, zero.copy())
    # A mode of fewer terms has nothing in its last cycles, which then change nothing.
    each = [terms(p, inputs, place) for place in range(cycles_of(p.b))]
    for turn in range(int(lengths.max(initial=0))):
        going = np.flatnonzero(lengths > turn)
        beats = starts[going] + turn
        for codes in each:
            after = _cycle(p, _select(sums, going), a, beats, codes[beats])
            for old, new in zip(vars(sums).values(), vars(after).values(), strict=True):
                old[going] = new
    unit = p.a.lsb_exponent + lsb_exponent(p.b)
    places = np.where(sums.significand == 0, 0, sums.exponent - p.accumulator_bits + 1 - unit)
    bits = p.accumulator_bits + int(places.max(initial=0)) + 1
    # What is below the unit is zero: every sum is a multiple of it.
    magnitude = shift_right(shift_left(wide(sums.significand, bits), places), -places)
    total = np.where(sums.negative, -magnitude, magnitude)
    nan = np.logical_or.reduceat(a.nan.any(axis=-1), starts)
    return ExactSums(total, unit, nan, np.zeros_like(nan), np.zeros_like(nan))


def _select(sums: _Float, groups: np.ndarray) -> _Float:
    return _Float(*(x[groups] for x in vars(sums).values()))


def _cycle(p: Any, so_far: _Float, a: Decoded, beats: np.ndarray, codes: np.ndarray) -> _Float:
    """One term of each lane, added to the sums so far."""
    precision, bits, extra = p.a.precision, p.accumulator_bits, p.extra
    there = (codes >> 1 & 1).astype(bool)
    significand = np.where(there, a.significand[beats].astype(np.int64), 0)
    negative = a.negative[beats] ^ (codes & 1).astype(bool)
    # Exponents are those of leading bits, where the number is a normal one.
    position = (codes >> 2) + lsb_exponent(p.b)
    exponent = a.exponent[beats] + precision - 1 + position
    never = -(1 << 40)
    own = np.where(so_far.significand == 0, never, so_far.exponent)
    largest = np.maximum(np.where(there, exponent, never).max(axis=1), own)
    cut = _jam(significand << extra, largest[:, None] - exponent)
    tree = _nearest(np.where(negative, -cut, cut).sum(axis=1), extra)
    kept = _jam(so_far.significand << extra, largest - so_far.exponent)
    total = np.where(so_far.negative, -kept, kept) + (tree << bits + extra - precision)
    # Normalised: the leading bit has the weight of `largest` where the number has these bits.
    magnitude = abs(total)
    length = bit_length(magnitude)
    spare = bits - length
    rounded = _nearest(magnitude << np.maximum(spare, 0), np.maximum(-spare, 0))
    over = rounded >> bits
    exponent = largest + length - (bits + extra) + over
    return _Float(total < 0, rounded >> over, np.where(total == 0, 0, exponent))


def _jam(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """``values >> places``, the last bit set if a set bit was shifted out."""
    places = np.clip(places, 0, 62)  # from there on nothing but the last bit is left
    kept = values >> places
    return kept | (kept << places != values)


def _nearest(values: np.ndarray, places: Any) -> np.ndarray:
    """``values / 2**places``, rounded to nearest, ties to even."""
    kept = values >> places
    rest = 2 * (values - (kept << places))
    one = np.left_shift(1, places)
    return kept + ((rest > one) | ((rest == one) & (kept & 1 == 1)))
