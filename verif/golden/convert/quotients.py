"""Codes of quotients, tens of millions a second: a division in binary64 and a look-up.

How x / s is rounded depends on which of the target's numbers and of the midpoints between them the
quotient lies between, or equals. Binary64 division does not lose that: let x have at most 26
significant bits, s at most 24, and such a number or midpoint m at most k. If x and m * s differ,
they do so by at least the last place of one of them, which is a fraction of ``2**-26`` or of
``2**-(24 + k)`` of it. So x / s differs from m by such a fraction, with k up to 12 far more than
the ``2**-53`` by which division may be wrong: its result lies on the same side of m, and equals m
only where the quotient does.

The result's upper bits, and a sticky bit that says whether anything is left below, thus are those
of the quotient. They are a code of a float format, too; what :func:`project`, the exact rounder,
makes of all its codes is the table.
"""

from functools import cache
from typing import Any

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, NumberFormat, Projection, parse_format
from ..rounding import project

__all__ = ["has_table", "is_narrow", "project_floats", "to_floats"]

_MAX_TABLE_BITS = 21
_FP32, _BF16, _FP16 = (parse_format(name) for name in ("fp32", "bf16", "fp16"))
_EXPONENT_WIDTHS = {np.float32: 8, np.float64: 11}


@cache
def is_narrow(format: NumberFormat) -> bool:
    """Whether the argument above covers numbers of a format as dividends and as divisors.

    Their exponents are held to 200, so that no quotient is beyond binary64, nor is it when
    multiplied by a power of two from ``2**-512`` to ``2**512``.
    """
    precision = format.precision if isinstance(format, FloatFormat) else format.width
    most = format.max_integer.bit_length() + format.lsb_exponent
    return precision <= 24 and format.lsb_exponent >= -200 and most <= 200


def to_floats(codes: np.ndarray, format: FloatFormat) -> np.ndarray:
    """The numbers in binary32 for its subsets in wide use, else in binary64."""
    if format == _FP32:
        return codes.astype(np.uint32, copy=False).view(np.float32)
    if format == _BF16:
        return (codes.astype(np.uint32) << 16).view(np.float32)
    if format == _FP16:
        return codes.astype(np.uint16, copy=False).view(np.float16).astype(np.float32)
    return format.to_float(codes)


@cache
def has_table(dtype: type[np.floating], target: NumberFormat, projection: Projection) -> bool:
    """Whether :func:`project_floats` can be used."""
    return (
        not projection.rounding.stochastic
        and _rounded_to_odd(dtype, target).width <= _MAX_TABLE_BITS
    )


def project_floats(
    quotients: np.ndarray, target: NumberFormat, projection: Projection
) -> np.ndarray:
    """Codes in ``target`` of quotients in binary32 or binary64, NaN and infinities included."""
    dtype = quotients.dtype.type
    bits = quotients.dtype.itemsize * 8
    dropped = bits + 1 - _rounded_to_odd(dtype, target).width
    word = quotients.view(f"u{bits // 8}")
    index = word >> dropped
    index <<= 1
    index |= (word & ((1 << dropped) - 1)) != 0
    return np.take(_table(dtype, target, projection), index.view(f"i{bits // 8}"), mode="clip")


@cache
def _rounded_to_odd(dtype: Any, target: NumberFormat) -> FloatFormat:
    """The upper bits of a quotient, the target's numbers and midpoints, and the sticky bit."""
    width = _EXPONENT_WIDTHS[dtype]
    if isinstance(target, FloatFormat):
        kept = target.precision
    else:  # in units; beyond the largest number nothing is to be told apart
        kept = max(target.max_integer, -target.min_integer - 1).bit_length()
    return FloatFormat(width, kept + 1, (1 << (width - 1)) - 1)


@cache
def _table(dtype: Any, target: NumberFormat, projection: Projection) -> np.ndarray:
    source = _rounded_to_odd(dtype, target)
    x = source.decode(np.arange(1 << source.width))
    exponent = x.exponent
    if not isinstance(target, FloatFormat):
        # Far beyond the largest integer, where all are clamped, but still within int64.
        exponent = np.minimum(exponent, target.lsb_exponent + 40)
    numbers = Decoded(x.nan, x.infinite, x.negative, x.significand, exponent)
    return project(numbers, target, projection).astype(np.min_scalar_type((1 << target.width) - 1))
