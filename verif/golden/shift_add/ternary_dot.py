"""Golden model of the ternary dot product; and the weights' codes, for whoever packs them."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from .weighted import weighted

__all__ = ["decode", "encode", "model", "quantize"]

_TRITS = 5


def quantize(weights: Any) -> tuple[np.ndarray, float]:
    """Ternary weights and their scale: by the mean magnitude, ties to even.

    BitNet b1.58 (arXiv 2402.17764) and the MatMul-free language model (arXiv 2406.02528).
    """
    weights = np.asarray(weights, np.float64)
    scale = max(float(np.abs(weights).mean()), 1e-5)
    return np.clip(np.rint(weights / scale), -1, 1).astype(np.int64), scale


def decode(codes: Any, code: str, lanes: int) -> np.ndarray:
    """Weights of shape (..., lanes) of their codes."""
    codes = np.asarray(codes, np.int64)
    if code == "two_bits":
        return np.array([0, 1, 0, -1])[codes & 3]
    return _TABLES[code][codes & 255].reshape(*codes.shape[:-1], -1)[..., :lanes]


def encode(weights: Any, code: str) -> np.ndarray:
    """Codes of weights of shape (..., lanes); a last byte is filled with zeros."""
    weights = np.asarray(weights, np.int64)
    if code == "two_bits":
        return weights & 3
    missing = -weights.shape[-1] % _TRITS
    filled = np.concatenate([weights, np.zeros((*weights.shape[:-1], missing), np.int64)], axis=-1)
    digits = filled.reshape(*filled.shape[:-1], -1, _TRITS) + 1
    return _BYTES[code][(digits * 3 ** np.arange(_TRITS)).sum(axis=-1)]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per transaction: ``a`` has shape (beats, lanes)."""
    p = parameters
    sums = weighted(p, inputs, decode(inputs["b"], p.code, p.lanes))
    return sums.result(p.o, p.projection, inputs)


def _base3(byte: int) -> list[int]:
    return [byte // 3**k % 3 - 1 if byte < 3**_TRITS else 0 for k in range(_TRITS)]


def _astc(byte: int) -> list[int]:
    """By the cases of the Khronos Data Format Specification 1.3, table of trit decoding."""
    bit = [byte >> k & 1 for k in range(8)]
    if bit[2:5] == [1, 1, 1]:
        low, trit4, trit3 = [*bit[0:2], *bit[5:8]], 2, 2
    else:
        low = bit[0:5]
        trit4, trit3 = (2, bit[7]) if bit[5:7] == [1, 1] else (bit[7], 2 * bit[6] + bit[5])
    if low[0:2] == [1, 1]:
        trit2, trit1, trit0 = 2, low[4], 2 * low[3] + (low[2] & ~low[3])
    elif low[2:4] == [1, 1]:
        trit2, trit1, trit0 = 2, 2, 2 * low[1] + low[0]
    else:
        trit2, trit1, trit0 = low[4], 2 * low[3] + low[2], 2 * low[1] + (low[0] & ~low[1])
    return [-1 if trit == 2 else trit for trit in (trit0, trit1, trit2, trit3, trit4)]


_TABLES = {
    code: np.array([read(byte) for byte in range(256)])
    for code, read in (("base3", _base3), ("astc", _astc))
}


def _bytes(table: np.ndarray) -> np.ndarray:
    """The least byte for each five weights, by the number that their base-3 digits make."""
    least = {tuple(weights): byte for byte, weights in reversed(list(enumerate(table.tolist())))}
    return np.array([least[weights[::-1]] for weights in product((-1, 0, 1), repeat=_TRITS)])


_BYTES = {code: _bytes(table) for code, table in _TABLES.items()}
