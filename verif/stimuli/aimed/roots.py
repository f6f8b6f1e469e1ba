"""A sum of squares and a largest magnitude whose scale is next to where its rounding decides.

The last bits of the divisor and of both remainders decide nothing elsewhere.
"""

from typing import Any

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, NumberFormat, Projection
from ...golden.rounding import project
from .numbers import targets

_TRIED = 8  # for each that is wanted

__all__ = ["aimed_roots", "makes_roots"]


def makes_roots(parameters: Any, operands: list[str]) -> bool:
    """Whether a unit with these parameters divides a magnitude by a root."""
    p = parameters
    known = operands == ["a", "largest"] and hasattr(p, "top") and hasattr(p, "size")
    return known and isinstance(p.a, FloatFormat) and isinstance(p.o, NumberFormat)


def aimed_roots(
    rng: np.random.Generator, parameters: Any, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of squares and magnitudes, most of them out of ``drawn``, so that
    ``largest / (top * sqrt(a / size))`` is near such a target, an even power of two apart: half of
    them the nearest of many tried, the others as they come."""
    p, count = parameters, len(drawn)
    tried = count * _TRIED
    largest = drawn[rng.integers(0, count, tried)]
    target = targets(rng, p.o, tried)
    root = np.ldexp(np.asarray(target.significand).astype(float), np.asarray(target.exponent))
    width = p.largest.width - bool(p.largest.signed)
    number = abs(np.nan_to_num(p.largest.to_float(largest & ((1 << width) - 1)), posinf=0.0))
    with np.errstate(all="ignore"):
        total = (number / (p.top * root)) ** 2 * p.size
    usable = np.isfinite(total) & (total > 0)
    total = np.where(usable, total, 1.0)
    mantissa, exponent = np.frexp(total)
    least, most = p.a.lsb_exponent, p.a.lsb_exponent + p.a.max_integer.bit_length()
    wanted = rng.integers(least + 1, most + 1, tried)
    # Mostly where the target itself is, if there is such a number; else anywhere, or subnormal:
    # those are shifted, each by another number of places.
    kind = rng.random(tried)
    inside = (exponent > least) & (exponent <= most)
    wanted = np.where(inside & (kind < 0.6), exponent, wanted)
    subnormal = rng.integers(least + 1, least + p.a.precision + 1, tried)
    wanted = np.where(kind > 0.8, subnormal, wanted)
    wanted = wanted - (wanted - exponent) % 2
    # How far from a number of that length it is.
    bits = np.ldexp(mantissa, np.clip(wanted - least, 0, p.a.precision))
    apart = np.where(usable, abs(bits - np.rint(bits)), 1.0)
    nearest = np.argpartition(apart, count // 2)[: count // 2]
    kept = rng.permutation(np.concatenate([nearest, rng.integers(0, tried, count - count // 2)]))
    none = np.zeros(count, bool)
    significand = np.ldexp(mantissa[kept], 53).astype(np.int64)
    numbers = Decoded(none, none, none, significand, wanted[kept].astype(np.int64) - 53)
    codes = project(numbers, p.a, Projection()) + rng.integers(-1, 2, count)
    return np.clip(codes, 0, p.a.max_magnitude), largest[kept]
