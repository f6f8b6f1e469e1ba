"""Golden model of the dot product."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ....hdl.formats.lmul_policy import LMulSpecials, published_offset
from .. import lmul
from ..exact import INT64_BITS, bit_length, wide
from ..product import multiply
from ..rounding import flush_subnormals, project

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per transaction: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    terms = _products(p, inputs)
    lsb = _lsb_exponent(p)
    places = np.where(terms.significand == 0, 0, terms.exponent - lsb)
    top = int((bit_length(np.asarray(terms.significand)) + places).max(initial=0))
    bits = top + (p.lanes * p.beats).bit_length() + 1
    magnitude = wide(terms.significand, bits) << wide(places, bits)
    total = np.where(terms.negative, -magnitude, magnitude).sum(axis=1)
    nan = terms.nan.any(axis=1)
    plus = (terms.infinite & ~terms.negative & ~terms.nan).any(axis=1)
    minus = (terms.infinite & terms.negative & ~terms.nan).any(axis=1)
    random = inputs.get("random")
    if p.beats > 1:
        starts = np.flatnonzero(inputs["first"])
        total = np.add.reduceat(total, starts)
        nan, plus, minus = (np.logical_or.reduceat(x, starts) for x in (nan, plus, minus))
        if random is not None:
            random = random[np.flatnonzero(inputs["last"])]
    nan = np.asarray(nan | (plus & minus))
    infinite = np.asarray((plus | minus) & ~nan)
    if p.o is None:
        total = np.where(nan | infinite, 0, total)
        flags = {"nan": nan, "plus_infinity": plus & ~nan, "minus_infinity": minus & ~nan}
        return {"p": total, **{k: np.asarray(v).astype(np.int64) for k, v in flags.items()}}
    negative = np.where(infinite, minus, np.asarray(total < 0, bool))
    if bits <= INT64_BITS:
        total = total.astype(np.int64)
    numbers = Decoded(nan, infinite, negative, abs(total), np.full(len(total), lsb))
    return {"p": project(numbers, p.o, p.projection, random)}


def _products(p: Any, inputs: Mapping[str, np.ndarray]) -> Decoded:
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
