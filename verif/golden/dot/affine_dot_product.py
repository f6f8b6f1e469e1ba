"""Golden model of the affine dot product: by its definition, term by term."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide
from ..exact_sum import over_beats

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One sum per transaction: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    bits = p.a.width + p.b.width + p.scale_width + (p.lanes * p.beats).bit_length() + 2
    factors = []
    for side, format, zero in (("a", p.a, p.zero_a), ("b", p.b, p.zero_b)):
        numbers = wide(format.integers(inputs[side]), bits)
        if zero:
            numbers = numbers - format.integers(inputs[f"{side}_zero"])[:, None]
        factors.append(numbers)
    total = (factors[0] * factors[1]).sum(axis=1)
    if p.scale_width:
        total = total * wide(inputs["b_scale"], bits)
    return {"p": over_beats(total, inputs)}
