"""Codes that are one bit away from a zero, an infinity or a NaN, beside each of those.

Hardware tells specials by many bits at once. Of a wide format draws would hardly ever show that it
looks at every one of them: an infinity with one bit in its mantissa is a NaN, a zero with one a
number, whose product with infinity is no NaN.
"""

from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import FloatFormat
from ...hdl.unit import Unit

__all__ = ["one_bit_off"]


def one_bit_off(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], most: int
) -> dict[str, np.ndarray]:
    """Such beats of a unit that takes vectors, at most so many: codes by field.

    Each has one such code, in one lane, among drawn finite numbers; the other vector's element in
    that lane is special, too, or one. Nothing else in the beat is.
    """
    vectors = _vectors(unit, result)
    found = [
        (side, lane, code, partner)
        for side, format in vectors.items()
        for lane in range(result[side].shape[1])
        for code in _near(format)
        for partner in _partners(vectors, side)
    ]
    if len(found) > most:
        found = [found[k] for k in rng.choice(len(found), most, replace=False)]
    count = len(found)
    beats = {name: codes[rng.integers(0, len(codes), count)] for name, codes in result.items()}
    for side, format in vectors.items():
        small = rng.integers(0, format.max_magnitude + 1, beats[side].shape)
        decoded = format.decode(beats[side])
        beats[side] = np.where(decoded.nan | decoded.infinite, small, beats[side])
    for row, (side, lane, code, partner) in enumerate(found):
        beats[side][row, lane] = code
        if partner is not None:
            beats["b" if side == "a" else "a"][row, lane] = partner
    return beats


def _vectors(unit: Unit, result: dict[str, np.ndarray]) -> dict[str, FloatFormat]:
    """Formats of the two vectors, where they have specials or zeros, and as many lanes."""
    shapes: dict[str, Any] = {name: field.shape for name, field in unit.i.payload.shape()}
    formats = {
        side: shapes[side].elem_shape
        for side in "ab"
        if isinstance(shapes.get(side), ArrayLayout)
        and isinstance(shapes[side].elem_shape, FloatFormat)
        and result[side].ndim == 2
    }
    alike = len({result[side].shape for side in formats}) == 1
    return formats if alike and any(f.has_nan for f in formats.values()) else {}


def _near(format: FloatFormat) -> list[int]:
    specials = [0 if format.zero else None, format.infinity_magnitude, format.nan_code]
    bits = [1 << k for k in range(format.width)]
    return sorted({code ^ bit for code in specials if code is not None for bit in bits})


def _partners(vectors: dict[str, FloatFormat], side: str) -> list[int | None]:
    """What stands beside them; None for whatever is there."""
    other = vectors.get("b" if side == "a" else "a")
    if other is None:
        return [None]
    ends = [None, other.encode(1), 0 if other.zero else None, other.infinity_magnitude]
    return [ends[0], *(code for code in ends[1:] if code is not None)]
