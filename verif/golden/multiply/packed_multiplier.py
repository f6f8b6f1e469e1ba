"""Golden model of the packed multiplier."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Each operand times the shared factor; nothing here is packed."""
    p = parameters
    bits = p.a.width + p.b.width
    factor = wide(p.b.integers(inputs["b"]), bits)
    return {"p": wide(p.a.integers(inputs["a"]), bits) * factor[:, None]}
