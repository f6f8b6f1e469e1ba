"""Blocks of numbers that are awkward to quantize."""

import numpy as np

from bitwright.verif.stimuli import corners
from bitwright.verif.stimuli.neighbours import neighbours


def blocks(rng, a, shape):
    """Blocks of numbers near one another, of corners, of zeros, and of subnormal numbers alone."""
    near = neighbours(rng, a, shape)
    edge = corners(a)
    any_edge = edge[rng.integers(0, len(edge), shape)]
    small = rng.integers(0, 1 << a.mantissa_width, shape) | rng.integers(0, 2, shape) * a.sign_mask
    kind = rng.integers(0, 12, (shape[0], 1))
    zero = small & a.sign_mask
    return np.select([kind == 0, kind == 1, kind == 2], [any_edge, small, zero], near)
