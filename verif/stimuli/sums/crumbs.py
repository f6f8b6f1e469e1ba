"""Sums that a crumb decides: one product at a tie of the result's format, or next to one, and one
far below it.

`aimed_sums` takes its targets apart, each a few bits longer than the result; what lies further down
it leaves out. Here the long product is one of two odd numbers, so that it ends where it should.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ....hdl.formats import Decoded, FloatFormat, NumberFormat, Projection, Rounding
from ....hdl.unit import Unit
from ...golden.rounding import project

__all__ = ["crumbs"]

_DOWN = Projection(rounding=Rounding.RTZ)
_KNOWN = {"a", "b", "random", "first", "last"}


def crumbs(
    rng: np.random.Generator, unit: Unit, result: Mapping[str, np.ndarray], most: int
) -> dict[str, np.ndarray]:
    """Such beats, at most so many, of a unit that rounds the sum of products: codes by field."""
    formats = _formats(unit)
    if not formats:
        return {}
    a, b, o = formats
    lanes = result["a"].shape[1]
    bits = _bits(a) + _bits(b)
    wanted = _bits(o) + rng.integers(0, 3, most)
    # As many rows at the lower end of the range, where the last bit's place is fixed, as elsewhere.
    fixed = (rng.random(most) < 0.5) | (not isinstance(o, FloatFormat))
    wanted = np.minimum(np.where(fixed, rng.integers(1, _bits(o) + 2, most), wanted), bits)
    low, high = (sum(ends) for ends in zip(_ends(a), _ends(b), strict=True))
    free = rng.integers(low, np.maximum(high - wanted, low) + 1)
    place = np.where(fixed, o.lsb_exponent - rng.integers(1, 3, most), free)
    rows = np.arange(most)
    order = rng.permuted(np.tile(np.arange(lanes), (most, 1)), axis=1)
    codes = np.zeros((2, most, lanes), np.int64)
    made = _product(rng, (a, b), wanted, place)
    codes[:, rows, order[:, 0]] = made
    if lanes > 1:
        below = rng.integers(low, np.maximum(place, low + 1))
        codes[:, rows, order[:, 1]] = _product(rng, (a, b), rng.integers(1, 3, most), below)
    beats = {name: column[rng.integers(0, len(column), most)] for name, column in result.items()}
    return {**beats, "a": codes[0], "b": codes[1]}


def _formats(unit: Unit) -> tuple[NumberFormat, NumberFormat, NumberFormat] | None:
    shapes: dict[str, Any] = {name: field.shape for name, field in unit.i.payload.shape()}
    p = unit.parameters
    o = getattr(p, "o", None)
    if not set(shapes) <= _KNOWN or getattr(p, "product", "exact") != "exact":
        return None
    sides: list[Any] = [shapes.get(side) for side in "ab"]
    if not isinstance(o, NumberFormat) or not all(isinstance(s, ArrayLayout) for s in sides):
        return None
    a, b = (side.elem_shape for side in sides)
    both = isinstance(a, NumberFormat) and isinstance(b, NumberFormat)
    alike = both and sides[0].length == sides[1].length
    # In formats without a zero nothing can be left out.
    zeros = all(getattr(format, "zero", True) for format in (a, b))
    return (a, b, o) if alike and zeros else None


def _product(
    rng: np.random.Generator,
    formats: tuple[NumberFormat, NumberFormat],
    length: np.ndarray,
    place: np.ndarray,
) -> np.ndarray:
    """Codes of two odd numbers with about so many bits together, times a power of two that brings
    the product's last bit to its place, where there is such a pair."""
    a, b = formats
    count = len(length)
    least = np.maximum(length - _bits(b), min(1, _bits(a)))
    first = rng.integers(least, np.maximum(np.minimum(_bits(a), length - 1), least) + 1)
    lengths = first, np.clip(length - first, 1, _bits(b))
    low, high = _ends(a)
    other_low, other_high = _ends(b)
    start = np.clip(place - other_high + lengths[1], low, np.maximum(high - first, low))
    stop = np.clip(place - other_low, start, np.maximum(high - first, start))
    exponent = rng.integers(start, stop + 1)
    codes = []
    for format, bits, at in zip(formats, lengths, (exponent, place - exponent), strict=True):
        odd = (1 << bits - 1) | rng.integers(0, 1 << bits) | 1
        none = np.zeros(count, bool)
        minus = (rng.random(count) < 0.5) & format.signed
        codes.append(project(Decoded(none, none, minus, odd, at), format, _DOWN))
    return np.array(codes)


def _bits(format: NumberFormat) -> int:
    return format.precision if isinstance(format, FloatFormat) else format.width - format.signed


def _ends(format: NumberFormat) -> tuple[int, int]:
    """Exponents of the last bit, and of the bit above the greatest number's first."""
    low = format.lsb_exponent
    return low, low + format.max_integer.bit_length()
