"""Blocks of unsigned integers with a scale and a zero point that the block's range gives.

For a block with the least number min and the largest max, zero among them (0 if all have one sign),
and elements of n bits::

    s    = (max - min) / (2**n - 1), rounded to the scale's format
    z    = -min / s, rounded and held to 0 ... 2**n - 1
    q[i] = x[i] / s, rounded, plus z, held to 0 ... 2**n - 1

as in R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference"
(arXiv 1806.08342, 2.1). Every quotient is exact before it is rounded, ties to even. Zero is
``q = z``, always. No unit does this yet: it needs a sum of two floats before the scale's division,
and a division by the scale for every element and the zero point.
"""

from typing import Any

import numpy as np

from ....hdl.formats import BlockFormat, Decoded, FloatFormat, IntegerFormat, Projection
from ..exact import wide
from ..rounding import project
from .block_scales import is_special

__all__ = ["quantize_with_zero_points"]


def quantize_with_zero_points(
    numbers: Any, a: FloatFormat, o: BlockFormat
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes of elements, of scales and of zero points; a block a row.

    A NaN or an infinity makes the scale NaN. Beside that, and beside a zero scale, elements and
    zero point are 0.

    Raises:
        ValueError: if the format has no zero points, or its scales are no floats with a NaN.
    """
    if not o.zero_point:
        raise ValueError(f"The block format must have zero points, not '{o}'")
    if not isinstance(o.scale, FloatFormat) or o.scale.nan_code is None or not o.scale.zero:
        raise ValueError(f"The scales must be floats with a zero and a NaN, not '{o.scale}'")
    assert isinstance(o.element, IntegerFormat)
    numbers = np.asarray(numbers)
    top = o.element.max_integer
    bad = np.asarray(is_special(numbers, a).any(axis=-1), bool)
    # All numbers in units of the smallest one, and so as exact as they are.
    x = a.decode(np.where(bad[:, None], 0, numbers))
    size = wide(x.significand, 62) << (x.exponent - a.lsb_exponent).astype(object)
    units = np.where(x.negative, -size, size)
    most = np.maximum(units.max(axis=-1), 0)
    least = np.minimum(units.min(axis=-1), 0)
    scales = _quotient(most - least, top, a.lsb_exponent, o.scale)
    s = o.scale.decode(scales)
    dead = bad | (s.significand == 0)
    divisor = np.where(dead, 1, s.significand).astype(object)
    power = np.where(dead, 0, a.lsb_exponent - s.exponent)
    zeros = np.clip(_integers(-least, divisor, power), 0, top)
    codes = _integers(units, divisor[:, None], power[:, None]) + zeros[:, None]
    codes = np.where(dead[:, None], 0, np.clip(codes, 0, top)).astype(np.int64)
    scales = np.where(bad, o.scale.nan_code, scales)
    return codes, scales, np.where(dead, 0, zeros).astype(np.int64)


def _quotient(dividend: np.ndarray, divisor: int, power: int, format: FloatFormat) -> np.ndarray:
    """The code of ``dividend / divisor * 2**power``."""
    more = format.precision + divisor.bit_length() + 3
    shifted = dividend << more
    significand = shifted // divisor * 2 + (shifted % divisor != 0)
    no = np.zeros(len(dividend), bool)
    exponent = np.full(len(dividend), power - more - 1)
    return project(Decoded(no, no, no, significand, exponent), format, Projection())


def _integers(dividend: np.ndarray, divisor: np.ndarray, power: np.ndarray) -> np.ndarray:
    """``dividend / divisor * 2**power`` rounded to an integer, ties to even."""
    n = dividend << np.maximum(power, 0).astype(object)
    d = divisor << np.maximum(-power, 0).astype(object)
    quotient, rest = n // d, n % d
    return quotient + ((2 * rest > d) | ((2 * rest == d) & (quotient % 2 == 1)))
