"""What a set of stimuli has shown: bins of classes and events, as sets of tuples of indices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import IntegerFormat, NumberFormat
from ...hdl.unit import Unit
from ..golden.observed import Rounded
from ..stimuli.classes import CLASSES, classify
from .events import ASTRAY, EVENTS, SPECIAL, events

__all__ = [
    "ASTRAY_EVENT",
    "SPECIAL_EVENT",
    "Bin",
    "Fields",
    "bins_of",
    "exact_classes",
    "name_of",
    "result_columns",
]

Bin = tuple[int, ...]

#: Classes of exact results, whose formats are made to hold them: their indices follow `CLASSES`.
_EXACT = ("negative, of full width", "negative", "zero", "positive", "positive, of full width")
_NAMES = (*CLASSES, *EVENTS, *_EXACT)
_EVENT, _EXACT_CLASS = len(CLASSES), len(CLASSES) + len(EVENTS)

#: The indices of what is not rounded, and of what is rounded wrongly.
SPECIAL_EVENT = _EVENT + SPECIAL
ASTRAY_EVENT = _EVENT + ASTRAY


@dataclass(frozen=True)
class Fields:
    """The fields of a unit that hold numbers, with the formats of their elements."""

    inputs: Mapping[str, NumberFormat]
    outputs: Mapping[str, NumberFormat]

    @classmethod
    def of(cls, unit: Unit) -> "Fields":
        return cls(*(_numbers(stream.payload.shape()) for stream in (unit.i, unit.o)))


def _numbers(layout: Any) -> dict[str, NumberFormat]:
    found = {}
    for name, field in layout:
        shape = field.shape
        element = shape.elem_shape if isinstance(shape, ArrayLayout) else shape
        if isinstance(element, NumberFormat):
            found[name] = element
    return found


def _of_exact(format: IntegerFormat, codes: np.ndarray) -> np.ndarray:
    """Classes of results that are not rounded; of full width are those that need all bits."""
    values = format.integers(codes)
    half = 1 << max(format.width - 1 - format.signed, 0)
    choices = [values < -half, values < 0, values == 0, values < half]
    where = np.select([np.asarray(c, bool) for c in choices], list(range(4)), 4)
    return _EXACT_CLASS + where


def exact_classes(format: IntegerFormat, low: int | None, high: int | None) -> set[Bin]:
    """Those classes that results between two bounds, in units of the format, may be of."""
    half = 1 << max(format.width - 1 - format.signed, 0)
    low = format.min_integer if low is None else max(low, format.min_integer)
    high = format.max_integer if high is None else min(high, format.max_integer)
    ends = [(low, -half - 1), (-half, -1), (0, 0), (1, half - 1), (half, high)]
    reached = [max(least, low) <= min(most, high) for least, most in ends]
    return {(_EXACT_CLASS + index,) for index, may in enumerate(reached) if may}


def result_columns(
    format: NumberFormat, codes: np.ndarray, rounded: Rounded | None
) -> list[np.ndarray]:
    """The class of each result, and what rounding did where it was rounded."""
    if rounded is None:
        if isinstance(format, IntegerFormat):
            return [_of_exact(format, codes)]
        return [classify(format, codes)]
    return [classify(format, codes), _EVENT + events(rounded).reshape(np.shape(codes))]


def bins_of(columns: Sequence[np.ndarray]) -> set[Bin]:
    """The tuples that occur, the columns being broadcast together."""
    flat = [x.ravel() for x in np.broadcast_arrays(*columns)]
    key = np.zeros(len(flat[0]), np.int64)
    for column in flat:
        key = key * len(_NAMES) + column
    found = np.unique(key)
    parts = []
    for _ in flat:
        parts.append(found % len(_NAMES))
        found = found // len(_NAMES)
    return set(zip(*(part.tolist() for part in reversed(parts)), strict=True))


def name_of(bin: Bin) -> str:
    return " | ".join(_NAMES[index] for index in bin)
