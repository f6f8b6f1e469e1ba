"""Golden model of table precompute: every entry by its definition."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from ..exact import bit_length, wide
from ..rounding import flush_subnormals
from .aligned import aligned

__all__ = ["coefficients", "fixed_point", "model", "quantized", "special"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tables of each beat; ``a`` has shape (beats, lanes)."""
    p = parameters
    result: dict[str, np.ndarray] = {}
    if p.semantics == "aligned":
        numbers, exponent, risen = aligned(p, inputs, 1, flush=p.ftz_in)
        numbers = numbers[:, 0]
        result = {"exponent": exponent, "risen": risen}
    else:
        numbers = fixed_point(p.a, inputs["a"], p.ftz_in)
    groups = numbers.reshape(len(numbers), -1, 1, p.group)
    sums = (groups * coefficients(p.contents, p.group)).sum(axis=-1)
    if p.quantized:
        entries, scale = quantized(sums, groups[:, :, 0])
        result |= {"scale": scale[:, None], "total": numbers.sum(axis=1)[:, None]}
    elif p.contents == "signed":
        entries = sums >> 1
        result |= {"odd": (sums[..., 0] & 1).astype(np.int64)}
    else:
        entries = sums
    result["table"] = entries.reshape(len(entries), -1)
    bad = special(p.a, inputs["a"]).any(axis=1)
    result["nan"] = np.asarray(bad).astype(np.int64)[:, None]
    return result


def fixed_point(format: Any, codes: np.ndarray, flush: bool) -> np.ndarray:
    """Codes as integers in units of the format's step; 0 where they are no numbers."""
    numbers = format.decode(codes)
    if flush:
        numbers = flush_subnormals(numbers, format)
    places = np.where(numbers.significand == 0, 0, numbers.exponent - format.lsb_exponent)
    top = int((bit_length(np.asarray(numbers.significand)) + places).max(initial=0))
    magnitude = wide(numbers.significand, top + 24) << wide(places, top + 24)
    return np.where(numbers.negative, -magnitude, magnitude)


def special(format: Any, codes: np.ndarray) -> np.ndarray:
    """Where a code is NaN or infinite."""
    numbers = format.decode(codes)
    return numbers.nan | numbers.infinite


def coefficients(contents: str, group: int) -> np.ndarray:
    """Those of a table's entries, in its order: (entries, group)."""
    if contents == "subset":
        rows = [row for row in product((0, 1), repeat=group) if any(row)]
    elif contents == "ternary":
        rows = [row for row in product((-1, 0, 1), repeat=group) if next(filter(None, row), 0) > 0]
    else:
        rows = [(1, *row) for row in product((-1, 1), repeat=group - 1)]
    return np.array(rows)[:, ::-1]  # in the order of numbers, whose last digit is the first weight


def quantized(sums: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``127 * sum / scale`` to nearest, ties to even; and the scales, one a beat.

    Args:
        sums: (beats, groups, entries).
        groups: the activations, (beats, groups, group).
    """
    scale = abs(groups).sum(axis=-1).max(axis=-1)
    divisor = np.where(scale == 0, 1, scale)[:, None, None]
    whole, rest = abs(sums) * 127 // divisor, abs(sums) * 127 % divisor
    whole = whole + ((2 * rest > divisor) | ((2 * rest == divisor) & (whole % 2 == 1)))
    return np.where(sums < 0, -whole, whole), scale
