"""Golden model of the complex dot product; and the quantizer of its weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide
from ..exact_sum import over_beats

__all__ = ["decode", "model", "quantize"]


def quantize(real: Any, imaginary: Any) -> tuple[np.ndarray, float, float]:
    """Codes of complex weights by their phase, and the scales of the real and imaginary ones.

    From -45 degrees to below 45 degrees a weight becomes 1, from 45 to below 135 degrees i, and so
    on; zero becomes 1. A scale is the mean magnitude of the parts that it stands for (iFairy,
    arXiv 2508.05571).
    """
    real, imaginary = np.asarray(real), np.asarray(imaginary)
    # No angle is computed: each sector's first edge belongs to it, its second does not.
    i = (imaginary > 0) & (imaginary >= real) & (imaginary > -real)
    minus = (real < 0) & (-real >= imaginary) & (-real > -imaginary)
    minus_i = (imaginary < 0) & (-imaginary >= -real) & (-imaginary > real)
    codes = np.where(i, 2, np.where(minus, 1, np.where(minus_i, 3, 0)))
    axis = codes >= 2
    return codes, _mean(real, ~axis), _mean(imaginary, axis)


def _mean(parts: np.ndarray, where: np.ndarray) -> float:
    """The mean magnitude of some of the parts; never 0, as it is divided by."""
    return max(float(abs(parts[where]).mean()), 1e-5) if where.any() else 1e-5


def decode(codes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Real and imaginary parts of the weights that codes stand for."""
    sign = 1 - 2 * (np.asarray(codes) & 1)
    axis = np.asarray(codes) >> 1 & 1
    return sign * (1 - axis), sign * axis


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The sums of a transaction: operands have shape (beats, lanes)."""
    p = parameters
    bits = p.a.width + (2 * p.lanes * p.beats).bit_length() + 1
    real, imaginary = (wide(p.a.integers(inputs[f"a_{part}"]), bits) for part in ("re", "im"))
    if p.conjugate:
        imaginary = -imaginary
    weight_re, weight_im = decode(inputs["b"])
    parts = {
        "rr": real * weight_re,
        "ii": -imaginary * weight_im,
        "ri": real * weight_im,
        "ir": imaginary * weight_re,
    }
    sums = {name: over_beats(x.sum(axis=1), inputs) for name, x in parts.items()}
    if p.scales == "separate":
        return sums
    return {"re": sums["rr"] + sums["ii"], "im": sums["ri"] + sums["ir"]}
