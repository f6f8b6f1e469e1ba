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
    fields = {
        "negative": product.negative & ~product.nan,
        "exponent": product.exponent
        + (p.a.bias + p.a.mantissa_width + p.b.bias + p.b.mantissa_width),
        "significand": product.significand,
        "nan": product.nan,
        "infinite": product.infinite & ~product.nan,
    }
    invalid = (p.a.has_infinity and p.b.zero) or (p.b.has_infinity and p.a.zero)
    possible = {
        "negative": p.a.signed or p.b.signed,
        "nan": p.a.has_nan or p.b.has_nan or invalid,
        "infinite": p.a.has_infinity or p.b.has_infinity,
    }
    return {
        name: values.astype(object if values.dtype == object else np.int64)
        for name, values in fields.items()
        if possible.get(name, True)
    }
