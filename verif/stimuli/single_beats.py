"""Beats that are tried one by one, each a sum of its own where sums may have many."""

import numpy as np

from ...hdl.unit import Unit
from .bounds import set_bounds
from .one_bit_off import one_bit_off
from .sums.crumbs import crumbs

__all__ = ["single_beats"]

#: Of each kind, where there are enough vectors: else one in 32.
_MOST = 1024


def single_beats(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write them over draws in the middle; how many."""
    count = len(next(iter(result.values())))
    most = min(_MOST, count // 32)
    start, written = count // 2, 0
    if unit.beats_together > 1:
        return 0
    for kind in (one_bit_off, crumbs):
        beats = kind(rng, unit, result, most)
        many = len(next(iter(beats.values()), ()))
        if not many:
            continue
        where = slice(start + written, start + written + many)
        for name, codes in beats.items():
            result[name][where] = codes
        written += many
    if written and "last" in result:
        set_bounds(result, start, np.arange(start, start + written))
    return written
