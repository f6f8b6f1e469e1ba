"""Quotients under a root that are the nearest there are to where a rounding of the root decides.

The last bits of a long divisor, and of the remainders, decide something there only. How near a
quotient comes is known from the significands alone, so that of very many pairs of magnitude and
root the nearest are found; their exponents are drawn afterwards. (What is worst for rounding was
searched for elementary functions by V. Lefevre and J.-M. Muller, "Worst Cases for Correct Rounding
of the Elementary Functions in Double Precision", ARITH 2001.)
"""

from typing import Any

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, NumberFormat, Projection
from ....hdl.unit import Unit
from ...golden.rounding import project
from ..aimed.roots import makes_roots

__all__ = ["hard_roots"]

_TRIED = 1 << 18
_PART = 8  # of all vectors


def hard_roots(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Such sums of squares and magnitudes over the last of the draws; how many.

    Each magnitude has the sums next to the wanted one: below, at and above it.
    """
    p = unit.parameters
    if not makes_roots(p, list(result)) or not isinstance(p.o, FloatFormat):
        return 0
    codes, sums, exponents = _hardest(rng, p, len(result["a"]) // _PART // 3)
    none = np.zeros(len(codes), bool)
    at = project(Decoded(none, none, none, sums, exponents), p.a, Projection())
    beside = np.clip(at[:, None] + np.array([-1, 0, 1]), 0, p.a.max_magnitude)
    count = beside.size
    order = rng.permutation(count)
    where = slice(len(result["a"]) - count, None)
    result["a"][where] = beside.ravel()[order]
    result["largest"][where] = np.repeat(codes, 3)[order]
    return count


def _hardest(
    rng: np.random.Generator, p: Any, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes of magnitudes, and significands and exponents of the sums nearest to the wanted ones.

    With a root ``t * 2**x`` of a magnitude ``l * 2**y`` the sum is ``l**2 * size / (top * t)**2``
    times ``4**(y - x)``.
    """
    codes = rng.integers(1, _most(p.largest) + 1, _TRIED)
    number = p.largest.decode(codes)
    magnitude = abs(np.asarray(number.significand).astype(float))
    y = np.asarray(number.exponent).astype(np.int64)
    # Halfway between two numbers; of subnormal ones, with fewer bits, or one of the numbers.
    kept = p.o.precision + 1
    bits = np.where(rng.random(_TRIED) < 0.8, kept, rng.integers(1, kept + 1, _TRIED))
    t = (1 << bits - 1) + rng.integers(0, 1 << kept, _TRIED) % (1 << bits - 1)
    t |= rng.random(_TRIED) < 0.8
    mantissa, exponent = np.frexp(magnitude**2 * p.size / (p.top * t.astype(float)) ** 2)
    wanted = np.ldexp(mantissa, p.a.precision)
    lowest = p.o.lsb_exponent - 1
    highest = p.o.max_integer.bit_length() + p.o.lsb_exponent - bits
    x = np.where(bits < kept, [[lowest], [lowest]], [np.full(_TRIED, lowest), highest])
    # Twice what the magnitude's exponent is above the root's, so that the sum has its full length.
    from_a = p.a.lsb_exponent + p.a.precision - exponent
    low = np.maximum(from_a, 2 * (y - x[1]))
    high = from_a + (p.a.max_integer.bit_length() - p.a.precision)
    high = np.minimum(high, 2 * (y - x[0]))
    low, high = -(-low // 2), high // 2
    first = np.unique(wanted, return_index=True)[1]
    usable = (magnitude > 0) & (low <= high)
    first = first[usable[first]]
    apart = abs(wanted[first] - np.rint(wanted[first]))
    best = first[np.argsort(apart, kind="stable")[:most]]
    twice = 2 * rng.integers(low[best], high[best] + 1)
    sums = np.rint(wanted[best]).astype(np.int64)
    return codes[best], sums, exponent[best] - p.a.precision + twice


def _most(format: NumberFormat) -> int:
    """The code of the largest magnitude."""
    return format.max_magnitude if isinstance(format, FloatFormat) else format.max_integer
