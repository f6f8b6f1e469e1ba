"""Exact products of decoded numbers."""

import numpy as np

from ...hdl.formats import Decoded
from .exact import bit_length, wide

__all__ = ["multiply"]


def multiply(a: Decoded, b: Decoded) -> Decoded:
    """``a * b``, exactly; infinity times zero is NaN (IEEE 754-2019, 7.2)."""
    a_zero = (a.significand == 0) & ~a.nan & ~a.infinite
    b_zero = (b.significand == 0) & ~b.nan & ~b.infinite
    bits = sum(int(bit_length(np.asarray(x.significand)).max(initial=0)) for x in (a, b))
    return Decoded(
        nan=a.nan | b.nan | (a.infinite & b_zero) | (b.infinite & a_zero),
        infinite=a.infinite | b.infinite,
        negative=a.negative ^ b.negative,
        significand=wide(a.significand, bits) * wide(b.significand, bits),
        exponent=a.exponent + b.exponent,
    )
