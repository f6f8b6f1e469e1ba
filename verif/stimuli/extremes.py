"""Transactions that make the largest sums: the strongest beat there is, over and over.

Random beats all but cancel; an accumulator that is a bit too narrow would never show.
"""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import IntegerFormat, NumberFormat
from ...hdl.unit import Unit

__all__ = ["numbers_alone", "strongest_beats"]

_TRIED = 2048
# Beats that differ from the strongest in one element: no more than so many at once, so often.
_VARIANTS, _TIMES = 4096, 8


def strongest_beats(
    rng: np.random.Generator, unit: Unit, drawn: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """The beats that alone give the greatest and the least result: of those drawn and of some with
    each number at an end of its range, and, where elements are short, with each of them changed for
    as long as that helps. What a code stands for may depend on a mode."""
    fields = {name: field.shape for name, field in unit.i.payload.shape()}
    count = min(_TRIED, len(next(iter(drawn.values()))))
    tried = {}
    for name, shape in fields.items():
        codes = np.array(drawn[name][:count])
        element = shape.elem_shape if isinstance(shape, ArrayLayout) else shape
        if name in ("first", "last"):
            codes = np.ones_like(codes)
        elif isinstance(element, NumberFormat):
            ends = _ends(element)
            at_end = ends[rng.integers(0, 2, (count, *[1] * (codes.ndim - 1)))]
            where = rng.random((count, *[1] * (codes.ndim - 1))) < 0.8
            codes = np.where(where, at_end, codes)
        tried[name] = codes
    size = numbers_alone(unit, tried)[0].sum(axis=1)
    found = []
    for sign in (1, -1):
        index = int((sign * size).argmax())
        found.append(_climb(unit, {name: codes[index] for name, codes in tried.items()}, sign))
    return found


def _climb(unit: Unit, beat: dict[str, Any], sign: int) -> dict[str, Any]:
    """A beat with elements changed one by one, to the best of all of their codes; or with all of
    them changed at once, where that is better still."""
    places = []
    for name, field in unit.i.payload.shape():
        element = getattr(field.shape, "elem_shape", field.shape)
        width = Shape.cast(element).width
        if name not in ("first", "last", "random") and width <= 8:
            narrow = getattr(element, "narrow", False)
            codes = [c for c in range(1 << width) if not (narrow and c == 1 << width - 1)]
            places += [(name, at, codes) for at in np.ndindex(np.shape(beat[name]))]
    if sum(len(codes) for *_, codes in places) > _VARIANTS:
        return beat
    if not places:
        return beat
    ends = np.cumsum([len(codes) for *_, codes in places])
    best = -np.inf
    for _ in range(_TIMES):
        tried = _copies(beat, int(ends[-1]))
        for (name, at, codes), end in zip(places, ends, strict=True):
            tried[name][(slice(end - len(codes), end), *at)] = codes
        size = sign * numbers_alone(unit, tried)[0].sum(axis=1)
        # The best one, and all that are best for their element together.
        both = {name: codes[[size.argmax()] * 2] for name, codes in tried.items()}
        for (name, at, codes), end in zip(places, ends, strict=True):
            both[name][(1, *at)] = codes[size[end - len(codes) : end].argmax()]
        size = sign * numbers_alone(unit, both)[0].sum(axis=1)
        if size.max() <= best:
            break
        best = size.max()
        beat = {name: codes[size.argmax()] for name, codes in both.items()}
    return beat


def _copies(beat: Mapping[str, Any], count: int) -> dict[str, np.ndarray]:
    return {name: np.repeat(np.asarray(codes)[None], count, axis=0) for name, codes in beat.items()}


def _ends(format: NumberFormat) -> np.ndarray:
    """Codes of the least and the greatest number."""
    if isinstance(format, IntegerFormat):
        mask = (1 << format.width) - 1
        ends = [format.min_integer & mask, format.max_integer]
        return np.array(ends, dtype=object if format.width > 62 else np.int64)
    top: int = getattr(format, "max_magnitude", 0)
    return np.array([top | getattr(format, "sign_mask", 0), top])


def numbers_alone(unit: Unit, beats: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The results of beats that are sums of their own, roughly: of each output field a table with
    a row for each beat, 0 for specials and for what is no number."""
    module = type(unit).__module__.replace(".hdl.", ".verif.golden.")
    results = importlib.import_module(module).model(unit.parameters, dict(beats))
    found = []
    for name, field in unit.o.payload.shape():
        format = field.shape.elem_shape if isinstance(field.shape, ArrayLayout) else field.shape
        codes = np.asarray(results[name])
        numbers = np.zeros((len(codes), 1))
        if isinstance(format, NumberFormat):
            numbers = format.to_float(codes & ((1 << format.width) - 1))
        found.append(np.nan_to_num(numbers, posinf=0, neginf=0).reshape(len(codes), -1))
    return found
