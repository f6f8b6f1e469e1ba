"""Scales of tensors that suit the blocks they come with.

Uniform codes would leave nearly every block's scale zero or saturated.
"""

import numpy as np

from ..hdl.formats import BlockFormat, FloatFormat

__all__ = ["tensor_scales"]

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
