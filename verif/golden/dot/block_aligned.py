"""Golden model of aligned sums: terms cut below the largest exponent, summed, rounded once.

Written from the published description of tensor cores (MMA-Sim): a product is the product of the
significands, not normalised, at the sum of the exponents, of which a subnormal's or zero's is that
of the smallest normal number. With E the largest exponent of all terms, each term's magnitude loses
what lies below ``2**(E - F)``; terms that are zero count as exponent -126.
"""

from typing import Any

import numpy as np

from ....hdl.formats import Decoded, FloatFormat
from ....hdl.formats.dot_semantics import FLOOR_EXPONENT, Alignment, alignment, lanes_of, runs_of
from ..exact import INT64_BITS, bit_length, shift_left, shift_right, wide
from ..product import multiply
from ..rounding import project
from .block_products import Operand, add_up, columns

__all__ = ["aligned"]


def aligned(p: Any, a: Operand, b: Operand, c: Decoded | None, random: Any) -> np.ndarray:
    """Codes of the results, fused sum after fused sum."""
    how = alignment(p)
    lanes = lanes_of(p.a, p.b, p.blocks)
    step = min(how.products or lanes, lanes)
    codes = np.zeros(0)
    for start in range(0, lanes, step):
        stop = min(start + step, lanes)
        terms = _terms(p, how, a, b, start, stop)
        if start:
            terms.append(_addend(how.result.decode(codes), how.result.mantissa_width))
        elif c is not None:
            terms.append(_addend(c, p.c.mantissa_width if isinstance(p.c, FloatFormat) else 0))
        total = _fused_sum(terms, how.fraction)
        codes = project(total, how.result, how.projection, random)
    # What lies below a narrower result in its word is zero, but NaN is all ones.
    spare = p.o.width - how.result.width
    nan = how.result.decode(codes).nan
    return (codes << spare) | np.where(nan, (1 << spare) - 1, 0)


def _addend(c: Decoded, mantissa: int) -> tuple[Decoded, np.ndarray]:
    c = Decoded(*(v[:, None] for v in vars(c).values()))
    return c, c.exponent + mantissa


def _terms(
    p: Any, how: Alignment, a: Operand, b: Operand, start: int, stop: int
) -> list[tuple[Decoded, np.ndarray]]:
    """The terms of one fused sum, each with the exponent by which it is aligned."""
    terms = []
    for run in runs_of(p, step=max(how.group, 0) if how.group > 1 else 0, start=start, stop=stop):
        lanes = slice(run.start, run.stop)
        x, y = columns(a.elements, lanes), columns(b.elements, lanes)
        scales = columns(a.scales, [run.a]), columns(b.scales, [run.b])
        each = multiply(x, y, *scales)
        exponent = sum(
            s.exponent + (f.mantissa_width if isinstance(f, FloatFormat) else 0)
            for s, f in zip(scales, (p.a.scale, p.b.scale), strict=True)
        )
        if how.group == 1:
            widths = p.a.element.mantissa_width + p.b.element.mantissa_width
            terms.append((each, x.exponent + y.exponent + widths + exponent))
            continue
        total = add_up(each)
        total = Decoded(*(v[:, None] for v in vars(total).values()))
        terms.append((total, np.asarray(exponent)))
    return terms


def _fused_sum(terms: list[tuple[Decoded, np.ndarray]], fraction: int) -> Decoded:
    parts = [[getattr(t, name) for t, _ in terms] for name in vars(terms[0][0])]
    x = Decoded(*(np.concatenate(part, axis=-1) for part in parts))
    exponent = np.concatenate([e for _, e in terms], axis=-1)
    zero = np.asarray(x.significand == 0, bool)
    exponent = np.where(zero, FLOOR_EXPONENT, exponent)
    last = np.maximum(exponent.max(axis=-1), FLOOR_EXPONENT)[:, None] - fraction
    up = np.where(zero, 0, x.exponent - last)
    bits = int((bit_length(np.asarray(x.significand)) + np.maximum(up, 0)).max(initial=0))
    bits += x.significand.shape[-1].bit_length() + 1
    magnitude = wide(x.significand, bits)
    magnitude = np.where(up > 0, shift_left(magnitude, up), shift_right(magnitude, -up))
    total = np.where(x.negative, -magnitude, magnitude).sum(axis=-1)
    if bits <= INT64_BITS:
        total = total.astype(np.int64)
    specials = add_up(x)
    special = specials.nan | specials.infinite
    negative = np.where(special, specials.negative, np.asarray(total < 0, bool))
    return Decoded(
        specials.nan, specials.infinite, negative, np.where(special, 0, abs(total)), last[:, 0]
    )
