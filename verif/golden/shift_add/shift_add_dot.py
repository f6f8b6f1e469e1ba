"""Golden model of the shift-and-add dot product: by its definition, group by group."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ..exact import bit_length, wide
from ..exact_sum import ExactSums, of_last_beat
from ..product import multiply
from ..rounding import project
from .weighted import elements, weighted

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per group: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    weights = p.b.integers(inputs["b"])
    sums = weighted(p, inputs, weights)
    lsb = sums.lsb_exponent + p.b.lsb_exponent
    total, nan, plus, minus = sums.total, sums.nan, sums.plus, sums.minus
    if p.zero:
        of_a = weighted(p, inputs, np.ones_like(weights))
        zero = of_last_beat(p.b.integers(inputs["b_zero"]), inputs)
        bits = int(bit_length(abs(of_a.total)).max(initial=0)) + p.b.width + 2
        total = wide(total, bits) - wide(zero, bits) * wide(of_a.total, bits)
        # Of an infinity there is nothing to be subtracted.
        nan = nan | of_a.plus | of_a.minus
        plus = minus = np.zeros(len(total), bool)
    sums = ExactSums(total, lsb, nan, plus, minus)
    if p.scale is None:
        return sums.result(p.o, p.projection, inputs)
    scale = elements(of_last_beat(inputs["scale"], inputs), p.scale, p.projection)
    number = multiply(sums.numbers, scale)
    exact_zero = (number.significand == 0) & ~number.infinite
    number = Decoded(
        number.nan,
        number.infinite,
        number.negative & ~exact_zero,
        number.significand,
        number.exponent,
    )
    random = of_last_beat(inputs.get("random"), inputs)
    return {"p": project(number, p.o, p.projection, random)}
