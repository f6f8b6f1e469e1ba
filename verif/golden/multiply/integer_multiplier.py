"""Golden model of the integer multiplier."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The product in two's complement of as many bits as both operands have together."""
    p = parameters
    bits = p.a.width + p.b.width
    product = wide(p.a.integers(inputs["a"]), bits) * wide(p.b.integers(inputs["b"]), bits)
    return {"p": product}
