"""BitMoD's quantizer: weights to FP3 or FP4 with the special value that suits each group best."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from .weights import LEVELS, PAPER_SPECIAL

__all__ = ["QuantizedWeights", "quantize"]

# The bounds of a group's scale in the authors' code.
_LEAST_SCALE, _MOST_SCALE = 1e-5, 1e4
_MOST_FACTOR = 127


@dataclass(frozen=True)
class QuantizedWeights:
    """A matrix of weights, a channel a row, in groups along it.

    ``level * factor * channel_scale`` is a dequantized weight: ``codes`` stand for the levels,
    with the special value that ``selector`` names for each group, and each group has an integer
    ``factor`` from 1 to 127. ``scale`` is the group's scale before that second quantization, for
    which the codes were chosen.
    """

    codes: np.ndarray
    selector: np.ndarray
    scale: np.ndarray
    factor: np.ndarray
    channel_scale: np.ndarray


def quantize(
    weights: np.ndarray, kind: str, *, group: int = 128, special: Sequence[float] | None = None
) -> QuantizedWeights:
    """The codes, special values and scales of a matrix of finite weights.

    For each special value in turn, a group's scale is its largest magnitude by that of the levels,
    and each weight takes the nearest level; of two equally near ones the lower. The special value
    with the least squared error is kept, and of equal ones the first. As in the paper, codes stay
    what they are when scales become integers.

    The authors' code computes scales in fp16; here all of it is in binary64, and errors are summed
    exactly, so that no order of summation decides between special values.

    Args:
        weights: of shape (channels, weights of a channel).
        kind: ``fp3`` or ``fp4``.
        special: other special values than the paper's four.

    Raises:
        ValueError: if the weights are no such matrix, or its rows are not made of whole groups.
    """
    weights = np.asarray(weights, np.float64)
    if kind not in LEVELS:
        raise ValueError(f"The kind of weights must be 'fp3' or 'fp4', not '{kind}'")
    if weights.ndim != 2 or not np.isfinite(weights).all():
        raise ValueError("The weights must be a matrix of finite numbers, a channel a row")
    channels, length = weights.shape
    if group < 1 or length % group:
        raise ValueError(f"A channel must be made of whole groups of {group}, not {length} weights")
    special = PAPER_SPECIAL[kind] if special is None else tuple(special)
    groups = weights.reshape(-1, group)
    best: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None = None
    for turn, value in enumerate(special):
        codes, scale, error = _with_special(groups, kind, value)
        if best is None:
            best = codes, scale, error, np.zeros(len(groups), np.int64)
            continue
        better = error < best[2]
        best = (
            np.where(better[:, None], codes, best[0]),
            np.where(better, scale, best[1]),
            np.where(better, error, best[2]),
            np.where(better, turn, best[3]),
        )
    assert best is not None
    codes, scale, _, selector = best
    scale = scale.reshape(channels, -1)
    channel_scale = scale.max(axis=1) / _MOST_FACTOR
    factor = np.clip(np.rint(scale / channel_scale[:, None]), 1, _MOST_FACTOR).astype(np.int64)
    return QuantizedWeights(
        codes.reshape(channels, length),
        selector.reshape(channels, -1),
        scale,
        factor,
        channel_scale,
    )


def _with_special(
    groups: np.ndarray, kind: str, special: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, scales and sums of squared errors of the groups with one special value."""
    magnitudes = LEVELS[kind]
    count = len(magnitudes)
    # Where the special value is a level anyway, the first entry is kept: the level's own code.
    table = [(float(x), code) for code, x in enumerate(magnitudes)]
    table += [(-float(x), count + code) for code, x in enumerate(magnitudes) if code]
    table += [(float(special), count)]
    codes_of = dict(reversed(table))
    levels = np.array(sorted(codes_of))
    level_codes = np.array([codes_of[level] for level in levels.tolist()], np.int64)
    scale = np.abs(groups).max(axis=1) / np.abs(levels).max()
    scale = np.clip(scale, _LEAST_SCALE, _MOST_SCALE)
    middles = (levels[1:] + levels[:-1]) / 2
    # The number of middles below a weight: at a middle itself, it takes the level below.
    nearest = np.searchsorted(middles, groups / scale[:, None], side="left")
    squares = (levels[nearest] * scale[:, None] - groups) ** 2
    error = np.array([fsum(row) for row in squares.tolist()])
    return level_codes[nearest], scale, error
