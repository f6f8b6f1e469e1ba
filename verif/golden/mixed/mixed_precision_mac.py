"""Golden model of the multiply-accumulate element of several number formats."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Projection, parse_format
from ..exact import wide
from ..exact_sum import ExactSums, sum_lanes
from ..product import multiply

__all__ = ["model"]

# The modes by number: parameter, format, where a word of a and where one of b has its numbers, and
# the exponent of the sum's unit.
_MODES = (
    ("", "int8", (0,), (0,), 0),
    ("int4", "int4", (0, 4), (4, 0), -4),
    ("fp8", "e4m3fn", (0,), (0,), -18),
    ("fp4", "e2m1fn", (0, 4), (4, 0), -6),
)


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One sum per transaction: ``a`` and ``b`` are words, of shape (beats, lanes)."""
    p = parameters
    none = np.zeros(len(inputs["a"]), bool)
    mode, total, nan = inputs.get("mode", 0 * none), 0 * none, none
    for number, (parameter, name, of_a, of_b, unit) in enumerate(_MODES):
        if parameter and not getattr(p, parameter):
            continue
        a, b = _numbers(inputs["a"], name, of_a), _numbers(inputs["b"], name, of_b)
        sums = sum_lanes(multiply(a, b), unit, 2 * p.lanes)
        # A number that stands for no mode is int8's, which comes first.
        here = np.asarray(mode == number) if parameter else ~none
        total = np.where(here, sums.total, total)
        nan = np.where(here, sums.nan, nan)
    total = wide(total, (p.lanes * p.beats).bit_length() + 40)
    sums = ExactSums(total, 0, nan, none, none).over_beats(inputs)
    return sums.result(None, Projection(), inputs)


def _numbers(words: np.ndarray, name: str, places: tuple[int, ...]) -> Any:
    format = parse_format(name)
    mask = (1 << format.width) - 1
    return format.decode(np.concatenate([words >> place & mask for place in places], axis=1))
