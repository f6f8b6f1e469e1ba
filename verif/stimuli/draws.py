"""Draws: codes uniform or from corners, vectors of several kinds, and every pairing of corners."""

from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import FloatFormat, IntegerFormat, NumberFormat
from .classes import by_class
from .corners import corners
from .neighbours import neighbours

__all__ = ["cross", "draw", "draw_lanes", "legal_codes"]


def legal_codes(format: Any) -> tuple[int, int | None]:
    """Bits of a code, and the one code that must not occur, if any."""
    shape = Shape.cast(format)
    if isinstance(format, IntegerFormat) and format.narrow:
        return shape.width, 1 << (shape.width - 1)
    return shape.width, None


def draw(rng: np.random.Generator, format: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Half uniform codes, half corners: any corner, or one of a class drawn first."""
    width, illegal = legal_codes(format)
    if width > 62:
        words = [
            rng.integers(0, 1 << 32, shape, dtype=np.int64).astype(object) << 32 * k
            for k in range(-(-width // 32))
        ]
        codes: np.ndarray = np.sum(words, axis=0) & ((1 << width) - 1)
    else:
        codes = rng.integers(0, 1 << width, shape, dtype=np.int64)
    if isinstance(format, NumberFormat):
        edge = corners(format)
        codes = np.where(rng.random(shape) < 0.5, codes, edge[rng.integers(0, len(edge), shape)])
        codes = np.where(rng.random(shape) < 0.25, _classwise(rng, format, shape), codes)
    if illegal is not None:
        codes = np.where(codes == illegal, illegal + 1, codes)
    return codes


def _classwise(
    rng: np.random.Generator, format: NumberFormat, shape: tuple[int, ...]
) -> np.ndarray:
    members = by_class(format)
    kind = rng.integers(0, len(members), shape)
    longest = max(len(codes) for codes in members)
    table = np.array([np.resize(codes, longest) for codes in members])
    return table[kind, rng.integers(0, longest, shape)]


def draw_lanes(rng: np.random.Generator, format: ArrayLayout, count: int) -> np.ndarray:
    """Vectors of three kinds: any element anywhere, mostly zeros, one number in all lanes."""
    codes = draw(rng, format.elem_shape, (count, format.length))
    zero = np.zeros_like(codes)
    if isinstance(format.elem_shape, FloatFormat) and not format.elem_shape.zero:
        zero = zero + format.elem_shape.bias
    kind = rng.integers(0, 4, (count, 1))
    sparse = np.where(rng.random(codes.shape) < 2 / format.length, codes, zero)
    # Specials would hide nearly every sum of many lanes: most vectors have finite elements only.
    finite = _finite(rng, format.elem_shape, codes)
    if isinstance(format.elem_shape, FloatFormat) and format.elem_shape.exponent_width > 4:
        near = neighbours(rng, format.elem_shape, codes.shape)
        finite = np.where(rng.random((count, 1)) < 0.75, near, finite)
    alike = np.broadcast_to(finite[:, :1], codes.shape)
    return np.select([kind == 0, kind == 1, kind == 2], [codes, sparse, alike], finite)


def _finite(rng: np.random.Generator, format: Any, codes: np.ndarray) -> np.ndarray:
    if not isinstance(format, FloatFormat):
        return codes
    decoded = format.decode(codes)
    draw = rng.integers(0, format.max_magnitude + 1, codes.shape)
    return np.where(decoded.nan | decoded.infinite, draw, codes)


def cross(
    rng: np.random.Generator,
    fields: dict[str, Any],
    operands: list[str],
    result: dict[str, np.ndarray],
    count: int,
) -> int:
    """Every pairing of corners, written over the first draws where they fit; how many."""
    if len(operands) not in (1, 2) or not all(
        isinstance(fields[n], NumberFormat) for n in operands
    ):
        return 0
    sides = [corners(fields[n]) for n in operands]
    if np.prod([len(side) for side in sides]) > count // 2:
        # Then at least every pairing of classes, with numbers drawn from each.
        sides = [_of_each_class(rng, fields[n]) for n in operands]
    grids = np.meshgrid(*sides, indexing="ij")
    if grids[0].size > count:
        return 0
    for name, grid in zip(operands, grids, strict=True):
        result[name][: grid.size] = grid.ravel()
    return grids[0].size


def _of_each_class(rng: np.random.Generator, format: NumberFormat) -> np.ndarray:
    """Two numbers of each class, or the only one."""
    found = []
    for members in by_class(format):
        found += rng.choice(members, min(2, len(members)), replace=False).tolist()
    return np.array(found)
