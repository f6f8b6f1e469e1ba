"""Golden model of the digit-serial multiply-accumulate unit: its sums, and how long they take."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide
from ..exact_sum import over_beats
from .recodings import digits

__all__ = ["cycles", "model"]


def cycles(parameters: Any, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Cycles of each beat: the non-zero digits of the lane that has most of them, at least one."""
    p = parameters
    found = _digits(p, inputs) != 0
    nonzero = found.reshape(len(found), p.lanes, -1).sum(axis=2)
    return np.maximum(nonzero, 1).max(axis=1)


def _digits(p: Any, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """The digits that count, in shape (beats, pairs, places), at their weights' order."""
    found = digits(p.a, inputs["a"], p.recoding)
    if p.order == "place":
        place = np.asarray(inputs["place"]).astype(np.int64)
        found = np.where(np.arange(found.shape[2]) == place[:, None, None], found, 0)
    return found


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One sum per transaction: ``a`` and ``b`` have shape (beats, pairs)."""
    p = parameters
    bits = p.a.width + p.b.width + (p.lanes * p.group * p.beats).bit_length() + 2
    b = wide(p.b.integers(inputs["b"]), bits)
    if p.order == "place":
        a = wide(_digits(p, inputs).sum(axis=2), bits)
    else:
        a = wide(p.a.integers(inputs["a"]), bits)
    result = {"p": over_beats((a * b).sum(axis=1), inputs)}
    if p.count:
        result["cycles"] = over_beats(cycles(p, inputs), inputs)
    return result
