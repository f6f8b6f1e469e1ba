"""Golden model of BitMoD's term generator."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .weights import terms

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The chosen term of each weight: ``b`` has shape (beats, lanes)."""
    return {"p": terms(parameters, inputs, inputs["place"])}
