"""Golden model of aligned tables: floats cut below the largest exponent of a row so far."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..exact import shift_left, shift_right, wide
from ..rounding import flush_subnormals

__all__ = ["Aligned", "aligned", "fraction_of"]


class Aligned(NamedTuple):
    """Activations as integers; of each beat and row the power of two that they count, and how much
    larger it is than in the sum's beat before."""

    numbers: np.ndarray
    exponent: np.ndarray
    risen: np.ndarray


def fraction_of(p: Any) -> int:
    """Bits kept below the row's exponent."""
    return p.a.mantissa_width + 2 if p.fraction == -1 else p.fraction


def aligned(p: Any, inputs: Mapping[str, np.ndarray], rows: int, *, flush: bool) -> Aligned:
    """Those of each beat, (beats, rows, lanes); what is no number counts as 0 and as its exponent
    field says."""
    codes = inputs["a"].reshape(len(inputs["a"]), rows, -1).astype(np.int64)
    fields = codes >> p.a.mantissa_width & ((1 << p.a.exponent_width) - 1)
    # A subnormal's unit is that of the smallest normal numbers.
    fields = np.maximum(fields, int(p.a.zero))
    row = fields.max(axis=-1)
    risen = np.zeros_like(row)
    if p.beats > 1:
        before = np.zeros_like(row[0])
        for t, first in enumerate(inputs["first"]):
            if not first:
                risen[t] = np.maximum(row[t] - before, 0)
                row[t] = np.maximum(row[t], before)
            before = row[t]
    fraction = fraction_of(p)
    decoded = p.a.decode(codes)
    if flush:
        decoded = flush_subnormals(decoded, p.a)
    places = fraction - p.a.mantissa_width - (row[..., None] - fields)
    none = decoded.nan | decoded.infinite
    significand = wide(np.where(none, 0, decoded.significand), fraction + 8)
    magnitude = shift_right(shift_left(significand, places), -places)
    numbers = np.where(decoded.negative, -magnitude, magnitude)
    return Aligned(numbers, row - p.a.bias - fraction, risen)
