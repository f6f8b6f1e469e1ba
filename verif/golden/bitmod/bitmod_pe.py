"""Golden model of BitMoD's processing element: the sum of a group's products, times its scale."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ..exact import bit_length, wide
from ..exact_sum import sum_lanes
from ..product import multiply
from ..rounding import flush_subnormals
from .weights import integers, lsb_exponent

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per group: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    selector = inputs.get("selector")
    selector = 0 if selector is None else np.asarray(selector)[:, None]
    weights = integers(p, inputs["b"], selector)
    unit = lsb_exponent(p.b)
    none = np.zeros(weights.shape, bool)
    exponent = np.full(weights.shape, unit)
    b = Decoded(none, none, np.asarray(weights < 0), abs(weights), exponent)
    a = p.a.decode(inputs["a"])
    if p.projection.ftz_in:
        a = flush_subnormals(a, p.a)
    # An infinite activation counts as none.
    a = Decoded(a.nan | a.infinite, none, a.negative, a.significand, a.exponent)
    sums = sum_lanes(multiply(a, b), p.a.lsb_exponent + unit, p.lanes * p.beats)
    if p.beats > 1:
        sums = sums.over_beats(inputs)
    if p.scale_width:
        scale = np.asarray(inputs["b_scale"])
        if p.beats > 1:
            scale = scale[np.flatnonzero(inputs["last"])]
        bits = int(bit_length(abs(sums.total)).max(initial=0)) + p.scale_width
        sums = replace(sums, total=wide(sums.total, bits) * wide(scale, bits))
    return sums.result(p.o, p.projection, inputs)
