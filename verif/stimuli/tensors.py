"""What is tried on units that find out about whole tensors, or are told: scales that suit the
blocks they come with, and tensors of integers next to powers of two.

Uniform codes would leave nearly every block's scale zero or saturated, and every tensor full.
"""

from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import BlockFormat, FloatFormat, IntegerFormat
from ...hdl.unit import Unit
from .bounds import set_bounds

__all__ = ["near_powers", "tensor_scales"]

# Of the blocks, how many keep the scale that was drawn; and how far the others are below the
# tensor's largest number, in binades.
_ANY, _MOST_BELOW = 0.1, 16


def tensor_scales(
    rng: np.random.Generator, a: FloatFormat, o: BlockFormat, drawn: dict[str, np.ndarray]
) -> np.ndarray:
    """Binary32 codes that bring a tensor's peak to the largest scale times the largest element.

    Args:
        drawn: codes of the numbers in ``a``, and of scales in ``tensor_scale``.
    """
    assert isinstance(o.scale, FloatFormat)
    top = float(o.element.max_integer) * 2.0**o.element.lsb_exponent * float(o.scale.max_value)
    numbers = np.abs(a.to_float(drawn["a"]))
    peak = np.where(np.isfinite(numbers), numbers, 0).max(axis=-1)
    count = len(peak)
    with np.errstate(all="ignore"):
        scale = top / (peak * rng.uniform(1, 2, count) * 2.0 ** rng.integers(0, _MOST_BELOW, count))
        codes = scale.astype(np.float32).view(np.uint32).astype(np.int64)
    usable = np.isfinite(scale) & (rng.random(count) >= _ANY)
    return np.where(usable, codes, drawn["tensor_scale"])


def near_powers(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write beats, each a tensor of its own, of integers that are a power of two or its negative
    but for a lower bit: whether that is seen decides how large a negative number is; how many.

    They are for units that find out about many integers at once.
    """
    fields: dict[str, Any] = {name: f.shape for name, f in unit.i.payload.shape()}
    shape = fields["a"] if set(fields) <= {"a", "first", "last"} else None
    if not isinstance(shape, ArrayLayout) or not isinstance(shape.elem_shape, IntegerFormat):
        return 0
    format = shape.elem_shape
    count, lanes = result["a"].shape
    most = format.max_integer.bit_length()
    many = min(8 * lanes * most * most, count // 16)
    place = rng.integers(1, most + 1, (many, 1))
    lower = np.floor(rng.random((many, lanes)) * place).astype(np.int64)
    value = np.where(rng.random((many, 1)) < 0.1, 0, 1 << lower)
    value = value + np.where(format.signed, -1, 1) * (1 << place)
    value = np.where(rng.random((many, lanes)) < 1 / (lanes + 1), 0, value)
    value = np.clip(value, format.min_integer, format.max_integer)
    where = slice(count // 4 * 3, count // 4 * 3 + many)
    result["a"][where] = value & ((1 << format.width) - 1)
    if "last" in result:
        set_bounds(result, where.start, np.arange(where.start, where.stop))
    return many
