"""Blocks under special scales: what becomes of an infinite one's sum each lane's zero and sign say.

All products of a beat have one sign but for one lane's, which is zero, of the other sign, or none;
numbers are a single bit, apart from their zero point too, so that a zero is told by each bit. The
scale of that lane's block is infinite, a NaN or a zero, or a bit off one of these.
"""

from typing import Any

import numpy as np

from ....hdl.formats import BlockFormat, FloatFormat
from ....hdl.unit import Unit

__all__ = ["block_specials"]

#: Times that a bit is drawn until a difference has the sign that it should have.
_DRAWN = 4


def block_specials(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], most: int
) -> dict[str, np.ndarray]:
    """Such operands, so many: codes by field; none for units whose scales have no mantissas."""
    p = unit.parameters
    sides: dict[str, BlockFormat] = {"a": p.a, "b": p.b}
    # Scales that are all exponent are special in one code: draws show that.
    special = [side for side, block in sides.items() if _is_special(block.scale)]
    if not special or not most:
        return {}
    one = rng.choice(special, most)
    codes: dict[str, np.ndarray] = {}
    rows, lanes = np.arange(most), result["a"].shape[1]
    lane = rng.integers(0, lanes, most)
    # Zero on either side or both, another sign on either side, or none of these.
    what = rng.choice(6, most, p=[0.15, 0.15, 0.05, 0.15, 0.15, 0.35])
    for side, block in sides.items():
        zero, like, unlike = _elements(rng, block, result, side, (most, lanes))
        odd = (what == 2) | (what == "ab".index(side))
        other = (what == 3 + "ab".index(side)) & (rng.random(most) < 0.9)
        element = like
        element[rows, lane] = np.where(other, unlike[rows, lane], like[rows, lane])
        element[rows, lane] = np.where(odd, zero[rows, lane], element[rows, lane])
        codes[side] = element
        if block.zero_point:
            codes[f"{side}_zero"] = zero[:, :: block.size]
        scale = np.array(result[f"{side}_scale"][:most]).reshape(most, -1)
        usual = rng.random(scale.shape) < 0.75
        scale = np.where(usual, _one(block.scale), scale)
        if side in special:
            assert isinstance(block.scale, FloatFormat)
            at = lane // (lanes // scale.shape[1])
            here = (one == side) | (rng.random(most) < 0.5)
            made = _special(rng, block.scale, one == side)
            scale[rows, at] = np.where(here, made, scale[rows, at])
        codes[f"{side}_scale"] = scale
    return codes


def _elements(
    rng: np.random.Generator,
    block: BlockFormat,
    result: dict[str, np.ndarray],
    side: str,
    shape: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes of zero, of numbers of one sign in each row, and of numbers of the other sign."""
    element: Any = block.element
    many, lanes = shape
    width = element.width
    if not block.zero_point:
        sign = rng.integers(0, 2, (many, 1)) if element.signed else np.zeros((many, 1), np.int64)
        one = 1 << rng.integers(0, width - bool(element.signed), shape)
        if not isinstance(element, FloatFormat):
            pair = [one, -one & (1 << width) - 1]
        else:
            pair = [one, one | element.sign_mask]
        usual = result[side][:many]
        zero = np.where(rng.random(shape) < 0.1, usual & 0, 0)
        return zero, np.where(sign, pair[1], pair[0]), np.where(sign, pair[0], pair[1])
    zeros = rng.integers(0, 1 << width, (many, lanes // block.size))
    zero = np.repeat(zeros, block.size, axis=1)
    more = rng.integers(0, 2, (many, 1)).astype(bool)
    pair = []
    for up in (more, ~more):
        number = zero ^ 1 << rng.integers(0, width, shape)
        for _ in range(_DRAWN):
            again = zero ^ 1 << rng.integers(0, width, shape)
            drawn = rng.integers(0, 1 << width, shape)
            again = np.where((rng.random(shape) < 0.5) & (drawn != zero), drawn, again)
            number = np.where((number > zero) == up, number, again)
        pair.append(number)
    return zero, pair[0], pair[1]


def _is_special(scale: Any) -> bool:
    return isinstance(scale, FloatFormat) and scale.has_nan and scale.mantissa_width > 0


def _special(rng: np.random.Generator, scale: FloatFormat, first: np.ndarray) -> np.ndarray:
    """Infinities and NaN, where these come first, else zeros, of both signs; some with one bit
    another."""
    many = len(first)
    assert scale.nan_code is not None
    infinity = scale.nan_code if scale.infinity_magnitude is None else scale.infinity_magnitude
    code = np.where(rng.random(many) < 0.25, scale.nan_code, infinity)
    code = np.where(first ^ (rng.random(many) < 0.1), code, 0)
    off = np.where(rng.random(many) < 0.4, 1 << rng.integers(0, scale.width, many), 0)
    return code ^ off ^ rng.integers(0, 2, many) * scale.sign_mask


def _one(scale: Any) -> int:
    return scale.encode(1)
