"""Sums that keep a unit at work for as long as there can be: the most beats, of the most digits.

Where data decide how long a beat takes, random beats take about the same together, and what counts
their cycles never comes to its end. Ones and zeros in turn have a digit that is not zero at every
place, whatever the digits are.
"""

from typing import Any

import numpy as np

from ....hdl.formats import IntegerFormat
from ....hdl.unit import Unit
from ..aimed.rows import element_of
from ..bounds import set_bounds
from ..extremes import numbers_alone

__all__ = ["longest_work"]

#: Sums, of which all but the first two have the other operand as it was drawn; of all beats, one in
#: so many at the most.
_SUMS, _PART = 4, 16


def longest_work(unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such sums over the last draws; how many beats."""
    fields: dict[str, Any] = {name: field.shape for name, field in unit.i.payload.shape()}
    count = len(result["a"]) if "a" in result else 0
    sums = min(_SUMS, count // _PART // unit.beats)
    if unit.fixed_interval or "last" not in fields or unit.beats < 2 or sums < 2:
        return 0
    codes = {}
    for name in "ab":
        format = element_of(fields.get(name))
        if not isinstance(format, IntegerFormat) or format.width > 62:
            return 0
        codes[name] = format
    # The lowest bit is one in one sum, the second lowest in the next.
    turns = [int(digit * 16, 16) & (1 << codes["a"].width) - 1 for digit in "5a"]
    if codes["a"].narrow and turns[1] == 1 << codes["a"].width - 1:
        turns[1] = turns[0]  # which must not occur
    rows = [np.full(unit.beats, turns[k % 2]) for k in range(sums)]
    rows += _about_powers(unit, result, turns[0], count // _PART)
    lengths = np.array([len(row) for row in rows])
    many = int(lengths.sum())
    where = slice(count - many, count)
    axes = (-1, *[1] * (result["a"].ndim - 1))
    result["a"][where] = np.concatenate(rows).reshape(axes)
    strongest = codes["b"].min_integer or codes["b"].max_integer
    result["b"][where][: 2 * unit.beats] = strongest & (1 << codes["b"].width) - 1
    set_bounds(result, where.start, where.start - 1 + np.cumsum(lengths))
    return many


def _about_powers(
    unit: Unit, result: dict[str, np.ndarray], code: int, room: int
) -> list[np.ndarray]:
    """Sums of nearly a power of two of cycles, where those are counted: of beats of most digits,
    and of beats without any, which take one cycle."""
    names = [name for name, _ in unit.o.payload.shape()]
    if "cycles" not in names:
        return []
    beat = {name: codes[:1].copy() for name, codes in result.items()}
    beat["a"][:], beat["first"][:], beat["last"][:] = code, 1, 1
    longest = int(numbers_alone(unit, beat)[names.index("cycles")][0, 0])
    found: list[np.ndarray] = []
    for power in range((longest * unit.beats).bit_length()):
        for cycles in range(max((1 << power) - 3, 1), (1 << power) + 2):
            many = min(cycles // longest, unit.beats)
            ones = cycles - longest * many
            room -= many + ones
            if room >= 0 and many + ones <= unit.beats:
                found.append(np.array([code] * many + [0] * ones))
    return found
