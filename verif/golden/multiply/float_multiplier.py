"""Golden model of the float multiplier."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..product import multiply
from ..rounding import flush_subnormals, project

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The product's code, or the exact product's parts."""
    p = parameters
    a, b = p.a.decode(inputs["a"]), p.b.decode(inputs["b"])
    if p.projection.ftz_in:
        a, b = flush_subnormals(a, p.a), flush_subnormals(b, p.b)
    product = multiply(a, b)
    if p.o is not None:
        return {"p": project(product, p.o, p.projection, inputs.get("random"))}
    finite = ~product.nan & ~product.infinite
    return {
        "nan": product.nan.astype(np.int64),
        "infinite": (product.infinite & ~product.nan).astype(np.int64),
        "negative": (product.negative & ~product.nan).astype(np.int64),
        "magnitude": np.where(finite, product.significand, 0)
        << np.where(finite, product.exponent - (p.a.lsb_exponent + p.b.lsb_exponent), 0),
    }
