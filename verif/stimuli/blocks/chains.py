"""Chains of sums over blocks that are rounded after each product: every step aimed at its own sum.

The first step's addend is made for its product: it has a tie where the product's sum with it
ends, a bit below that, and bits above; or it cancels the product but for a few places. Each later
product is the one nearest to a tie of the sum so far, to its opposite, or to a few bits far from
it. In part of the steps the product is zero, so that a step far down the chain still sees the
addend itself.
"""

import numpy as np

from ....hdl.formats import FloatFormat, Projection
from ....hdl.unit import Unit
from ...golden.rounding import project
from ..sums.taken_apart import draw_scales, numbers
from .fields import BlockFields, ends_of

__all__ = ["block_chains"]

#: Of the steps, how many have a product.
_ACTIVE = 0.75
#: Places between two numbers, of which one may be lost beside the other.
_APART = 30


def block_chains(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], most: int
) -> dict[str, np.ndarray]:
    """Such operands, so many: codes by field; none for other units."""
    fields = BlockFields.of(unit, result)
    if fields is None or not most or not isinstance(fields.result, FloatFormat):
        return {}
    o, c = fields.result, unit.parameters.c
    low, high = fields.exponents()
    least, greatest = ends_of(o)
    anywhere = rng.integers(max(low, least), min(high, greatest) + 2, most)
    near = rng.integers(least - 6, least + o.precision + 8, most)
    size = np.where(rng.random(most) < 0.5, near, anywhere)
    scales, factor = draw_scales(rng, fields, np.ldexp(1.0, size))
    table = fields.table
    index = rng.integers(0, len(table.values), factor.shape)
    active = rng.random(factor.shape) < _ACTIVE
    codes = {f"{side}_scale": code for side, code in scales.items()}
    so_far = np.zeros(most)
    if c is not None:
        needed, addend = _addends(rng, o, c, table.values[index[:, 0]] * factor[:, 0])
        usable = (rng.random(most) < 0.95) & np.isfinite(addend)
        codes["c"] = np.where(usable, _rounded(addend, c), result["c"][:most])
        so_far = _finite(c, codes["c"])
        active[:, 0] |= needed
    for lane in range(factor.shape[1]):
        if lane or c is None:
            wanted = _wanted(rng, o, so_far, table.values[index[:, lane]] * factor[:, lane])
            downward = rng.random(most) < 0.5
            index[:, lane] = table.nearest(wanted / factor[:, lane], downward)
        index[~active[:, lane], lane] = int(np.searchsorted(table.values, 0))
        total = so_far + table.values[index[:, lane]] * factor[:, lane]
        so_far = _finite(o, _rounded(total, o))
    codes["a"], codes["b"] = table.codes(rng, index)
    return codes


def _addends(
    rng: np.random.Generator, o: FloatFormat, c: FloatFormat, product: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Addends for products, and whether they make no sense without them."""
    many, width = len(product), c.precision
    at = np.frexp(product)[1] - 1
    tie = np.maximum(at - o.precision + 1, o.lsb_exponent) - 1 - rng.choice([0, 0, 1], many)
    around = rng.choice([-1.0, 0.0, 1.0], many, p=[0.1, 0.1, 0.8]) * np.ldexp(1.0, tie)
    around = around + _bit(rng, tie - rng.integers(1, width, many), 0.8)
    for _ in range(2):
        around = around + _bit(rng, tie + rng.integers(1, width, many), 0.6)
    few = rng.choice([1, 1, 1, 3, 5, 7], many)
    left = _bit(rng, at - rng.integers(1, width + 4, many), 1.0) * few
    bits = [_bit(rng, at - rng.integers(0, width, many), 2 / 3) for _ in range(3)]
    apart = rng.integers(-_APART, _APART + 1, many)
    sparse = np.ldexp(np.ldexp(1.0, at) + np.sum(bits, axis=0), apart)
    # Numbers of whose sum with the product the product's last bits are the tie.
    ones = (1 << o.precision - 1) - 1
    fraction = np.where(rng.random(many) < 0.6, rng.integers(0, ones + 1, many), 0)
    fraction = np.where(rng.random(many) < 0.2, ones, fraction)
    whole = np.ldexp((ones + 1 | fraction).astype(float), at + rng.integers(-1, 4, many))
    kind = rng.choice(4, many, p=[0.55, 0.1, 0.2, 0.15])
    sign = rng.choice([-1.0, 1.0], many)
    made = np.choose(kind, [around * sign, left - product, sparse * sign, whole * sign])
    return kind != 2, made


def _wanted(
    rng: np.random.Generator, o: FloatFormat, so_far: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """What a product should be beside a sum; what was drawn where that is zero."""
    many = len(so_far)
    at = np.frexp(so_far)[1] - 1
    tie = np.maximum(at - o.precision + 1, o.lsb_exponent) - 1 - rng.integers(0, 3, many)
    few = rng.choice([1, 1, 1, 3, 5, 7], many)
    far = at + rng.integers(-_APART, _APART + 1, many)
    kind = rng.choice(4, many, p=[0.35, 0.25, 0.2, 0.2])
    kind = np.where(so_far == 0, 3, kind)
    return np.choose(kind, [_bit(rng, tie, 1.0) * few, -so_far, _bit(rng, far, 1.0) * few, drawn])


def _bit(rng: np.random.Generator, exponent: np.ndarray, often: float) -> np.ndarray:
    """A power of two of either sign, or zero."""
    part = [often / 2, 1 - often, often / 2]
    return rng.choice([-1.0, 0.0, 1.0], len(exponent), p=part) * np.ldexp(1.0, exponent)


def _rounded(values: np.ndarray, format: FloatFormat) -> np.ndarray:
    return project(numbers(np.nan_to_num(values, posinf=0, neginf=0)), format, Projection())


def _finite(format: FloatFormat, codes: np.ndarray) -> np.ndarray:
    return np.nan_to_num(format.to_float(codes), posinf=0, neginf=0)
