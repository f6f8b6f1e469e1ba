"""Exact integer arithmetic on arrays: int64 while it fits, Python integers beyond."""

from typing import Any

import numpy as np

__all__ = ["INT64_BITS", "bit_length", "shift_left", "shift_right", "wide"]

#: Magnitudes below ``2**INT64_BITS`` are kept in int64, with room for a doubling and a sum.
INT64_BITS = 60

_python_bit_length = np.frompyfunc(int.bit_length, 1, 1)


def wide(values: Any, bits: int) -> np.ndarray:
    """The same integers in a dtype that holds magnitudes of ``bits`` bits."""
    values = np.asarray(values)
    return values.astype(object if bits > INT64_BITS or values.dtype == object else np.int64)


def bit_length(values: np.ndarray) -> np.ndarray:
    """``int.bit_length`` of non-negative integers."""
    if values.dtype == object:
        return np.asarray(_python_bit_length(values)).astype(np.int64)
    # frexp is exact on halves of 31 bits, which binary64 holds without rounding.
    high = values >> 31
    part = np.where(high > 0, high, values)
    return np.frexp(part.astype(np.float64))[1].astype(np.int64) + np.where(high > 0, 31, 0)


def _counts(values: np.ndarray, counts: Any) -> np.ndarray:
    counts = np.maximum(counts, 0)
    return counts.astype(object) if values.dtype == object else np.minimum(counts, 62)


def shift_right(values: np.ndarray, counts: Any) -> np.ndarray:
    """``values >> counts``, where a negative count counts as 0."""
    return values >> _counts(values, counts)


def shift_left(values: np.ndarray, counts: Any) -> np.ndarray:
    """``values << counts``, where a negative count counts as 0; the caller sees that it fits."""
    return values << _counts(values, counts)
