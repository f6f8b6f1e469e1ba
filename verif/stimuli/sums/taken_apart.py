"""Exact numbers as sums of a unit's products, many at once.

Scales are drawn first, around those that fit; then each lane in turn, those of large scales first,
takes the product that is nearest to what is left. A row where something is left at the end has
failed: there are many.
"""

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, Projection, Rounding
from ...golden.rounding import project
from .fields import Made, SumFields, scale_ends

__all__ = ["draw_scales", "numbers", "take_apart"]

_DOWN = Projection(rounding=Rounding.RTZ)


def take_apart(rng: np.random.Generator, fields: SumFields, wanted: np.ndarray) -> Made:
    """Operands whose sums are near the numbers that are wanted."""
    rest, addends = _add(rng, fields.addend, wanted)
    scales, factor = draw_scales(rng, fields, rest)
    count, lanes = factor.shape
    # Lanes of the same scale in any order.
    order = np.argsort(-factor * (1 + rng.random(factor.shape) / 4), axis=1, kind="stable")
    signs = np.sign(fields.table.values)
    downward = (rng.random(count) < 0.5) | (signs.min() == 0) | (signs.max() == 0)
    zero = int(np.flatnonzero(fields.table.values == 0)[0])
    index = np.full((count, lanes), zero)
    rows = np.arange(count)
    for lane in order.T:
        if not rest.any():
            break
        found = fields.table.nearest(rest / factor[rows, lane], downward)
        index[rows, lane] = found
        rest = rest - fields.table.values[found] * factor[rows, lane]
    if fields.rounded is not None:
        parts = fields.table.values[index] * factor
        rest = np.where(_as_they_are(fields.rounded, wanted - rest, parts), rest, np.nan)
    a, b = fields.table.codes(rng, index)
    codes = {"a": a, "b": b} | {f"{side}_scale": scale for side, scale in scales.items()}
    for side, zero in fields.table.zeros.items():
        codes[f"{side}_zero"] = np.full((count, fields.blocks[side] * fields.together), zero)
    return Made(codes | ({} if addends is None else {"c": addends}), rest)


def _as_they_are(o: FloatFormat, sums: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Whether no sum is rounded on the way, where products are added in order and sums rounded."""
    after = np.cumsum(parts[:, ::-1], axis=1)[:, ::-1]
    so_far = sums[:, None] - after
    kept = o.to_float(project(numbers(so_far), o, _DOWN)) == so_far
    return kept.all(axis=1)


def _add(
    rng: np.random.Generator, c: FloatFormat | None, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """What is left beside addends, of which two in three are next to the number."""
    if c is None:
        return wanted, None
    codes = project(numbers(wanted), c, _DOWN)
    up = rng.integers(0, 2, len(codes)) * ((codes & c.magnitude_mask) < c.max_magnitude)
    codes = np.where(rng.random(len(codes)) < 0.67, codes + up, 0)
    # What is far below an addend would be lost here.
    number = c.to_float(codes)
    rest = wanted - number
    codes = np.where((rest + number == wanted) & (wanted - rest == number), codes, 0)
    return wanted - c.to_float(codes), codes


def draw_scales(
    rng: np.random.Generator, fields: SumFields, rest: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Codes of scales of all blocks, and what they multiply each lane's products by."""
    lanes = fields.lanes * fields.together
    factor = np.ones((len(rest), lanes))
    if not fields.scales:
        return {}, factor
    significands = _significands(rng, fields, rest)
    size = abs(rest)
    for significand in significands.values():
        size = size / significand
    exponent = np.frexp(np.where(size > 0, size, 1.0))[1] - 1
    low, high = fields.table.exponents
    # One product may be all of it; or it is the sum of as many as there are. It has the places of
    # the least, if not some are left to other blocks.
    high += lanes.bit_length()
    least = low + np.frexp(_odd(size).astype(float))[1] - 1
    least = np.where(least > high, low, np.maximum(least, low))
    total = exponent - rng.integers(least, high + 1)
    ends = {side: scale_ends(scale) for side, scale in fields.scales.items()}
    codes = {}
    for side, scale in fields.scales.items():
        others = [ends[other] for other in ends if other not in codes and other != side]
        least = np.maximum(ends[side][0], total - sum(other[1] for other in others))
        most = np.minimum(ends[side][1], total - sum(other[0] for other in others))
        own = rng.integers(np.minimum(least, most), np.maximum(least, most) + 1)
        own = np.clip(own, *ends[side])
        total = total - own
        blocks = fields.blocks[side] * fields.together
        # Some blocks are far below the others: together they hold more bits than one of them.
        apart = rng.integers(0, 32, (len(rest), blocks))
        apart = np.where(rng.random((len(rest), blocks)) < 0.5, 0, apart)
        apart[:, rng.integers(0, blocks)] = 0
        at = np.maximum(own[:, None] - apart, ends[side][0])
        value = np.ldexp(significands[side][:, None], at)
        codes[side] = project(numbers(value), scale, _DOWN)
        factor = factor * np.repeat(scale.to_float(codes[side]), lanes // blocks, axis=1)
    return codes, factor


def _significands(
    rng: np.random.Generator, fields: SumFields, rest: np.ndarray
) -> dict[str, np.ndarray]:
    """From 1 to 2, for both sides' scales: mostly ones, or such that what is left for the elements
    is a short number."""
    found = {side: np.ones(len(rest)) for side in fields.scales}
    factors = fields.factors
    if factors is None:
        return found
    mantissas = {s: f.mantissa_width for s, f in fields.scales.items() if f.mantissa_width}
    # The longest takes what is left when a divisor is taken away, the other one a part of that.
    number = _odd(rest)
    for side in sorted(mantissas, key=lambda side: -mantissas[side]):
        divisor = _divisor(rng, number, factors, 2 << mantissas[side])
        usable = (divisor > 0) & (rng.random(len(rest)) < 0.75)
        part = np.where(usable, number // np.maximum(divisor, 1), 1)
        found[side] = 2 * np.frexp(part.astype(float))[0]
        number = np.where(usable, divisor, number)
    return found


def _odd(numbers: np.ndarray) -> np.ndarray:
    """What is left of numbers without signs, and without their factors of two."""
    significand = (np.abs(np.frexp(numbers)[0]) * (1 << 53)).astype(np.int64)
    return significand // np.maximum(significand & -significand, 1)


def _divisor(
    rng: np.random.Generator, numbers: np.ndarray, factors: np.ndarray, most: int
) -> np.ndarray:
    """Of each odd number any of the factors that leaves less than ``most``; 0 if there is none."""
    found = np.zeros(len(numbers), np.int64)
    each, which = np.unique(numbers, return_inverse=True)
    for k, number in enumerate(each.tolist()):
        if not 0 < number < most * factors[-1]:
            continue
        some = factors[np.searchsorted(factors, number // most) :]
        usable = some[(number % some == 0) & (number < most * some)]
        if len(usable):
            rows = np.flatnonzero(which == k)
            found[rows] = rng.choice(usable, len(rows))
    return found


def numbers(values: np.ndarray) -> Decoded:
    """Numbers in binary64 as what they are exactly."""
    mantissa, exponent = np.frexp(values)
    none = np.zeros(np.shape(values), bool)
    significand = np.abs(np.ldexp(mantissa, 53)).astype(np.int64)
    return Decoded(none, none, values < 0, significand, exponent.astype(np.int64) - 53)
