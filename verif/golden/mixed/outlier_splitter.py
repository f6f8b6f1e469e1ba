"""Golden model of the outlier splitter."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Both vectors, and a bit a lane: codes of shape (vectors, lanes)."""
    p = parameters
    numbers = p.a.to_float(inputs["a"])
    large = ~(np.abs(numbers) < p.threshold)  # NaN is not below anything
    places = np.arange(p.lanes).astype(object if p.lanes > 62 else np.int64)
    return {
        "p": np.where(large, 0, inputs["a"]),
        "outliers": np.where(large, inputs["a"], 0),
        "mask": (large.astype(places.dtype) << places).sum(axis=-1),
    }
