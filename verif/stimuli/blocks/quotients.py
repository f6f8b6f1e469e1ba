"""Elements of blocks whose quotient by the scale is at a rounding, once the scales are known.

`aim_blocks` takes scales for powers of two, and random words for what they may be. Where a scale
has a mantissa, a number drawn is hardly ever next to a tie of the quotients; here it is the nearest
to one of some ties. And a fraction and a random word drawn apart from each other are together at
the carry once in all the random words: here the numbers are made for the words, which are known
beforehand, too, if the unit makes them itself.
"""

from typing import Any

import numpy as np

from ....hdl.convert.block_amax import EXPONENT
from ....hdl.formats import IntegerFormat, NumberFormat, Projection
from ....hdl.formats.scale_rules import RandomSource, ScaleRule, rule_of
from ....hdl.unit import Unit
from ...golden.convert.block_quantizer import model
from ...golden.convert.block_random import draws
from ...golden.rounding import project
from ..sums.taken_apart import numbers

__all__ = ["meet_scales"]

#: Of the elements, how many are aimed.
_PART = 0.75
#: Ties of which the nearest to a number is taken, at the most.
_TIES = 8


def meet_scales(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], rows: int
) -> None:
    """Aim elements of the first blocks; those that would be larger than the largest stay."""
    p = unit.parameters
    random = bool(p.projection.random_bits)
    if not rows or (p.o.power_of_two_scale and not random):
        return
    beats = {name: codes[:rows] for name, codes in result.items()}
    codes = beats["a"]
    scale = p.o.scale.to_float(np.asarray(model(p, beats)["p_scale"]))[:, None]
    scale = np.where(np.isfinite(scale) & (scale != 0), scale, 1.0)
    if "tensor_scale" in beats:
        tensor = beats["tensor_scale"].astype(np.uint32).view(np.float32).astype(float)[:, None]
        scale = scale / np.where(np.isfinite(tensor) & (tensor > 0), tensor, 1.0)
    if rule_of(p.o, p.rule) is ScaleRule.THREE_QUARTERS:
        scale = scale * 4 / 3
    if "exponent" in beats:
        scale = np.ldexp(scale, -_signed(beats["exponent"])[:, None])
    made = (_to_words if random else _to_ties)(rng, p, beats, scale)
    made = made | rng.integers(0, 2, codes.shape) * p.a.sign_mask
    largest = (codes & p.a.magnitude_mask).max(axis=1, keepdims=True)
    kept = codes & p.a.magnitude_mask
    fits = ((made & p.a.magnitude_mask) <= largest) & (kept < largest)
    result["a"][:rows] = np.where(fits & (rng.random(codes.shape) < _PART), made, codes)


def _to_words(
    rng: np.random.Generator, p: Any, beats: dict[str, np.ndarray], scale: np.ndarray
) -> np.ndarray:
    """Numbers whose fraction is one with the random word, or a step less or more."""
    bits, shape = p.projection.random_bits, beats["a"].shape
    if p.random_source is RandomSource.INPUT:
        words = beats["random"]
    else:
        words = draws(p.random_source, p.seed, shape[0], shape[1], bits)
    fraction = (1 << bits) - 1 - words + rng.integers(-1, 2, shape)
    below = np.array([0, 2, 2, 1, 3])[rng.integers(0, 5, shape)] / 4
    low, high = _neighbours(rng, p.o.element, shape)
    quotient = low + (high - low) * np.maximum(fraction + below, 0) / (1 << bits)
    return project(numbers(quotient * scale), p.a, Projection())


def _to_ties(
    rng: np.random.Generator, p: Any, beats: dict[str, np.ndarray], scale: np.ndarray
) -> np.ndarray:
    """Numbers next to a tie, or to a number: of some the nearest."""
    shape = beats["a"].shape
    least = np.full(shape, np.inf)
    result = np.zeros(shape, np.int64)
    tries = rng.integers(1, _TIES + 1, (shape[0], 1))
    for turn in range(_TIES):
        low, high = _neighbours(rng, p.o.element, shape)
        wanted = scale * np.where(rng.random(shape) < 0.8, (low + high) / 2, low)
        code = project(numbers(wanted), p.a, Projection())
        code = np.clip(code + rng.choice([-1, 0, 0, 0, 0, 1], shape), 0, p.a.max_magnitude)
        apart = abs(p.a.to_float(code) - wanted) / np.where(wanted == 0, 1.0, wanted)
        better = (apart < least) & (turn < tries)
        least, result = np.where(better, apart, least), np.where(better, code, result)
    return result


def _signed(codes: np.ndarray) -> np.ndarray:
    return np.where(codes >= 1 << EXPONENT.width - 1, codes - (1 << EXPONENT.width), codes)


def _neighbours(
    rng: np.random.Generator, element: NumberFormat, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Magnitudes of two numbers next to each other, anywhere in a format."""
    top: Any = element.max_integer
    if isinstance(element, IntegerFormat):
        code = rng.integers(0, top, shape)
        unit = 2.0**element.lsb_exponent
        return code * unit, (code + 1) * unit
    code = rng.integers(0, getattr(element, "max_magnitude", 1), shape)
    return element.to_float(code), element.to_float(code + 1)
