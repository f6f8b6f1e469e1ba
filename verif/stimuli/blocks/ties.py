"""Sums of blocks, and addends, that a crumb decides: numbers of the result's format, a tie beside
them, and a single bit anywhere below.

Of a sum that is normalized, bits that come to stand below the result's last place are seen only if
nothing else is there: where all that follows is a tie. So the sum is made of three parts: a number,
half of its last place, and the crumb. Any of them may be the addend; the products are the rest,
with any scales, so that each of the bits was shifted by any number of places.
"""

import numpy as np

from ....hdl.formats import FloatFormat, Projection, Rounding
from ....hdl.unit import Unit
from ...golden.rounding import project
from ..sums.fields import Made
from ..sums.taken_apart import numbers, take_apart
from .fields import BlockFields, ends_of, in_a_row

__all__ = ["block_ties"]

_DOWN = Projection(rounding=Rounding.RTZ)
#: Which of number, tie and crumb are the addend, and how often of all.
_ADDENDS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0]], bool)
_SHARES = (0.35, 0.08, 0.22, 0.1, 0.02, 0.23)
#: Sums are made until there are enough, but no more often than this.
_ROUNDS = 6
#: Places below the result's last one at which crumbs are as often as anywhere below.
_NEAR = 60


def block_ties(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], most: int
) -> dict[str, np.ndarray]:
    """Such operands, at most so many of them: codes by field, but for those that may be any."""
    fields = BlockFields.of(unit, result)
    # Where one scale with a mantissa scales a whole sum, hardly any sum is such a number.
    if fields is None or not most or fields.factors is not None:
        return {}
    made: list[Made] = []
    found = 0
    for turn in range(_ROUNDS):
        made.append(_some(rng, fields.turned(turn), most))
        found += np.count_nonzero(made[-1].rest == 0)
        if found >= most:
            break
    return in_a_row(made, most)


def _some(rng: np.random.Generator, fields: BlockFields, many: int) -> Made:
    c = fields.unit.parameters.c
    parts = _parts(rng, fields, many)
    share = _SHARES if c is not None else (0, 0, 0, 0, 0, 1)
    there = _ADDENDS[rng.choice(len(_ADDENDS), many, p=share)]
    wanted, exact = _together(parts, ~there)
    made = take_apart(rng, fields, wanted)
    good = exact & (made.rest == 0) & (wanted != 0)
    if c is not None:
        addend, exact = _together(parts, there)
        code = project(numbers(addend), c, _DOWN)
        good &= exact & (c.to_float(code) == addend)
        minus = (addend == 0) & (rng.random(many) < 0.5) & c.signed
        made.codes["c"] = np.where(minus, c.sign_mask, code)
    return Made(made.codes, np.where(good, 0.0, np.nan))


def _parts(rng: np.random.Generator, fields: BlockFields, many: int) -> np.ndarray:
    """A number of the result's format, a tie and a crumb; one row for each."""
    o = fields.result
    low, high = fields.exponents()
    least, most = ends_of(o)
    precision = o.precision if isinstance(o, FloatFormat) else o.width
    # The number's first bit: where numbers are subnormal, or anywhere, as far as sums reach there.
    near = rng.integers(least - 1, least + precision + 3, many)
    start = max(least, low + precision if low > least else low) + 2
    anywhere = rng.integers(start, max(min(most, high) + 1, start + 1), many)
    first = np.where((rng.random(many) < 0.5) & (near >= low), near, anywhere)
    place = np.maximum(first - precision + 1, least)
    if not isinstance(o, FloatFormat):
        place = np.full(many, least)
    ones = (1 << precision - 1) - 1
    fraction = rng.integers(0, ones + 1, many)
    kind = rng.random(many)
    fraction = np.select([kind < 0.2, kind < 0.4], [0, ones], fraction)
    cut = np.clip(precision - 1 - (first - place), 0, precision)
    number = np.ldexp((((ones + 1) | fraction) >> cut).astype(float), place)
    # Random words are added to what is below: steps between two numbers of which a tie is one.
    bits = fields.unit.parameters.projection.random_bits
    half = rng.choice([-1, 0, 0, 0, 0, 1], many) - 1
    half = np.where(rng.random(many) < 0.7, half, -1 - rng.integers(0, bits + 1, many))
    tie = rng.choice([-1.0, 0.0, 1.0], many, p=[0.3, 0.1, 0.6]) * np.ldexp(1.0, place + half)
    close = place - 1 - rng.integers(1, _NEAR, many)
    below = rng.integers(np.minimum(low, place - 2), place - 1)
    at = np.where(rng.random(many) < 0.3, close, below)
    crumb = rng.choice([-1.0, 0.0, 1.0], many, p=[0.4, 0.2, 0.4]) * np.ldexp(1.0, at)
    return np.array([number, tie, crumb]) * rng.choice([-1.0, 1.0], many)


def _together(parts: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each column the sum of the parts that are chosen, and whether it is exact."""
    total, exact = np.zeros(parts.shape[1]), np.ones(parts.shape[1], bool)
    for part, here in zip(parts, chosen.T, strict=True):
        more = np.where(here, total + part, total)
        exact &= ~here | ((more - total == part) & (more - part == total))
        total = more
    return total, exact
