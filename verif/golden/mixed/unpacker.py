"""Golden model of the unpacker: the words are one string of bits, cut into elements."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All whole beats that the words hold."""
    p = parameters
    words = inputs["a"].reshape(-1, 1)
    places = np.arange(p.width).astype(words.dtype)
    string = (words >> places & 1).astype(np.int64).ravel()
    beats = len(string) // (p.lanes * p.o.width)
    bits = string[: beats * p.lanes * p.o.width].reshape(beats, p.lanes, p.o.width)
    elements = (bits << np.arange(p.o.width)).sum(axis=-1)
    if p.interleaved:
        fours = elements.reshape(beats, -1, 4)
        elements = fours[:, :, [0, 2, 1, 3]].reshape(beats, p.lanes)
    return {"p": elements << 8 - p.o.width if p.high else elements}
