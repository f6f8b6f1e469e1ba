"""Sums of many beats: large ones with a few small terms behind, and powers of two alone.

What a few beats sum to leaves the upper bits of an accumulator for many terms alone, and terms of
all sizes at once leave nothing between the largest and the least. Here one beat is repeated until
the sum is large; then come powers of two, of either sign: half an ulp of the result, any that the
accumulator holds, and the same once more, so that carries and borrows run from any bit to any
other.
"""

from typing import Any

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, IntegerFormat, NumberFormat, Projection
from ....hdl.unit import Unit
from ...golden.rounding import project
from ..aimed.rows import element_of
from ..bounds import set_bounds

__all__ = ["long_sums"]

#: Of all beats, one in so many; and the terms behind the large ones.
_PART, _TAIL = 16, 4
#: Sums of fewer beats are others' work.
_LEAST_BEATS = 8


def long_sums(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such sums over draws, behind the middle; how many beats."""
    fields: dict[str, Any] = {name: f.shape for name, f in unit.i.payload.shape()}
    sides = [name for name in "ab" if name in fields]
    formats = [element_of(fields[name]) for name in sides]
    sums = getattr(unit.parameters, "o", None)
    if "last" not in fields or unit.beats < _LEAST_BEATS or "a" not in sides:
        return 0
    known = all(isinstance(f, IntegerFormat) or getattr(f, "zero", False) for f in formats)
    if not known or any(result[name].ndim != 2 for name in sides):
        return 0
    count = len(result["a"])
    start = count // 8 * 5
    lengths = _lengths(rng, unit.beats, count // _PART)
    row = np.repeat(np.arange(len(lengths)), lengths)
    many = len(row)
    if not many:
        return 0
    where = slice(start, start + many)
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    # From the last beat of each sum backwards.
    behind = first[row] + lengths[row] - 1 - np.arange(many)
    precision = sums.precision if isinstance(sums, FloatFormat) else 24
    terms = _terms(rng, [f for f in formats if f is not None], lengths, precision)
    lanes = result["a"].shape[1]
    lane = rng.integers(0, lanes, many)
    all_lanes = rng.random(len(lengths)) < 0.5
    for name, (body, tail) in zip(sides, terms, strict=True):
        codes = np.zeros((many, lanes), np.int64)
        small = behind < np.minimum(_TAIL, lengths[row] - 1)
        term = np.where(small, tail[row, np.minimum(behind, _TAIL - 1)], body[row])
        codes[np.arange(many), lane] = term
        codes = np.where((all_lanes[row] & ~small)[:, None], term[:, None], codes)
        result[name][where] = codes
    for name, shape in fields.items():
        format = element_of(shape)
        if name.endswith("_scale") and isinstance(format, FloatFormat):
            result[name][where] = format.encode(1)
        elif name.endswith("_zero"):
            result[name][where] = 0
    set_bounds(result, start, start + first + lengths - 1)
    return many


def _lengths(rng: np.random.Generator, beats: int, room: int) -> np.ndarray:
    """Beats of each sum: few in half of the room, up to as many as there may be in the other."""
    found = rng.integers(2, _TAIL + 2, room // (_TAIL + 3)).tolist()
    room -= sum(found)
    while True:
        length = int(2 ** rng.uniform(1, np.log2(beats + 1)))
        if length > room:
            return np.array(found, np.int64)
        found.append(length)
        room -= length


def _terms(
    rng: np.random.Generator, formats: list[NumberFormat], lengths: np.ndarray, precision: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each factor the codes that are repeated, and those behind: a row for each sum."""
    count = len(lengths)
    bodies, top = [], np.log2(lengths)
    ranges = [_range(f) for f in formats]
    largest = (rng.random(count) < 0.5) & (lengths > _TAIL + 1)
    for format, (low, high) in zip(formats, ranges, strict=True):
        exponent = np.where(largest, high, rng.integers(low, high + 1, count))
        # One bit, or few, so that sums are ties often; or all.
        kept = np.array([1, 3, 10])[rng.integers(0, 3, count)]
        significand = rng.integers(512, 1024, count) >> (10 - kept)
        negative = rng.random(count) < 0.5
        bodies.append(_codes(format, significand, exponent - kept + 1, negative))
        top = top + exponent
    lowest = sum(low for low, _ in ranges)
    total = np.maximum(top.astype(np.int64), lowest)[:, None]
    anywhere = lowest + np.floor(rng.random((count, _TAIL)) * (total - lowest + 1)).astype(np.int64)
    half = np.maximum(total - precision + rng.integers(-1, 3, (count, 1)), lowest)
    exponents = np.where(rng.random((count, _TAIL)) < 0.4, half, anywhere)
    again = rng.random(count) < 0.4
    exponents[again, 1] = exponents[again, 2]
    tails = []
    for k, (format, (low, high)) in enumerate(zip(formats, ranges, strict=True)):
        # What the others cannot take this one must.
        others = ranges[k + 1 :]
        least = np.maximum(exponents - sum(h for _, h in others), low)
        most = np.minimum(exponents - sum(x for x, _ in others), high)
        own = rng.integers(np.minimum(least, most), most + 1)
        exponents = exponents - own
        negative = rng.random((count, _TAIL)) < 0.5
        tails.append(_codes(format, np.ones_like(own), own, negative))
    return list(zip(bodies, tails, strict=True))


def _codes(
    format: NumberFormat, significand: np.ndarray, exponent: np.ndarray, negative: np.ndarray
) -> np.ndarray:
    none = np.zeros(significand.shape, bool)
    sign = negative & format.signed
    return project(Decoded(none, none, sign, significand, exponent), format, Projection())


def _range(format: NumberFormat) -> tuple[int, int]:
    """Exponents of the least and of the greatest power of two."""
    return format.lsb_exponent, format.lsb_exponent + format.max_integer.bit_length() - 1
