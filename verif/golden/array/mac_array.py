"""Golden model of the array of multiply-accumulate elements: a product of matrices."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One product per transaction: each beat has some columns of one matrix, and rows of the other,
    row by row."""
    p = parameters
    bits = p.a.max_integer.bit_length() + 2 + p.b.width + (p.depth * p.beats).bit_length() + 2
    a = wide(_numbers(p.a, inputs["a"]), bits).reshape(-1, p.rows, p.depth)
    b = wide(p.b.integers(inputs["b"]), bits).reshape(-1, p.depth, p.columns)
    products = (a[:, :, :, None] * b[:, None, :, :]).sum(axis=2)
    total = np.add.reduceat(products, np.flatnonzero(inputs["first"]), axis=0)
    return {"p": total.reshape(len(total), p.rows * p.columns)}


def _numbers(format: Any, codes: np.ndarray) -> np.ndarray:
    """Codes in units of their format's last place."""
    numbers = format.decode(codes)
    magnitude = numbers.significand << np.maximum(numbers.exponent - format.lsb_exponent, 0)
    return np.where(numbers.negative, -magnitude, magnitude)
