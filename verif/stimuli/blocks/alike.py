"""Blocks of numbers that are nearly alike, whose spread is far less than they are.

A scale that goes by the standard deviation is the difference of two sums there, of which the first
bits cancel; draws are hardly ever so near each other.
"""

import numpy as np

from ....hdl.formats import FloatFormat

__all__ = ["nearly_alike"]

#: Bits of the steps between the numbers' codes, at the most.
_STEPS = 9


def nearly_alike(rng: np.random.Generator, a: FloatFormat, blocks: np.ndarray) -> None:
    """Write such codes into blocks: around one code that is anywhere, or least, in one of some
    steps' width, with one sign or any."""
    many, lanes = blocks.shape
    middle = rng.integers(0, a.max_magnitude + 1, (many, 1))
    least = rng.integers(0, 4 << a.mantissa_width, (many, 1))
    middle = np.where(rng.random((many, 1)) < 0.4, least, middle)
    width = 1 << rng.integers(0, _STEPS + 1, (many, 1))
    apart = np.floor(rng.random((many, lanes)) * width).astype(np.int64)
    # One number is the other end of the width, or all others are.
    ends = np.where(rng.random((many, 1)) < 0.3, width * rng.integers(0, 2, (many, lanes)), apart)
    magnitude = np.clip(middle + ends - width // 2, 0, a.max_magnitude)
    one = rng.integers(0, 2, (many, 1))
    sign = np.where(rng.random((many, 1)) < 0.6, one, rng.integers(0, 2, (many, lanes)))
    blocks[:] = magnitude | sign * a.sign_mask
