"""What numbers must be for their block's scale and elements to be near numbers of their formats,
and what scales must be for elements times them to be."""

from typing import Any

import numpy as np

from ....hdl.convert.block_amax import EXPONENT
from ....hdl.formats import Decoded, FloatFormat, NumberFormat, Projection, Rounding
from ....hdl.formats.scale_rules import rule_of
from ....hdl.unit import Unit
from ...golden.rounding import project
from ..blocks.alike import nearly_alike
from ..blocks.quotients import meet_scales
from .numbers import aimed_factors, aimed_numbers, targets

__all__ = ["aim_blocks", "aim_scaled"]

_DOWN = Projection(rounding=Rounding.RTZ)
# Of the blocks, how many have a second number that is hardly smaller than the largest, or greater.
_RIVALS = 0.25
# Blocks whose largest numbers are alike, where several share a scale.
_TOGETHER = 3


def aim_blocks(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Blocks to be quantized whose largest number asks for a scale near a number of the scale's
    format, and whose others are near numbers of the element's format; how many.

    Some have a rival of the largest number, one bit or one step apart from it, in the block, or in
    one after it where several blocks share a scale.
    """
    p = unit.parameters
    a, block = p.a, p.o
    rows, lanes = len(result["a"]) // 2, result["a"].shape[1]
    element = block.element
    top = element.max_integer.bit_length() - 1 + element.lsb_exponent
    scale, lift = _aimed_scales(rng, p, result, rows, top)
    by_top = rng.random(rows) < 0.5
    if unit.beats > 1:
        # Those that come together are as large as the first of them.
        alike = np.arange(rows) // _TOGETHER * _TOGETHER
        scale = Decoded(*(np.asarray(v)[alike] for v in vars(scale).values()))
        by_top = by_top[alike]
    significand = np.where(by_top, scale.significand * element.max_integer, scale.significand)
    exponent = scale.exponent + np.where(by_top, element.lsb_exponent, top) - lift
    largest = Decoded(scale.nan, scale.infinite, scale.negative, significand, exponent)
    codes = np.empty((rows, lanes), np.int64)
    # Exponents of the scales, roughly: they are exact where they are powers of two.
    at = scale.exponent + _length(scale.significand) - lift
    for lane in range(lanes):
        near = targets(rng, element, rows)
        moved = Decoded(
            near.nan, near.infinite, near.negative, near.significand, near.exponent + at
        )
        codes[:, lane] = aimed_numbers(rng, a, element, rows, moved)
    peak, every = project(largest, a, _DOWN), np.arange(rows)
    lane = rng.integers(0, lanes, rows)
    if unit.beats > 1:
        peak = np.where(rng.random(rows) < 2 * _RIVALS, _rivals(rng, a, peak), peak)
    codes[every, lane] = peak
    rivals = every[rng.random(rows) < _RIVALS]
    other = (lane[rivals] + rng.integers(1, max(lanes, 2), len(rivals))) % lanes
    codes[rivals, other] = _rivals(rng, a, peak[rivals])
    result["a"][:rows] = codes
    if hasattr(p, "random_source"):
        if rule_of(block, p.rule).by_spread:
            nearly_alike(rng, a, result["a"][rows // 2 : rows])
        meet_scales(rng, unit, result, rows)
    return rows


def _aimed_scales(
    rng: np.random.Generator, p: Any, result: dict[str, np.ndarray], rows: int, top: int
) -> tuple[Decoded, np.ndarray]:
    """The scales to be made, and exponents of powers of two that multiply the numbers before.

    They are those that numbers can make; scales that are given are what they are.
    """
    low, high = _range(p.a)
    scale: FloatFormat = p.o.scale
    lift = np.zeros(rows, np.int64)
    if "a_scale" in result:
        given = scale.decode(result["a_scale"][:rows])
        significand = np.where(given.nan | given.infinite, 1, given.significand)
        none = np.zeros(rows, bool)
        return Decoded(none, none, given.negative, significand, given.exponent), lift
    lifted = "exponent" in result or "tensor_scale" in result
    target = targets(rng, scale, rows, None if lifted else (low - top, high - top))
    if lifted:
        size = target.exponent + _length(target.significand) + top
        lift = size - rng.integers(low, high + 1, rows)
        if "exponent" in result:
            lift = np.clip(lift, EXPONENT.min_integer, EXPONENT.max_integer)
            result["exponent"][:rows] = lift & (1 << EXPONENT.width) - 1
        else:
            lift = np.clip(lift, -126, 127)
            result["tensor_scale"][:rows] = lift + 127 << 23
    return target, lift


def _rivals(rng: np.random.Generator, a: FloatFormat, codes: np.ndarray) -> np.ndarray:
    """The same magnitudes but for one bit, or none, or next to them, of any sign."""
    magnitude = codes & a.magnitude_mask
    one_off = magnitude ^ (1 << rng.integers(0, a.width, len(codes)))
    beside = magnitude + rng.integers(-1, 2, len(codes))
    rival = np.where(rng.random(len(codes)) < 0.6, one_off, np.clip(beside, 0, a.max_magnitude))
    return (rival & a.magnitude_mask) | rng.integers(0, 2, len(codes)) * a.sign_mask


def _length(significand: Any) -> np.ndarray:
    return np.log2(np.maximum(significand, 1)).astype(np.int64)


def _range(format: NumberFormat) -> tuple[int, int]:
    """Exponents of the least and of the greatest number."""
    return format.lsb_exponent, format.lsb_exponent + format.max_integer.bit_length() - 1


def aim_scaled(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Scales whose product with the first element is near a number of the result's format."""
    p = unit.parameters
    if not isinstance(p.a.scale, FloatFormat) or not isinstance(p.o, FloatFormat):
        return 0
    rows = len(result["a"]) // 4
    number = p.a.difference
    x, scale = aimed_factors(rng, number, p.a.scale, p.o, rows)
    result["a_scale"][:rows] = scale
    if p.a.zero_point:
        value = number.integers(x)
        result["a"][:rows, 0] = np.maximum(value, 0)
        result["a_zero"][:rows] = np.maximum(-value, 0)
    else:
        result["a"][:rows, 0] = x
    return rows
