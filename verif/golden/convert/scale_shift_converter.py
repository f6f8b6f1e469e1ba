"""Golden model of the conversion with a power of two."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..rounding import flush_subnormals, project
from .requantizer import lane_bits

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Codes of ``o`` for codes of ``a``, in shape (beats, lanes)."""
    p = parameters
    numbers = p.a.decode(inputs["a"])
    if p.projection.ftz_in:
        numbers = flush_subnormals(numbers, p.a)
    shift = p.shift.integers(inputs["shift"])
    bits = p.projection.random_bits
    random = lane_bits(inputs["random"], bits, p.lanes) if bits else None
    moved = replace(numbers, exponent=numbers.exponent - shift)
    return {"p": project(moved, p.o, p.projection, random)}
