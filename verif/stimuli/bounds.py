"""Where transactions begin and end, once others are written over some beats."""

from collections.abc import Sequence

import numpy as np

__all__ = ["set_bounds"]


def set_bounds(
    result: dict[str, np.ndarray], start: int, ends: np.ndarray | Sequence[int]
) -> None:
    """Let transactions begin at a beat and end at these, in rising order; what stands before them
    ends there, and what stands behind begins.

    Args:
        result: Codes by field, changed in place.
        start: The first beat, not that of all.
        ends: The last beat of each transaction; if there are none, nothing is changed.
    """
    if not len(ends):
        return
    first, last = result["first"], result["last"]
    last[start - 1], last[start : ends[-1] + 1] = 1, 0
    last[np.asarray(ends)] = 1
    first[1:] = last[:-1]
