"""What formats say of their numbers: which specials there are, and how long significands get."""

from math import prod
from typing import Any

import numpy as np

from ...hdl.formats import FloatFormat, IntegerFormat, NumberFormat, product_range

__all__ = [
    "greatest", "has_infinity", "has_nan", "longest", "of_one_scale", "of_products", "one_scale",
]  # fmt: skip

#: Significands that are multiplied out, at the most.
_MOST = 1 << 19


def has_nan(*formats: NumberFormat) -> bool:
    return any(isinstance(f, FloatFormat) and f.has_nan for f in formats)


def has_infinity(*formats: NumberFormat) -> bool:
    return any(isinstance(f, FloatFormat) and f.has_infinity for f in formats)


def longest(format: NumberFormat) -> int:
    """At most this is left of a number without its trailing zeros."""
    if isinstance(format, FloatFormat):
        return (1 << format.precision) - 1
    return max(format.max_integer, -format.min_integer)


def greatest(a: NumberFormat, b: NumberFormat) -> int:
    """The greatest magnitude of a product, in units of its least."""
    low, high = product_range(a, b)
    return max(abs(low), high)


def one_scale(p: Any, blocks: int) -> int | None:
    """At most this is left of a sum without its trailing zeros, where one power of two scales it
    all: it is an integer, whatever the scale. None of other sums."""
    a, b = p.a, p.b
    if not (_alone(p, blocks) and a.power_of_two_scale and b.power_of_two_scale):
        return None
    return greatest(a.difference, b.difference) * a.size


def of_products(a: NumberFormat, b: NumberFormat) -> tuple[float, ...] | None:
    """All significands of products, from 1 to 2, in order; None where they are too many."""
    return _multiplied(_significands(a), _significands(b))


def of_one_scale(p: Any, blocks: int) -> tuple[float, ...] | None:
    """All significands of sums of products with one pair of scales, as :func:`of_products`."""
    a, b = p.a, p.b
    if not _alone(p, blocks):
        return None
    sums = range(1, greatest(a.difference, b.difference) * a.size + 1)
    return _multiplied(sums, _significands(a.scale), _significands(b.scale))


def _alone(p: Any, blocks: int) -> bool:
    """Whether one scale of each side scales all of so many blocks."""
    return blocks == 1 and p.a.size == p.b.size and getattr(p, "c", None) is None


def _significands(format: NumberFormat) -> range:
    top = longest(format)
    return range(1 if isinstance(format, IntegerFormat) else (top + 1) // 2, top + 1)


def _multiplied(*factors: range) -> tuple[float, ...] | None:
    if prod(map(len, factors)) > _MOST or prod(each[-1] for each in factors) >= 1 << 52:
        return None
    every = np.ones(1)
    for each in factors:
        every = np.unique(2 * np.frexp(np.outer(every, np.array(each)))[0])
    return tuple(every.tolist())
