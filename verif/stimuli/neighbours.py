"""Vectors whose elements matter beside one another: exponents close together, mantissas at ties.

Uniform codes of a format with a wide exponent would make vectors of which one element is far larger
than all others.
"""

import numpy as np

from ...hdl.formats import FloatFormat

__all__ = ["neighbours"]


def neighbours(rng: np.random.Generator, format: FloatFormat, shape: tuple[int, int]) -> np.ndarray:
    """Finite codes with exponents up to 20 below a common one, which is anywhere.

    A quarter of the mantissas are a few bits and zeros, so that roundings of them are ties; others
    are those less or more one, or uniform.
    """
    width = format.mantissa_width
    top = rng.integers(0, format.max_exponent_field + 1, (shape[0], 1))
    # The ends of the range as often as all that is between them.
    edges = np.array([0, 1, 2, format.max_exponent_field])
    top = np.where(rng.random(top.shape) < 0.25, edges[rng.integers(0, 4, top.shape)], top)
    spread = rng.integers(1, 21, (shape[0], 1))
    field = np.maximum(top - np.floor(rng.random(shape) * spread).astype(np.int64), 0)
    uniform = rng.integers(0, 1 << width, shape)
    short = uniform >> (kept := np.maximum(width - rng.integers(0, 6, shape), 0)) << kept
    nearly = (short + rng.integers(-1, 2, shape)) & ((1 << width) - 1)
    kind = rng.integers(0, 4, shape)
    mantissa = np.select([kind == 0, kind == 1], [short, nearly], uniform)
    magnitude = np.minimum(field << width | mantissa, format.max_magnitude)
    sign = rng.integers(0, 2, shape) * format.sign_mask
    return np.where(rng.random(shape) < 0.03, 0, magnitude) | sign
