"""Codes of the numbers where arithmetic goes wrong, and of their neighbours."""

import numpy as np

from ...hdl.formats import FloatFormat, IntegerFormat, NumberFormat

__all__ = ["corners"]


def corners(format: NumberFormat) -> np.ndarray:
    """Codes of the numbers where arithmetic goes wrong, and of their neighbours.

    Floats: zeros, the outermost subnormals and normals, one and its neighbours, powers of two,
    all-ones mantissas, infinities and NaNs; subnormals and NaNs of which one bit alone says that
    they are no zero and no infinity. Integers: the ends, zero, powers of two less or more one.
    """
    if isinstance(format, IntegerFormat):
        powers = [1 << k for k in range(format.width)]
        values = {v + d for v in [0, *powers] for d in (-1, 0, 1)}
        values |= {-v for v in values} | {format.min_integer, format.max_integer}
        kept = [v for v in values if format.min_integer <= v <= format.max_integer]
        codes = [v & ((1 << format.width) - 1) for v in kept]
        return np.array(sorted(codes), dtype=object if format.width > 62 else np.int64)
    assert isinstance(format, FloatFormat)
    mantissa = format.mantissa_width
    ones = (1 << mantissa) - 1
    magnitudes = {0, 1, 2, 3, ones, ones + 1, ones + 2}
    for field in range(1 << format.exponent_width):
        magnitudes |= {field << mantissa, (field << mantissa) + 1, (field << mantissa) | ones}
    for edge in (format.max_magnitude, format.magnitude_mask):
        magnitudes |= {edge - 1, edge, edge + 1}
    for base in (0, format.magnitude_mask ^ ones):
        magnitudes |= {base | 1 << k for k in range(mantissa)}
    kept = [m for m in magnitudes if 0 <= m <= format.magnitude_mask]
    return np.array(sorted(m | s for m in kept for s in {0, format.sign_mask}), dtype=np.int64)
