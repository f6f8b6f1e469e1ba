"""Vectors with a purpose, which are written over some of the draws: near roundings, pairings of
classes, the largest sums."""

from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import BlockFormat, FloatFormat, NumberFormat
from ...hdl.unit import Unit
from .aimed.blocks import aim_blocks, aim_scaled
from .aimed.numbers import aimed_factors, aimed_numbers
from .aimed.random_words import random_targets, suits_random
from .aimed.roots import aimed_roots, makes_roots
from .aimed.rows import aim_sums
from .aimed.shifts import aim_shifted, shifts_integers
from .classes import by_class
from .extremes import strongest_beats

__all__ = ["aim", "bounds", "pair_classes", "strongest"]

#: Beats of a transaction that is aimed at a rounding, where it may have so many.
AIMED_BEATS = 3


def aim(
    rng: np.random.Generator,
    unit: Unit,
    operands: list[str],
    result: dict[str, np.ndarray],
    start: int,
) -> int:
    """Operands with results near numbers of the result's format, over some draws; how many."""
    p = unit.parameters
    o = getattr(p, "o", None)
    if "a" not in operands:
        return 0
    kind = getattr(p, "a", None)
    if isinstance(o, BlockFormat) and isinstance(kind, FloatFormat):
        return aim_blocks(rng, unit, result)
    if shifts_integers(unit):
        return aim_shifted(rng, unit, result)
    if not isinstance(o, NumberFormat):
        return 0
    if isinstance(kind, BlockFormat) and operands[:2] == ["a", "a_scale"] and "b" not in operands:
        return aim_scaled(rng, unit, result)
    if result["a"].ndim > 1:
        # Of units that give one result for many numbers; nothing there is crossed.
        one = not isinstance(next(iter(unit.o.payload.shape()))[1].shape, ArrayLayout)
        return aim_sums(rng, unit, result, min(unit.beats, AIMED_BEATS)) if one else 0
    formats: Any = [getattr(p, name, None) for name in operands]
    if not all(isinstance(f, NumberFormat) for f in formats):
        return 0
    many = (len(result["a"]) - start) // 2
    where = slice(start, start + many)
    target = None
    if "random" in result and len(operands) < 3 and suits_random(o, p):
        target, result["random"][where] = random_targets(rng, o, p.projection, many)
    if len(operands) == 1:
        result["a"][where] = aimed_numbers(rng, formats[0], o, many, target)
    elif makes_roots(p, operands):
        roots = aimed_roots(rng, p, result["largest"][where])
        result["a"][where], result["largest"][where] = roots
    elif len(operands) == 2:
        codes = aimed_factors(rng, formats[0], formats[1], o, many, target)
        for name, column in zip(operands, codes, strict=True):
            result[name][where] = column
    else:
        return 0
    return many


def pair_classes(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], aimed: int
) -> int:
    """One beat for every pairing of classes of ``a`` and ``b`` in one lane, after those that are
    aimed and the largest sums; how many."""
    fields = unit.i.payload.shape()
    shapes: Any = {name: field.shape for name, field in fields if name in ("a", "b")}
    if len(shapes) < 2 or not all(
        isinstance(s, ArrayLayout) and isinstance(s.elem_shape, NumberFormat)
        for s in shapes.values()
    ):
        return 0
    if shapes["a"].length != shapes["b"].length:
        return 0
    members = [[rng.choice(codes) for codes in by_class(shapes[n].elem_shape)] for n in "ab"]
    start = aimed + 2 * _longest(unit, len(result["a"]), aimed)
    grids = [grid.ravel() for grid in np.meshgrid(*members, indexing="ij")]
    count = len(grids[0])
    if start + count > len(result["a"]) // 2:
        return 0
    rows = np.arange(start, start + count)
    lanes = rng.integers(0, shapes["a"].length, count)
    for name, grid in zip("ab", grids, strict=True):
        result[name][rows, lanes] = grid
    return count


def _longest(unit: Unit, count: int, whole: int) -> int:
    """Beats of the longest transactions, of which there are three."""
    return max(min(unit.beats, (count - whole) // 4), 1)


def bounds(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], whole: int
) -> dict[str, np.ndarray]:
    """Transactions of 1 to as many beats as there may be, the longest among them, if it fits.

    Two of the longest repeat the strongest beats there are, which must be written over others.
    ``whole`` beats at the start are transactions of their own, or of ``AIMED_BEATS`` together.
    """
    count = len(next(iter(result.values())))
    first, last = np.zeros(count, np.int64), np.zeros(count, np.int64)
    longest = _longest(unit, count, whole)
    lengths = [longest, longest, longest]
    together = min(unit.beats, AIMED_BEATS)
    position = 0
    while position < count:
        if position < whole:
            length = together
        else:
            length = lengths.pop() if lengths else int(rng.integers(1, min(unit.beats, 16) + 1))
        length = min(length, count - position)
        first[position], last[position + length - 1] = 1, 1
        position += length
    for k, beat in enumerate(strongest_beats(rng, unit, result)):
        where = slice(whole + k * longest, whole + (k + 1) * longest)
        for name, codes in beat.items():
            result[name][where] = codes
    return {"first": first, "last": last}


def strongest(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], start: int
) -> None:
    """The two strongest beats of a unit whose results depend on one beat each."""
    for k, beat in enumerate(strongest_beats(rng, unit, result)):
        if start + k < len(next(iter(result.values()))):
            for name, codes in beat.items():
                result[name][start + k] = codes
