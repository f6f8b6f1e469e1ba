"""Golden model of the unpacker of groups of two widths."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One group per transaction of one word or two."""
    p = parameters
    half = p.b.width
    words = inputs["a"].reshape(-1, 1)
    starts, ends = np.flatnonzero(inputs["first"]), np.flatnonzero(inputs["last"])
    wide = ends > starts
    # A word as digits of half a weight: a narrow group's weights, or half of a wide group's.
    places = (np.arange(p.lanes) * half).astype(words.dtype)
    digits = (words >> places & ((1 << half) - 1)).astype(np.int64)
    both = np.concatenate([digits[starts], digits[ends]], axis=1)
    low, high = (digits[starts], digits[ends]) if p.split else (both[:, 0::2], both[:, 1::2])
    full = low + (high << half)
    short = digits[ends]
    if p.b.signed:
        short = ((short ^ (1 << (half - 1))) - (1 << (half - 1))) & ((1 << 2 * half) - 1)
    return {"p": np.where(wide[:, None], full, short), "wide": wide.astype(np.int64)}
