"""Exact sums of numbers times integers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Decoded, NumberFormat, Projection
from ..exact_sum import ExactSums, sum_lanes
from ..product import multiply, of_integers
from ..rounding import flush_subnormals

__all__ = ["elements", "weighted"]


def elements(codes: Any, format: NumberFormat, projection: Projection) -> Decoded:
    """The decoded operands; with ``ftz_in``, subnormal ones are zero."""
    numbers = format.decode(codes)
    return flush_subnormals(numbers, format) if projection.ftz_in else numbers


def weighted(p: Any, inputs: Mapping[str, np.ndarray], weights: np.ndarray) -> ExactSums:
    """The sums of ``a[k] * weights[k]`` over lanes and beats, in units of ``a``'s."""
    a = elements(inputs["a"], p.a, p.projection)
    terms = multiply(a, of_integers(weights))
    return sum_lanes(terms, p.a.lsb_exponent, p.lanes * p.beats).over_beats(inputs)
