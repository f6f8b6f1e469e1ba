"""Golden model of the L-Mul multiplier."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats.lmul_policy import (
    LMulOverflow,
    LMulUnderflow,
    LMulZero,
    published_offset,
)
from ..lmul import Product, field_sum, operand, prebias, product, unbias

__all__ = ["model", "weight_codes"]


def _mantissa_width(p: Any) -> int:
    return max(p.a.mantissa_width, p.b.mantissa_width)


def _offset(p: Any) -> int:
    return published_offset(_mantissa_width(p)) if p.offset < 0 else p.offset


def weight_codes(parameters: Any, codes: Any) -> np.ndarray:
    """What a unit with ``prebiased`` takes at its port ``b`` for these codes of format ``b``."""
    p = parameters
    return prebias(codes, p.a, p.b, p.o, _offset(p), p.zero)


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The product's code, or the exact product's parts."""
    p = parameters
    m, offset = _mantissa_width(p), _offset(p)
    a = operand(inputs["a"], p.a, m)
    if p.prebiased:
        b = unbias(inputs["b"], p.a, p.b, p.o, offset, p.zero)
    else:
        b = operand(inputs["b"], p.b, m)
    exact = product(a, b, m, offset, semantics=p.semantics, zero=p.zero, specials=p.specials)
    return _parts(p, exact) if p.o is None else {"p": _code(p, exact, m)}


def _parts(p: Any, exact: Product) -> dict[str, np.ndarray]:
    drop_sign = exact.zero if p.zero is LMulZero.POSITIVE else np.zeros_like(exact.zero)
    nothing = exact.zero | exact.nan | exact.infinite
    parts = {
        "negative": exact.negative & ~drop_sign & ~exact.nan,
        "exponent": exact.exponent,
        "significand": np.where(nothing, 0, exact.significand),
        "zero": exact.zero,
        "nan": exact.nan,
        "infinite": exact.infinite,
    }
    return {name: part.astype(np.int64) for name, part in parts.items()}


def _code(p: Any, exact: Product, m: int) -> np.ndarray:
    fields = field_sum(exact, m, p.o.bias - p.a.bias - p.b.bias, p.rounding)
    too_small = {
        LMulUnderflow.FLUSH: fields < (1 << m),
        LMulUnderflow.CARRY: fields < 0,
        LMulUnderflow.WRAP: np.zeros(fields.shape, bool),
    }[p.underflow]
    zero = (exact.zero | too_small) & ~exact.infinite
    magnitude = fields & p.o.magnitude_mask
    if p.overflow is LMulOverflow.SATURATE:
        # What wraps below stays as it wraps: it is no overflow.
        magnitude = np.where(fields > p.o.max_magnitude, p.o.max_magnitude, magnitude)
    magnitude = np.where(zero, 0, magnitude)
    if p.o.infinity_magnitude is not None:
        magnitude = np.where(exact.infinite, p.o.infinity_magnitude, magnitude)
    negative = exact.negative & ~(zero & (p.zero is LMulZero.POSITIVE))
    code = magnitude | np.where(negative, p.o.sign_mask, 0)
    return code if p.o.nan_code is None else np.where(exact.nan, p.o.nan_code, code)
