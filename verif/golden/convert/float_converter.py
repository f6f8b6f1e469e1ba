"""Golden model of the converter."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..cast import cast

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Codes of ``o`` for codes of ``a``."""
    p = parameters
    return {"p": cast(inputs["a"], p.a, p.o, p.projection, inputs.get("random"))}
