"""Golden model of the dot product."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ....hdl.formats.lmul_policy import LMulSpecials, published_offset
from .. import lmul
from ..exact_sum import sum_lanes
from ..product import multiply
from ..rounding import flush_subnormals

__all__ = ["model", "products"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per transaction: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    sums = sum_lanes(products(p, inputs), _lsb_exponent(p), p.lanes * p.beats)
    return sums.over_beats(inputs).result(p.o, p.projection, inputs)


def products(p: Any, inputs: Mapping[str, np.ndarray]) -> Decoded:
    """All products, exactly, in shape (beats, lanes)."""
    if p.product == "lmul":
        return _lmul_products(p, inputs)
    a, b = p.a.decode(inputs["a"]), p.b.decode(inputs["b"])
    if p.projection.ftz_in:
        a, b = flush_subnormals(a, p.a), flush_subnormals(b, p.b)
    return multiply(a, b)


def _lmul_products(p: Any, inputs: Mapping[str, np.ndarray]) -> Decoded:
    """L-Mul's unrounded products; subnormals count as zero, as L-Mul has it."""
    m = max(p.a.mantissa_width, p.b.mantissa_width)
    a, b = lmul.operand(inputs["a"], p.a, m), lmul.operand(inputs["b"], p.b, m)
    offset = published_offset(m) if p.offset < 0 else p.offset
    terms = lmul.product(a, b, m, offset, semantics=p.semantics, specials=LMulSpecials.IEEE)
    nothing = terms.zero | terms.nan | terms.infinite
    return Decoded(
        terms.nan,
        terms.infinite,
        terms.negative,
        np.where(nothing, 0, terms.significand),
        terms.exponent - p.a.bias - p.b.bias - m,
    )


def _lsb_exponent(p: Any) -> int:
    """Exponent of the smallest product, which every other is a multiple of."""
    if p.product == "lmul":
        m = max(p.a.mantissa_width, p.b.mantissa_width)
        return 2 - p.a.bias - p.b.bias - m
    return p.a.lsb_exponent + p.b.lsb_exponent
