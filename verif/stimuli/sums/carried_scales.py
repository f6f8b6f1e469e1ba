"""Groups of integers whose sum times a float scale rounds up, with a carry through many ones.

A product of two drawn numbers ends in random bits: a rounding bit that is carried on by ten ones
is one in a thousand, and one that is carried by twenty never comes. All pairs of a sum and a
significand that are long enough to be rounded are few, so those with the longest carries are
found among them. Then the sum is taken apart: strong weights, each with the largest element that
is not too large, and a weight of one at the end.
"""

from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ....hdl.formats import FloatFormat, IntegerFormat
from ....hdl.unit import Unit
from ..bounds import set_bounds

__all__ = ["carried_scales"]

_KNOWN = {"first", "last", "a", "b", "b_zero", "scale", "random"}
#: Pairs of each length of the carry; pairs that are looked at; beats of a group; and one beat in so
#: many is written.
_EACH, _MOST, _BEATS, _PART = 24, 1 << 21, 4, 16


def carried_scales(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such groups over the last beats; how many beats."""
    p = unit.parameters
    shapes: dict[str, Any] = {name: f.shape for name, f in unit.i.payload.shape()}
    if not {"a", "b", "scale"} <= set(shapes) <= _KNOWN:
        return 0
    a, b = (s.elem_shape if isinstance(s, ArrayLayout) else s for s in map(shapes.get, "ab"))
    scale, o = shapes["scale"], getattr(p, "o", None)
    if not (isinstance(a, IntegerFormat) and isinstance(b, IntegerFormat)):
        return 0
    if result["a"].ndim != 2:
        return 0
    if not (isinstance(scale, FloatFormat) and isinstance(o, FloatFormat)):
        return 0
    beats = min(unit.beats, _BEATS) if "last" in shapes else 1
    lanes = result["a"].shape[1]
    zero = b.max_integer if "b_zero" in shapes and not b.signed else 0
    weight = zero or b.max_integer
    if not weight or not a.max_integer:
        return 0
    sums, significands = _pairs(rng, a.max_integer * (weight * (beats * lanes - 1) + 1), scale, o)
    groups = min(len(sums), len(result["a"]) // _PART // beats)
    if not groups:
        return 0
    sums, significands = sums[:groups], significands[:groups]
    elements = np.zeros((groups, beats * lanes), np.int64)
    weights = np.full(elements.shape, weight)
    weights[:, -1] = 1
    rest = sums.copy()
    for k in range(beats * lanes):
        elements[:, k] = np.minimum(rest // weights[:, k], a.max_integer)
        rest -= elements[:, k] * weights[:, k]
    turned = rng.permuted(np.arange(beats * lanes)[None].repeat(groups, 0), axis=1)
    elements, weights = (np.take_along_axis(x, turned, 1) for x in (elements, weights))
    # Weights below their zero point make a sum that is negative.
    codes = {"a": elements, "b": zero - weights if zero else weights}
    where = slice(len(result["a"]) - groups * beats, None)
    for name, numbers in codes.items():
        mask = (1 << (a if name == "a" else b).width) - 1
        result[name][where] = numbers.reshape(groups * beats, lanes) & mask
    if "b_zero" in shapes:
        result["b_zero"][where] = zero
    field = rng.integers(1, scale.max_magnitude >> scale.mantissa_width, groups)
    mantissa = significands & (1 << scale.mantissa_width) - 1
    result["scale"][where] = ((field << scale.mantissa_width) | mantissa).repeat(beats)
    if "last" in shapes:
        set_bounds(result, where.start, np.arange(where.start + beats - 1, len(result["a"]), beats))
    return groups * beats


def _pairs(
    rng: np.random.Generator, most: int, scale: FloatFormat, o: FloatFormat
) -> tuple[np.ndarray, np.ndarray]:
    """Sums and significands whose products are rounded up, the longest carries first."""
    low, high = 1 << scale.mantissa_width, 2 << scale.mantissa_width
    least = max((1 << o.precision) // high, 1)
    if scale.mantissa_width < 2 or least >= most or most >= 1 << 40:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    step = max((most - least) * low // _MOST, 1)
    sums = np.arange(least, most + 1, step)
    x, y = (side.ravel() for side in np.meshgrid(sums, np.arange(low, high, 1), indexing="ij"))
    product = x * y
    cut = np.frexp(product.astype(np.float64))[1] - o.precision
    half = np.where(cut > 0, 1 << np.maximum(cut - 1, 0), 0)
    up = (cut > 0) & (product & half > 0)
    # Half of a step added: what is left of the ones that it was carried through are zeros.
    carried = (product[up] + half[up]) >> cut[up]
    run = np.frexp((carried & -carried).astype(np.float64))[1]
    chosen = []
    for length in range(int(run.max(initial=0)), 0, -1):
        alike = np.flatnonzero(run == length)
        chosen.append(rng.choice(alike, min(_EACH, len(alike)), replace=False))
    order = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
    return x[up][order], y[up][order]
