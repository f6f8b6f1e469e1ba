"""Operands and random words of stochastic rounding whose sum is at the carry: one more rounds up.

A fraction and a random word drawn apart from each other meet there once in all the random words.
"""

from typing import Any

import numpy as np

from ....hdl.formats import Decoded, NumberFormat, Projection
from .numbers import targets

__all__ = ["random_targets", "suits_random"]

# Discarded bits that are aimed at below those that the random word is added to: up to a tie of
# them, less or more a quarter.
_BELOW = 2


def suits_random(o: NumberFormat, parameters: Any) -> bool:
    """Whether a unit adds one random word to what it discards of a number that is short enough."""
    bits = getattr(getattr(parameters, "projection", None), "random_bits", 0)
    return 0 < bits <= 58 - _BELOW - o.width


def random_targets(
    rng: np.random.Generator, o: NumberFormat, projection: Projection, count: int
) -> tuple[Decoded, np.ndarray]:
    """Exact numbers with quarters or any fraction of an ulp of ``o``, and random words that with
    the fraction are an ulp, or the step below it, or the step above."""
    bits = projection.random_bits
    target = targets(rng, o, count)
    # Some stay the numbers, the ties and the quarters that they are.
    plain = rng.random(count) < 0.15
    quarters = (np.asarray(target.significand) & 3) << bits
    ends = np.array([0, 1, (1 << bits) - 1])[rng.integers(0, 3, count)]
    fraction = np.where(rng.random(count) < 0.3, ends, rng.integers(0, 1 << bits, count))
    fraction = np.where(plain, quarters >> 2, fraction)
    below = np.where(plain, quarters & 3, np.array([0, 2, 2, 1, 3])[rng.integers(0, 5, count)])
    step = rng.integers(-1, 2, count)
    significand = np.asarray(target.significand) >> 2  # in whole ulps
    # Ties of the steps of what is less than the least number, of all lengths: there most is shifted
    # out of an operand.
    least = ~plain & (rng.random(count) < 0.25)
    significand = np.where(least, 0, significand)
    fraction = np.where(least, fraction >> rng.integers(0, bits + 1, count), fraction)
    below = np.where(least, 2, below)
    fine = (significand << bits + _BELOW) + (fraction << _BELOW) + below
    exponent = np.where(least, o.lsb_exponent, target.exponent + 2) - bits - _BELOW
    numbers = Decoded(target.nan, target.infinite, target.negative, fine, exponent)
    return numbers, ((1 << bits) - 1 - fraction + step) & ((1 << bits) - 1)
