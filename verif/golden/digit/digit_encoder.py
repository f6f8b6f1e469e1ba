"""Golden model of the digit encoder."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .recodings import digits

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The digits of every lane, and which of them are not zero."""
    p = parameters
    found = digits(p.a, inputs["a"], p.recoding)
    found = found.reshape(len(found), -1)
    nonzero = np.zeros(len(found), object if found.shape[1] > 62 else np.int64)
    for k in range(found.shape[1]):
        nonzero = nonzero + ((found[:, k] != 0).astype(nonzero.dtype) << k)
    return {"p": found, "nonzero": nonzero}
