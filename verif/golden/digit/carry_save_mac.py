"""Golden model of the carry-save multiply-accumulate unit: a sum of products, modulo its width."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exact import wide
from ..exact_sum import over_beats

__all__ = ["model", "sum_width"]


def sum_width(p: Any, count: int) -> int:
    """Bits of a sum of ``count`` products that holds all of them, or those asked for."""
    if p.width:
        return p.width
    ends = [x * y for x in _ends(p.a) for y in _ends(p.b)]
    low, high = min(*ends, 0) * count, max(*ends, 0) * count
    if low < 0:
        return max((-low - 1).bit_length(), high.bit_length()) + 1
    return max(high.bit_length(), 1)


def _ends(format: Any) -> tuple[int, int]:
    return format.min_integer, format.max_integer


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One sum per transaction: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    bits = p.a.width + p.b.width + (p.lanes * p.beats).bit_length() + 2
    a, b = (wide(f.integers(inputs[n]), bits) for n, f in (("a", p.a), ("b", p.b)))
    total = over_beats((a * b).sum(axis=1), inputs)
    return {"p": wide(total, p.width or bits) % (1 << sum_width(p, p.lanes * p.beats))}
