"""The scale of a block from the standard deviation of its numbers, exactly."""

from typing import Any

import numpy as np

from ....hdl.formats import BlockFormat, FloatFormat
from ....hdl.formats.scale_rules import ScaleOverflow, ScaleRule, ZeroBlock, spread_constant
from ..exact import shift_left, shift_right, wide
from .block_scales import is_special, power_codes, zero_block_code

__all__ = ["spread_codes"]


def spread_codes(
    numbers: np.ndarray,
    a: FloatFormat,
    o: BlockFormat,
    rule: ScaleRule,
    bits: int,
    *,
    zero_block: ZeroBlock,
    overflow: ScaleOverflow,
    flush: bool,
    exponent: Any = 0,
) -> np.ndarray:
    """Codes of the scales of blocks, a block a row.

    The unit of a block is the power of two in which numbers with its largest exponent have ``bits``
    bits; numbers count as integers of that unit, what is below being cut off.
    """
    assert isinstance(o.scale, FloatFormat)
    count = numbers.shape[-1]
    magnitudes = np.where(is_special(numbers, a), 0, numbers & a.magnitude_mask).astype(np.int64)
    mantissa = a.mantissa_width
    field = magnitudes >> mantissa
    significand = magnitudes & ((1 << mantissa) - 1)
    if flush:
        significand = np.where(field == 0, 0, significand)
    significand = significand + ((field > 0).astype(np.int64) << mantissa)
    field = np.maximum(field, 1)
    top = field.max(axis=-1)
    down = mantissa + 1 - bits + top[:, None] - field
    size = shift_left(shift_right(significand, down), -down)
    # n**2 times the variance is at most n**2 times the largest square.
    room = 2 * (bits + count.bit_length())
    size = wide(size, room)
    signed = np.where((numbers & a.sign_mask) != 0, -size, size)
    spread = count * (size * size).sum(axis=-1) - signed.sum(axis=-1) ** 2
    # 4**j * n**2 <= c**2 * spread from the least integer on that is as large: one of these.
    limits = count**2 / spread_constant(rule)
    lowest = -(limits.numerator.bit_length() // 2 + 1)
    highest = room // 2 + 1
    least = [-(-limits * 4**j // 1) for j in range(lowest, highest)]
    # None is reached beyond 2**room.
    thresholds = np.array([min(int(x), 2 << room) for x in least], dtype=spread.dtype)
    half_log = np.searchsorted(thresholds, spread, side="right") - 1 + lowest
    unit = top - a.bias - (bits - 1)
    power = half_log + unit + np.asarray(exponent)
    codes = power_codes(power, o.scale, overflow)
    return np.where(spread == 0, zero_block_code(o.scale, zero_block), codes)
