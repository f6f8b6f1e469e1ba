"""Golden model of the bit switch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide
from .requantizer import divide, lane_bits

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """``clip(round(a / 2**drop))`` to the range of the bits that remain."""
    p = parameters
    bits = 2 * p.a.width + p.random_bits + 2
    numbers = wide(p.a.integers(inputs["a"]), bits)
    drop = np.minimum(np.asarray(inputs["drop"]), p.a.width - p.least).astype(np.int64)[:, None]
    random = lane_bits(inputs["random"], p.random_bits, p.lanes) if p.random_bits else None
    rounded = divide(numbers, drop, p.rounding, p.random_bits, random)
    largest = wide(np.full_like(drop, 1), bits) << wide(p.a.width - p.a.signed - drop, bits)
    return {"p": np.clip(rounded, -largest if p.a.signed else 0, largest - 1)}
