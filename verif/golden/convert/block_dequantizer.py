"""Golden model of the block dequantizer."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import BlockFormat, FloatFormat, Overflow, Projection
from ..product import multiply
from ..rounding import flush_subnormals, project

__all__ = ["dequantize", "model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A block a beat: ``a`` has shape (beats, elements)."""
    p = parameters
    zero, random = inputs.get("a_zero"), inputs.get("random")
    codes = dequantize(inputs["a"], inputs["a_scale"], p.a, p.o, p.projection, zero, random)
    return {"p": codes}


def dequantize(
    codes: Any,
    scales: Any,
    a: BlockFormat,
    o: FloatFormat,
    projection: Projection | None = None,
    zero_points: Any = None,
    random: Any = None,
) -> np.ndarray:
    """Codes in ``o`` of elements, one block a row, with a scale and a zero point for each."""
    projection = projection or Projection(overflow=Overflow.INF_OR_NAN)
    zeros = None if zero_points is None else np.asarray(zero_points)[:, None]
    element = a.decode_elements(codes, zeros)
    scale = a.scale.decode(np.asarray(scales)[:, None])
    if projection.ftz_in:
        element = flush_subnormals(element, a.element)
        scale = flush_subnormals(scale, a.scale)
    return project(multiply(element, scale), o, projection, random)
