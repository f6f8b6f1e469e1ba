"""All operands in an order by chance, and the few that are rare several times.

What a pipeline keeps while its result waits shows only where the operand that waits and the one
behind it differ in that bit. Counted up, neighbours are alike; and an operand that comes once, as
the least integer of all, will mostly not wait where its own bits are kept.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import NumberFormat
from .corners import corners

__all__ = ["in_other_orders"]

FEWEST = 1 << 13
"""Beats that a pipeline gets at the least."""

_CORNERS = 1 << 11


def in_other_orders(
    rng: np.random.Generator, formats: Mapping[str, Any], codes: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], int]:
    """The beats shuffled, as often as it takes to have enough, and how often; or once, and then
    some that are corners in all fields again."""
    count = len(next(iter(codes.values())))
    times = -(-FEWEST // count)
    order = np.concatenate([rng.permutation(count) for _ in range(times)])
    if times == 1:
        order = np.append(order, rng.choice(_rare(formats, codes), _CORNERS))
    return {name: values[order] for name, values in codes.items()}, times


def _rare(formats: Mapping[str, Any], codes: Mapping[str, np.ndarray]) -> np.ndarray:
    """Numbers of the beats that have corners only."""
    found = np.ones(len(next(iter(codes.values()))), bool)
    for name, format in formats.items():
        element = format.elem_shape if isinstance(format, ArrayLayout) else format
        if isinstance(element, NumberFormat):
            edge = np.isin(codes[name], corners(element))
            found &= edge.reshape(len(edge), -1).all(axis=1)
    return np.flatnonzero(found)
