"""Fast golden casts: codes of one float format to codes of another, tens of millions a second.

A deterministic rounding depends on no more of a number than its sign and exponent, one bit beyond
the target's significand, and whether anything is left below. So a cast is a look-up in a table that
:func:`project`, the exact rounder, filled: the whole source format up to 16 bits, otherwise its
upper bits and one sticky bit.
"""

from functools import cache
from typing import Any

import numpy as np

from ...hdl.formats import Decoded, FloatFormat, NumberFormat, Projection
from .observed import hidden, report, watched
from .rounding import flush_subnormals, project

__all__ = ["cast"]

_WHOLE_TABLE_BITS = 16
_MAX_TABLE_BITS = 22
_CHUNK = 1 << 16  # numbers that stay in a processor's second-level cache


def cast(
    codes: Any,
    source: NumberFormat,
    target: NumberFormat,
    projection: Projection | None = None,
    random: Any = None,
) -> np.ndarray:
    """Codes in ``target`` for codes in ``source``, bit for bit what the converter unit gives.

    Args:
        random: with a stochastic mode, one integer of ``random_bits`` bits a number.
    """
    projection = projection or Projection()
    codes = np.asarray(codes)
    if projection.rounding.stochastic:
        return _exact(codes, source, target, projection, random)
    dropped = _sticky_bits(source, target, projection)
    if dropped is None:
        return _exact(codes, source, target, projection, None)
    table = _table(source, target, projection, dropped)
    result = np.empty(codes.shape, table.dtype)
    flat, out = codes.reshape(-1), result.reshape(-1)
    for start in range(0, len(flat), _CHUNK):
        part = flat[start : start + _CHUNK]
        if dropped:
            index = part >> dropped
            index <<= 1
            index |= (part & ((1 << dropped) - 1)) != 0
            part = index
        np.take(table, part, out=out[start : start + _CHUNK], mode="clip")
    if watched():
        report(_numbers(codes, source, projection), target, projection, result)
    return result


def _numbers(codes: np.ndarray, source: NumberFormat, projection: Projection) -> Decoded:
    numbers = source.decode(codes)
    return flush_subnormals(numbers, source) if projection.ftz_in else numbers


def _exact(
    codes: np.ndarray,
    source: NumberFormat,
    target: NumberFormat,
    projection: Projection,
    random: Any,
) -> np.ndarray:
    return project(_numbers(codes, source, projection), target, projection, random)


def _sticky_bits(source: NumberFormat, target: NumberFormat, projection: Projection) -> int | None:
    """Low bits of a source code that may be merged into one; None if no table would do."""
    if source.width <= _WHOLE_TABLE_BITS:
        return 0
    if not isinstance(source, FloatFormat) or not isinstance(target, FloatFormat):
        return None
    # Subnormals of the source have fewer significant bits above the merged ones: the target must
    # not be able to tell.
    if target.lsb_exponent < source.lsb_exponent + source.mantissa_width - target.mantissa_width:
        return None
    dropped = source.mantissa_width - (target.mantissa_width + 1)
    if dropped < 1 or source.width - dropped + 1 > _MAX_TABLE_BITS:
        return None
    return dropped


@cache
def _table(
    source: NumberFormat, target: NumberFormat, projection: Projection, dropped: int
) -> np.ndarray:
    codes = np.arange(1 << (source.width - dropped + (dropped > 0)), dtype=np.int64)
    if dropped:
        codes = (codes >> 1 << dropped) | (codes & 1)
    dtype = np.min_scalar_type((1 << target.width) - 1)
    with hidden():
        return _exact(codes, source, target, projection, None).astype(dtype)
