"""What the fields of a unit must hold for its results to be near numbers of their format."""

from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ....hdl.formats import Decoded, FloatFormat, NumberFormat, Projection, Rounding
from ....hdl.unit import Unit
from ...golden.rounding import project
from .numbers import aimed_factors, targets
from .sums import aimed_sums

__all__ = ["aim_sums", "element_of"]

#: Sums that are aimed, at the most: each is taken apart by itself.
_MOST = 1500


def aim_sums(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], together: int
) -> int:
    """Write such rows over the first beats, ``together`` of them a sum; how many beats."""
    o, fields = unit.parameters.o, {n: f.shape for n, f in unit.i.payload.shape()}
    formats = [element_of(fields.get(name)) for name in "ab"]
    a, b = formats
    if a is None or ("b" in fields and b is None) or not _zeros(a, b):
        return 0
    count, lanes = result["a"].shape
    rows = min(count // (4 * together), _MOST)
    beats = rows * together
    if not rows:
        return 0
    scales = np.zeros((rows, lanes * together), np.int64)
    low, high = _exponents(a, b, lanes * together)
    ends = [_ends(element_of(fields.get(f"{side}_scale"))) for side in "ab"]
    span = low + ends[0][0] + ends[1][0], high + ends[0][1] + ends[1][1]
    target = targets(rng, o, rows, span)
    rest = target
    for name in fields:
        if name in ("a", "b", "random", "first", "last"):
            continue
        if name == "c":
            rest = _addend(rng, fields[name], target, result[name][:rows])
        elif name.endswith("_zero"):
            result[name][:beats] = 0
        elif name == "scale":
            result[name][:beats] = fields[name].encode(1)
        elif name.endswith("_scale"):
            blocks = result[name][:beats].reshape(rows, -1)
            drawn = _scales(rng, element_of(fields[name]), target, blocks, (low, high), scales)
            result[name][:beats] = drawn.reshape(result[name][:beats].shape)
    codes = aimed_sums(rng, a, b, rest, scales)
    for name, column in zip([name for name in "ab" if name in fields], codes, strict=False):
        result[name][:beats] = column.reshape(beats, lanes)
    _aim_scales(rng, unit, fields, target, result, together)
    return beats


def _aim_scales(
    rng: np.random.Generator,
    unit: Unit,
    fields: dict[str, Any],
    target: Decoded,
    result: dict[str, np.ndarray],
    together: int,
) -> None:
    """In every third row the scales' own product is the target: one pair of elements is one, all
    others are zero. Where there are no signs, a zero point makes it minus one."""
    sides = [element_of(fields.get(f"{side}_scale")) for side in "ab"]
    if not any(isinstance(x, FloatFormat) and x.mantissa_width for x in sides):
        return
    a, b = sides
    assert a is not None
    assert b is not None
    rows = np.arange(0, len(target.nan), 3)
    picked = Decoded(*(np.asarray(v)[rows] for v in vars(target).values()))
    size = Decoded(
        picked.nan, picked.infinite, picked.nan, picked.significand, picked.exponent
    )
    scales = aimed_factors(rng, a, b, unit.parameters.o, len(rows), size)
    beat = rows * together
    for name in ("c", "a", "b"):
        if name in fields:
            for k in range(together):
                result[name][beat + k] = 0
    for side, codes in zip("ab", scales, strict=True):
        scale = result[f"{side}_scale"]
        scale[beat] = codes.reshape(-1, *[1] * (scale.ndim - 1))
    minus = np.asarray(picked.negative)
    for side in "ab":
        element = element_of(fields[side])
        assert element is not None
        one = np.full(len(rows), element.encode(1))
        zero = f"{side}_zero"
        if side == "a" and zero in fields:
            result[zero][beat] = np.where(minus, one, 0).reshape(-1, *[1] * (result[zero].ndim - 1))
            one = np.where(minus, 0, one)
        elif side == "a" and element.signed:
            one = np.where(minus, element.encode(-1), one)
        result[side][beat, 0] = one


def element_of(shape: Any) -> NumberFormat | None:
    shape = shape.elem_shape if isinstance(shape, ArrayLayout) else shape
    return shape if isinstance(shape, NumberFormat) else None


def _ends(format: NumberFormat | None) -> tuple[int, int]:
    """Exponents of the least and the greatest power of two, of a scale."""
    if not isinstance(format, FloatFormat):
        return 0, 0
    low = format.lsb_exponent + (0 if format.zero else format.mantissa_width)
    return low, format.lsb_exponent + format.max_integer.bit_length() - 1


def _zeros(*formats: NumberFormat | None) -> bool:
    return all(getattr(format, "zero", True) for format in formats)


def _exponents(a: NumberFormat, b: NumberFormat | None, lanes: int) -> tuple[int, int]:
    """Of the least product, and of the greatest sum."""
    both = [a] if b is None else [a, b]
    low = sum(x.lsb_exponent for x in both)
    return low, low + sum(x.max_integer.bit_length() for x in both) + lanes.bit_length()


def _scales(
    rng: np.random.Generator,
    format: NumberFormat | None,
    target: Decoded,
    blocks: np.ndarray,
    exponents: tuple[int, int],
    scales: np.ndarray,
) -> np.ndarray:
    """Powers of two that bring each block's products to the target; ``scales`` gets their
    exponents, too."""
    if not isinstance(format, FloatFormat):
        return blocks
    low, high = _ends(format)
    length = np.log2(np.maximum(target.significand, 1)).astype(np.int64)
    wanted = (target.exponent + length)[:, None] - np.max(scales, axis=1, keepdims=True)
    wanted = wanted - rng.integers(exponents[0], exponents[1] + 1, (len(wanted), 1))
    # Of two factors the first takes half, so that the second is left with something in its range.
    if not scales.any():
        wanted = wanted // 2
    # Some blocks are far below the others: together they hold more bits than one of them.
    apart = np.where(rng.random(blocks.shape) < 0.5, 0, rng.integers(0, 25, blocks.shape))
    exponent = np.clip(wanted - apart, low, high)
    lanes = scales.shape[1] // blocks.shape[1]
    scales += np.repeat(exponent, lanes, axis=1)
    none = np.zeros(exponent.shape, bool)
    ones = np.ones(exponent.shape, np.int64)
    return project(Decoded(none, none, none, ones, exponent), format, Projection())


def _addend(
    rng: np.random.Generator, format: Any, target: Decoded, codes: np.ndarray
) -> Decoded:
    """Half of the addends take the leading bits; what is left of the targets."""
    nearest = project(target, format, Projection(rounding=Rounding.RTZ))
    taken = rng.random(len(codes)) < 0.5
    codes[:] = np.where(taken, nearest, 0)
    number = format.decode(codes)
    down = np.maximum(number.exponent - target.exponent, 0)
    # Both are in units of the target's last place; where the addend's is finer, it is all of it.
    part = np.where(taken, number.significand << np.minimum(down, 30), 0)
    left = np.maximum(target.significand - part, 0)
    left = np.where(taken & (number.exponent < target.exponent), 0, left)
    return Decoded(target.nan, target.infinite, target.negative, left, target.exponent)
