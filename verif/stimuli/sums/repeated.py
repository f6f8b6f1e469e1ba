"""Sums of the same beats again and again: to any place and back, or to a power of two.

What an accumulator has above the reach of one beat is at work in long sums only. Random beats all
but cancel, and the longest sums that there can be are few.
"""

import numpy as np

from ....hdl.unit import Unit
from ..bounds import set_bounds
from ..extremes import numbers_alone

__all__ = ["repeated_beats"]

#: Where sums are shorter, random ones reach what there is.
_LEAST = 4
#: One in so many of all beats; and how many of them are repeated.
_PART, _KNOWN = 8, 2048
#: Beats about a power of two, from one side of it to the other.
_ABOUT = 12


def repeated_beats(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such transactions over draws in the fourth quarter; how many beats."""
    count = len(next(iter(result.values())))
    start, room = count * 3 // 4, count // _PART
    most = min(unit.beats, room // 4)
    if "last" not in result or most < _LEAST:
        return 0
    known = rng.integers(0, count, _KNOWN)
    beats = {name: np.array(codes[known]) for name, codes in result.items()}
    beats["first"][:], beats["last"][:] = 1, 1
    numbers = numbers_alone(unit, beats)
    rows: list[int] = []
    ends: list[int] = []
    while True:
        if most > 2 * _ABOUT and rng.random() < 0.5:
            chosen = _to_a_power(rng, numbers[rng.integers(0, len(numbers))], most)
        else:
            chosen = _anywhere(rng, len(numbers[0]), most)
        if len(rows) + len(chosen) > room:
            break
        rows += chosen
        ends.append(start + len(rows) - 1)
    where = slice(start, start + len(rows))
    for name, codes in result.items():
        codes[where] = beats[name][rows]
    set_bounds(result, start, ends)
    return len(rows)


def _anywhere(rng: np.random.Generator, count: int, most: int) -> list[int]:
    """One beat many times, then another one many times, and a last one. How many, is as often from
    4 to 8 as from 512 to 1,024."""
    length = int(np.exp2(rng.uniform(2, np.log2(most + 1))))
    up = int(rng.integers(length // 2, length))
    one, two, three = rng.integers(0, count, 3).tolist()
    return [one] * up + [two] * (length - 1 - up) + [three]


def _to_a_power(rng: np.random.Generator, numbers: np.ndarray, most: int) -> list[int]:
    """A large beat as often as it fits below a power of two, one that is near what is left, and
    then small ones: across the power, up and down."""
    number = numbers[:, rng.integers(0, numbers.shape[1])]
    # One of the largest, so that many sums are possible.
    order = np.argsort(-abs(number), kind="stable")
    large = int(order[rng.integers(0, max(len(order) // 64, 1))])
    size = abs(number[large])
    if not size:
        return _anywhere(rng, len(number), most)
    often = np.exp2(rng.uniform(0, np.log2(most - _ABOUT)))
    target = np.exp2(np.floor(np.log2(often * size)))
    times = int(target // size)
    left = np.copysign(target - times * size, number[large])
    nearest = int(abs(number - left).argmin())
    small = order[len(order) * 3 // 4 :]
    return [large] * times + [nearest] + rng.choice(small, _ABOUT - 1).tolist()
