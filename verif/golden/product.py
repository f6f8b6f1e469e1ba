"""Exact products of decoded numbers."""

from functools import reduce

import numpy as np

from ...hdl.formats import Decoded
from .exact import bit_length, wide

__all__ = ["multiply", "of_integers"]


def multiply(*factors: Decoded) -> Decoded:
    """The exact product. A NaN, or an infinity and a zero among the factors, make NaN (IEEE
    754-2019, 7.2); the significand of what is no number is 0."""
    zeros = [(x.significand == 0) & ~x.nan & ~x.infinite for x in factors]
    infinite = reduce(np.logical_or, (x.infinite for x in factors))
    nan = reduce(np.logical_or, (x.nan for x in factors))
    nan = nan | (infinite & reduce(np.logical_or, zeros))
    infinite = infinite & ~nan
    bits = sum(int(bit_length(np.asarray(x.significand)).max(initial=0)) for x in factors)
    significand = reduce(np.multiply, (wide(x.significand, bits) for x in factors))
    return Decoded(
        nan=nan,
        infinite=infinite,
        negative=reduce(np.logical_xor, (x.negative for x in factors)),
        significand=np.where(nan | infinite, 0, significand),
        exponent=reduce(np.add, (x.exponent for x in factors)),
    )


def of_integers(values: np.ndarray, lsb_exponent: int = 0) -> Decoded:
    """Integers in units of a power of two, as factors."""
    none = np.zeros(values.shape, bool)
    negative = np.asarray(values < 0, bool)
    return Decoded(none, none, negative, abs(values), np.full(values.shape, lsb_exponent))
