"""Sums of many beats at chosen numbers, as long as the accumulator, taken apart into terms.

The sum of random terms has random bits: no result is rounded by one far bit alone then, no carry
runs further than a few places, and no first bit stands anywhere but near the largest term's. Here
the sum comes first: half a step of the result's format away from a number, more or less any power
of two; a few powers of two; or any bits. Each term takes as many of the leading bits that are left
as it holds; what is beyond one term is made of the strongest ones. Terms come in any order, some
with one more that another one cancels.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ....hdl.formats import FloatFormat, IntegerFormat, NumberFormat
from ....hdl.unit import Unit
from ..aimed.rows import element_of
from ..bounds import set_bounds
from .terms import Term, cancelling, codes_of_terms, strongest, take_apart, value

__all__ = ["long_targets"]

#: One in so many of all beats, three times; beats of a unit's sums for this to be of use.
_PART, _LEAST_BEATS = 16, 8
#: Random bits of a sum, at most; and what, as a part of them, visits all places evenly.
_RANDOM, _GOLDEN = 64, 0.6180339887498949
_KNOWN = {"a", "b", "random", "first", "last"}


def long_targets(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such sums over draws between others, the longest last; how many beats."""
    formats = _formats(unit, result)
    if not formats:
        return 0
    count, lanes = result["a"].shape
    room = count // _PART
    written = 0
    for sixteenth, longest in ((9, room // 32), (11, 0), (14, room // 4)):
        beats = min(unit.beats, longest)
        firsts = _firsts(rng, formats, beats * lanes)
        where = slice(count * sixteenth // 16, count * sixteenth // 16 + room)
        written += _write(rng, unit, formats, result, where, firsts)
    return written


def _formats(unit: Unit, result: dict[str, np.ndarray]) -> list[NumberFormat]:
    """Of the factors, or of the numbers, of a unit that sums those of many beats; or none."""
    shapes = {name: field.shape for name, field in unit.i.payload.shape()}
    formats = [element_of(shapes[name]) for name in "ab" if name in shapes]
    if not {"a", "last"} <= set(shapes) <= _KNOWN or unit.beats < _LEAST_BEATS:
        return []
    alike = all(np.shape(result[n]) == np.shape(result["a"]) for n in "ab" if n in shapes)
    exact = getattr(unit.parameters, "product", "exact") == "exact"
    if result["a"].ndim != 2 or not alike or not exact:
        return []
    known = [f for f in formats if f is not None and getattr(f, "zero", True)]
    return known if len(known) == len(formats) else []


def _firsts(
    rng: np.random.Generator, formats: Sequence[NumberFormat], most: int
) -> Iterator[int]:
    """Places of sums' first bits: one that a few terms reach, then two of those that more do, which
    are the highest that so many reach and all below, and again from where there is room."""
    top = abs(value(strongest(formats, False), formats)).bit_length()
    highest = top - 2 + most.bit_length()
    while True:
        for begin in range(highest, min(top, highest) - 1, -1):
            for first in range(begin, min(top, begin) - 1, -1):
                yield int(rng.integers(0, top + 2))
                if first >= top:
                    yield from (first, first)


def _write(
    rng: np.random.Generator,
    unit: Unit,
    formats: Sequence[NumberFormat],
    result: dict[str, np.ndarray],
    where: slice,
    firsts: Iterator[int],
) -> int:
    lanes = result["a"].shape[1]
    signed = any(f.signed for f in formats)
    terms: list[Term] = []
    places: list[tuple[int, int]] = []
    ends: list[int] = []
    at = where.start
    for turn, first in enumerate(firsts):
        total = _target(rng, unit, formats, first, turn)
        total = -total if signed and turn % 2 else total
        made = take_apart(rng, formats, total, unit.beats * lanes)
        cancels = signed and len(made) > 0 and rng.random() < 0.5
        if cancels:
            made += cancelling(rng, formats)
        each = lanes if len(made) > unit.beats else int(rng.integers(1, lanes + 1))
        length = -(-len(made) // each)
        if not 0 < length <= unit.beats:
            continue
        if at + length > where.stop or turn > where.stop - where.start:
            break
        places += [(at + k // each, (k + at) % lanes) for k in range(len(made))]
        # In half of these it is the last term that brings the sum back, across zero at times.
        settled = len(made) - int(cancels and rng.random() < 0.5)
        terms += [made[k] for k in rng.permutation(settled).tolist()] + made[settled:]
        at += length
        ends.append(at - 1)
    if not ends:
        return 0
    written = slice(where.start, at)
    rows, columns = np.array(places).T
    for name, codes in zip("ab", codes_of_terms(formats, terms), strict=False):
        result[name][written] = 0
        result[name][rows, columns] = codes
    set_bounds(result, where.start, ends)
    return at - where.start


def _target(
    rng: np.random.Generator, unit: Unit, formats: Sequence[NumberFormat], first: int, turn: int
) -> int:
    """A sum, in units of the least term there is, with its first bit about there; with the turns
    its last bit comes to every place."""
    kind = rng.random()
    if kind < 0.1:
        total = 1 << first
        for _ in range(rng.integers(1, 4)):
            total += _sign(rng) << int(rng.integers(0, first + 1))
        return total
    if kind < 0.13:
        length = min(first + 1, _RANDOM)
        return _bits(rng, length) << first + 1 - length
    low = sum(f.lsb_exponent for f in formats)
    o = getattr(unit.parameters, "o", None)
    if isinstance(o, IntegerFormat):
        last = o.lsb_exponent - low
        near = [o.max_integer, -o.min_integer, _bits(rng, int(rng.integers(1, o.width + 1)))]
        kept = near[rng.integers(0, 3)] + int(rng.integers(-1, 2))
        if first > last + o.width:
            # Too large by one bit.
            small = _bits(rng, o.width) if rng.random() < 0.3 else int(rng.integers(-1, 2))
            kept = small + (1 << first - last)
    else:
        precision = o.precision if isinstance(o, FloatFormat) else 24
        last = max(first + 1 - precision, 0)
        if isinstance(o, FloatFormat):
            last = max(last, o.lsb_exponent - low)
        one = 1 << max(first - last, 0)
        some = one | _bits(rng, max(first - last, 1))
        ones = 2 * one - 1
        kept = [one, one, one, some, some, ones, ones][rng.integers(0, 7)]
    if last <= 0:
        return kept
    half = 1 << last - 1
    tail = rng.random()
    total = (kept << last) + (half if tail < 0.8 else 0 if tail < 0.95 else 2 * half - 1)
    if rng.random() < 0.9:
        total += _sign(rng) << int(turn * _GOLDEN % 1 * last)
    return total


def _sign(rng: np.random.Generator) -> int:
    return 1 if rng.random() < 0.5 else -1


def _bits(rng: np.random.Generator, width: int) -> int:
    return int.from_bytes(rng.bytes(-(-width // 8)), "little") & (1 << width) - 1
