"""Golden model of BitMoD's processing element: the sum of a group's products, times its scale."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ..exact import bit_length, wide
from ..exact_sum import of_last_beat, sum_lanes
from ..product import multiply
from ..rounding import flush_subnormals
from .aligned import aligned_sums
from .weights import decoded, lsb_exponent

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per group: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    a = p.a.decode(inputs["a"])
    if p.projection.ftz_in:
        a = flush_subnormals(a, p.a)
    # An infinite activation counts as none.
    none = np.zeros(a.nan.shape, bool)
    a = Decoded(a.nan | a.infinite, none, a.negative, a.significand, a.exponent)
    if p.accumulation == "aligned":
        sums = aligned_sums(p, a, inputs)
    else:
        unit = p.a.lsb_exponent + lsb_exponent(p.b)
        products = multiply(a, decoded(p, inputs))
        sums = sum_lanes(products, unit, p.lanes * p.beats).over_beats(inputs)
    if p.scale_width:
        scale = of_last_beat(np.asarray(inputs["b_scale"]), inputs)
        bits = int(bit_length(abs(sums.total)).max(initial=0)) + p.scale_width
        sums = replace(sums, total=wide(sums.total, bits) * wide(scale, bits))
    return sums.result(p.o, p.projection, inputs)
