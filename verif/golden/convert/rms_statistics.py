"""Golden model of the sum of squares and the largest magnitude."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, NumberFormat
from ..exact import bit_length, wide
from ..exact_sum import ExactSums, sum_lanes

__all__ = ["largest_of", "model", "with_epsilon"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per transaction: ``a`` has shape (beats, lanes)."""
    p = parameters
    count = p.lanes * p.beats
    numbers = p.a.decode(inputs["a"])
    bits = 2 * int(bit_length(np.asarray(numbers.significand)).max(initial=0))
    squares = Decoded(
        numbers.nan | numbers.infinite,
        np.zeros_like(numbers.infinite),
        np.zeros_like(numbers.negative),
        wide(numbers.significand, bits) ** 2,
        2 * numbers.exponent,
    )
    sums = sum_lanes(squares, 2 * p.a.lsb_exponent, count).over_beats(inputs)
    if p.epsilon is not None:
        sums = with_epsilon(sums, p.epsilon, count if p.size is None else p.size)
    result = sums.result(p.o, p.projection, inputs)
    largest = largest_of(inputs["y"] if p.gained else inputs["a"], p.a)
    if "first" in inputs:
        largest = np.maximum.reduceat(largest, np.flatnonzero(inputs["first"]))
    return {**result, "largest": largest}


def largest_of(codes: np.ndarray, format: NumberFormat) -> np.ndarray:
    """Each beat's largest magnitude: of floats the magnitude's code, NaN being the largest."""
    if isinstance(format, FloatFormat):
        return (codes & format.magnitude_mask).max(axis=1)
    return abs(format.decode(codes).significand).max(axis=1)


def with_epsilon(sums: ExactSums, epsilon: int, size: int) -> ExactSums:
    """With ``size`` times the binary32 number next to ``10**-epsilon`` added."""
    added = size * Fraction(float(np.float32(10.0**-epsilon)))
    lsb = min(sums.lsb_exponent, 1 - added.denominator.bit_length())
    total = sums.total.astype(object) << sums.lsb_exponent - lsb
    return replace(sums, total=total + int(added / Fraction(2) ** lsb), lsb_exponent=lsb)
