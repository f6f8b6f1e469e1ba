"""What block dot products are tried on: scales and addends that let every part of a sum matter.

Uniform scales would leave one block in charge of nearly every sum, and uniform addends would drown
it. Here the scales of one vector are near each other most of the time, elements cancel in part of
the vectors, one of them is far above the others in some, and the addend is near the sum, or the
sum's opposite.
"""

from typing import Any

import numpy as np

from ....hdl.formats import (
    BlockFormat,
    Decoded,
    FloatFormat,
    IntegerFormat,
    NumberFormat,
    Projection,
)
from ...golden.rounding import project

__all__ = ["block_stimuli", "near_scales", "plain_sums", "takes_blocks"]

# Of the vectors, which part has scales drawn from all codes, and which has cancelling elements.
_ANY_SCALES, _CANCELLING, _DOMINATED = 0.25, 0.25, 0.15
_NEAR = 4  # binades around the vector's own


def takes_blocks(parameters: Any) -> bool:
    """Whether a unit with these parameters multiplies blocks of two block formats."""
    sides = (getattr(parameters, side, None) for side in "ab")
    return all(isinstance(side, BlockFormat) for side in sides)


def block_stimuli(
    rng: np.random.Generator, parameters: Any, drawn: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The fields of ``drawn`` that are drawn anew: scales, addend, and parts of the elements.

    Args:
        drawn: codes of every field, as other units get them.
    """
    p = parameters
    result = dict(drawn)
    for side, block in (("a", p.a), ("b", p.b)):
        codes = drawn[f"{side}_scale"]
        near = near_scales(rng, block.scale, np.shape(codes))
        if near is not None:
            anywhere = rng.random(len(codes)) < _ANY_SCALES
            anywhere = anywhere.reshape(-1, *[1] * (codes.ndim - 1))
            result[f"{side}_scale"] = np.where(anywhere, codes, near)
    _cancel(rng, p, result)
    _dominate(rng, p, result)
    if isinstance(getattr(p, "c", None), FloatFormat):
        result["c"] = _addends(rng, p, result)
    return result


def near_scales(
    rng: np.random.Generator, scale: NumberFormat, shape: tuple[int, ...]
) -> np.ndarray | None:
    """Finite scales within a few binades of each vector's own; None for integers."""
    if not isinstance(scale, FloatFormat):
        return None
    rows = (shape[0], *[1] * (len(shape) - 1))
    middle = rng.integers(0, scale.max_exponent_field + 1, rows)
    around_one = np.clip(scale.bias + rng.integers(-8, 9, rows), 0, scale.max_exponent_field)
    middle = np.where(rng.random(rows) < 0.6, around_one, middle)
    field = middle + rng.integers(-_NEAR, _NEAR + 1, shape)
    mantissa = rng.integers(0, 1 << scale.mantissa_width, shape)
    magnitude = np.clip((field << scale.mantissa_width) | mantissa, 0, scale.max_magnitude)
    sign = rng.integers(0, 2, shape) * scale.sign_mask
    return magnitude | sign


def _cancel(rng: np.random.Generator, p: Any, fields: dict[str, np.ndarray]) -> None:
    """In part of the vectors the second half of the products repeats the first, negated; one
    element apart, so that little is left of the sum."""
    a, b = np.array(fields["a"]), np.array(fields["b"])
    half = a.shape[1] // 2
    if not half or not p.a.element.signed:
        return
    rows = np.flatnonzero(rng.random(len(a)) < _CANCELLING)
    a[rows, half : 2 * half] = _negated(a[rows, :half], p.a.element)
    b[rows, half : 2 * half] = b[rows, :half]
    apart = rng.integers(0, a.shape[1], len(rows))
    keep = rng.random(len(rows)) < 0.5
    a[rows[keep], apart[keep]] = fields["a"][rows[keep], apart[keep]]
    fields["a"], fields["b"] = a, b


def _negated(codes: np.ndarray, element: NumberFormat) -> np.ndarray:
    if isinstance(element, IntegerFormat):
        least = element.min_integer & ((1 << element.width) - 1)
        return np.where(codes == least, least, -codes & ((1 << element.width) - 1))
    assert isinstance(element, FloatFormat)
    flipped = codes ^ element.sign_mask
    return np.where((codes & element.magnitude_mask) == 0, codes, flipped)


def _dominate(rng: np.random.Generator, p: Any, fields: dict[str, np.ndarray]) -> None:
    """In some vectors one product is the largest there is, among small ones."""
    rows = np.flatnonzero(rng.random(len(fields["a"])) < _DOMINATED)
    lane = rng.integers(0, fields["a"].shape[1], len(rows))
    for side, element in (("a", p.a.element), ("b", p.b.element)):
        codes = np.array(fields[side])
        if isinstance(element, FloatFormat):
            top = element.max_magnitude
            small = rng.integers(0, (2 << element.mantissa_width) + 1, codes[rows].shape)
            small |= codes[rows] & element.sign_mask
            codes[rows] = np.minimum(small, element.max_magnitude | element.sign_mask)
        else:
            top = element.max_integer
        codes[rows, lane] = top
        fields[side] = codes


def _addends(rng: np.random.Generator, p: Any, fields: dict[str, np.ndarray]) -> np.ndarray:
    """Addends of the sum's size, some of which cancel it."""
    codes, count = fields["c"], len(fields["c"])
    with np.errstate(all="ignore"):
        total = plain_sums(p, fields)
        near = total * rng.choice([-1.0, 1.0], count)
        near = near * np.where(rng.random(count) < 0.5, 1.0, 1 + rng.standard_normal(count) * 1e-5)
        apart = np.ldexp(near, rng.integers(-40, 41, count))
        value = np.where(rng.random(count) < 0.5, near, apart)
    usable = np.isfinite(value) & (value != 0)
    mantissa, exponent = np.frexp(np.where(usable, value, 1.0))
    numbers = Decoded(
        np.zeros(count, bool),
        np.zeros(count, bool),
        mantissa < 0,
        np.abs(np.ldexp(mantissa, 53)).astype(np.int64),
        exponent.astype(np.int64) - 53,
    )
    return np.where(usable & (rng.random(count) < 0.75), project(numbers, p.c, Projection()), codes)


def plain_sums(p: Any, fields: dict[str, np.ndarray]) -> np.ndarray:
    """The sums without addends in binary64, roughly."""
    sides = []
    for side, block in (("a", p.a), ("b", p.b)):
        assert isinstance(block, BlockFormat)
        elements = block.element.to_float(fields[side])
        if block.zero_point:
            zero = np.asarray(fields[f"{side}_zero"]).reshape(len(elements), -1)
            elements = elements - np.repeat(block.element.to_float(zero), block.size, axis=1)
        scales = block.scale.to_float(np.asarray(fields[f"{side}_scale"]))
        sides.append(elements * np.repeat(scales.reshape(len(elements), -1), block.size, axis=1))
    return (sides[0] * sides[1]).sum(axis=1)
