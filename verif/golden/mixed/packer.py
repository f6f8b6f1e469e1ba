"""Golden model of the packer: the elements are one string of bits, cut into words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All whole words that the elements make: ``a`` has shape (beats, lanes)."""
    p = parameters
    elements = np.asarray(inputs["a"]).astype(np.int64)
    if p.high:
        elements = elements >> 8 - p.a.width
    if p.interleaved:
        fours = elements.reshape(len(elements), -1, 4)
        elements = fours[:, :, [0, 2, 1, 3]]
    string = (elements.reshape(-1, 1) >> np.arange(p.a.width) & 1).ravel()
    words = len(string) // p.width
    bits = wide(string[: words * p.width].reshape(words, p.width), p.width)
    return {"p": (bits << wide(np.arange(p.width), p.width)).sum(axis=1)}
