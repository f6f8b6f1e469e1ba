"""Golden model of the tensor's shift: the largest magnitude, and its bits."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import bit_length, wide

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One shift per tensor: ``a`` has shape (beats, lanes)."""
    p = parameters
    largest = abs(wide(p.a.integers(inputs["a"]), p.a.width)).max(axis=1)
    if p.beats > 1:
        largest = np.maximum.reduceat(largest, np.flatnonzero(inputs["first"]))
    return {"p": np.maximum(bit_length(largest) - (p.o.width - p.o.signed), 0)}
