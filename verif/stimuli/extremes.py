"""Transactions that make the largest sums: the strongest beat there is, over and over.

Random beats all but cancel; an accumulator that is a bit too narrow would never show.
"""

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import IntegerFormat, NumberFormat
from ...hdl.unit import Unit

__all__ = ["numbers_alone", "strongest_beats"]

_TRIED = 2048


def strongest_beats(
    rng: np.random.Generator, unit: Unit, drawn: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """The beats, of those drawn and of some with each number at an end of its range, that alone
    give the greatest and the least result."""
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
    return [
        {name: codes[index] for name, codes in tried.items()}
        for index in (int(size.argmax()), int(size.argmin()))
    ]


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
