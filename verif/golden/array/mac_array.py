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
    bits = p.a.width + p.b.width + (p.depth * p.beats).bit_length() + 2
    a = wide(p.a.integers(inputs["a"]), bits).reshape(-1, p.rows, p.depth)
    b = wide(p.b.integers(inputs["b"]), bits).reshape(-1, p.depth, p.columns)
    products = (a[:, :, :, None] * b[:, None, :, :]).sum(axis=2)
    total = np.add.reduceat(products, np.flatnonzero(inputs["first"]), axis=0)
    return {"p": total.reshape(len(total), p.rows * p.columns)}
