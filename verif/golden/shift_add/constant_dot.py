"""Golden model of the dot products with constant weights; and the weights as one number."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import IntegerFormat
from ..exact import wide
from .fixed_point import to_fixed_point

__all__ = ["model", "packed"]


def packed(weights: Any, b: IntegerFormat) -> int:
    """Weights of shape (columns, lanes), or of one column, as the unit's parameter."""
    codes = [int(w) & (1 << b.width) - 1 for w in np.asarray(weights).ravel()]
    return sum(code << b.width * n for n, code in enumerate(codes))


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """``a`` has shape (beats, lanes), the result (beats, columns)."""
    p = parameters
    count = p.lanes * p.columns
    codes = np.array([p.weights // 2 ** (p.b.width * n) % 2**p.b.width for n in range(count)])
    weights = p.b.integers(codes).reshape(p.columns, p.lanes)
    bits = p.a.width + p.b.width + p.lanes.bit_length()
    sums = wide(p.a.integers(inputs["a"]), bits) @ wide(weights, bits).T
    if p.o is None:
        return {"p": sums}
    lsb = p.a.lsb_exponent + p.b.lsb_exponent
    return {"p": to_fixed_point(sums, lsb, p.o, p.rounding, p.overflow)}
