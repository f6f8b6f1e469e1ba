"""Golden model of a chain of fused multiply-adds over a block's elements, each rounded."""

from typing import Any

import numpy as np

from ....hdl.formats import Decoded, Rounding
from ....hdl.formats.dot_semantics import runs_of
from ..product import multiply
from ..rounding import project
from .block_products import Operand, add_up, chosen, columns

__all__ = ["sequential"]


def sequential(p: Any, a: Operand, b: Operand, c: Decoded | None) -> np.ndarray:
    """Codes of the results. The chain starts from ``c``, which it holds exactly, or +0."""
    count = len(a.elements.nan)
    so_far = p.o.decode(np.zeros(count, np.int64)) if c is None else c
    codes = np.zeros(count, np.int64)
    for run in runs_of(p):
        scales = columns(a.scales, run.a), columns(b.scales, run.b)
        for lane in range(run.start, run.stop):
            term = multiply(columns(a.elements, lane), columns(b.elements, lane), *scales)
            codes = project(_sum(so_far, term, p.projection.rounding), p.o, p.projection)
            so_far = p.o.decode(codes)
    return codes


def _sum(x: Decoded, y: Decoded, rounding: Rounding) -> Decoded:
    """``x + y`` with IEEE 754-2019, 6.3's sign of a zero."""
    pairs = zip(vars(x).values(), vars(y).values(), strict=True)
    total = add_up(Decoded(*(np.stack(np.broadcast_arrays(*pair), axis=-1) for pair in pairs)))
    zero = np.asarray(total.significand == 0, bool) & ~total.nan & ~total.infinite
    both = x.negative & y.negative & np.asarray(x.significand == 0, bool)
    minus = both | (rounding is Rounding.RD) & ~(
        ~x.negative & ~y.negative & np.asarray(x.significand == 0, bool)
    )
    signed = Decoded(total.nan, total.infinite, minus, total.significand, total.exponent)
    return chosen(zero, signed, total)
