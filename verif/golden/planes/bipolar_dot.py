"""Golden model of the bipolar dot product: numbers from codes, and their products' sum."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact_sum import over_beats

__all__ = ["model"]


def _bipolar(codes: np.ndarray, bits: int) -> np.ndarray:
    """The number of a code whose bits ``u`` mean ``(2 u - 1) * 2**place``."""
    places = np.arange(bits)
    return ((2 * (codes[..., None] >> places & 1) - 1) << places).sum(axis=-1)


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One sum per transaction: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    if p.activations == "bipolar":
        a = _bipolar(inputs["a"], p.a.width)
    else:
        a = p.a.integers(inputs["a"])
    products = a * _bipolar(inputs["b"], p.b.width)
    if p.masked:
        products = np.where(np.arange(p.lanes) < inputs["count"][:, None], products, 0)
    return {"p": over_beats(products.sum(axis=1), inputs)}
