"""Golden model of the power-of-two dot product; and quantizers to sums of powers of two."""

from collections.abc import Mapping
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from ..exact import wide
from ..exact_sum import over_beats
from .fixed_point import to_fixed_point

__all__ = ["decode", "encode", "greedy", "model", "nearest"]


def decode(codes: Any, code: str, position_bits: int) -> np.ndarray:
    """The powers that digits stand for, in units of the least one."""
    codes = np.asarray(codes, np.int64)
    position = codes & ((1 << position_bits) - 1)
    if code == "flagged":
        negative, some = codes >> position_bits & 1, codes >> position_bits + 1 & 1
        return some * (1 - 2 * negative) << position
    negative = codes >> position_bits & 1
    return np.where(position == 0, 0, (1 - 2 * negative) << np.maximum(position - 1, 0))


def encode(powers: Any, code: str, position_bits: int) -> np.ndarray:
    """Digits that stand for powers, as the quantizers give them."""
    powers = np.asarray(powers, np.int64)
    some, negative = powers != 0, powers < 0
    position = np.log2(np.maximum(abs(powers), 1)).astype(np.int64)
    if code == "flagged":
        return some * (2 << position_bits) | negative << position_bits | position
    return some * (position + 1) | (negative.astype(np.int64) << position_bits)


def greedy(weights: Any, powers: int, top: int) -> np.ndarray:
    """Powers of shape (..., powers) whose sum approximates weights, in units of the least power.

    Each is the power of two nearest to what those before it left, the larger one of two equally
    near; zero, where zero is nearer than the least. ``top`` is the highest position.
    """
    rest = np.asarray(weights, np.float64)
    result = []
    for _ in range(powers):
        power = np.zeros(rest.shape, np.int64)
        for position in range(top + 1):
            nearer = abs(abs(rest) - (1 << position)) <= abs(abs(rest) - power)
            power = np.where(nearer, 1 << position, power)
        signed = np.where(rest < 0, -power, power)
        result.append(signed)
        rest = rest - signed
    return np.stack(result, axis=-1)


def nearest(weights: Any, powers: int, top: int) -> np.ndarray:
    """As :func:`greedy`, but no sum of as many powers is nearer; of two equally near sums, the
    one of larger magnitude, and of its powers the fewest."""
    digits = [0, *(sign << position for position in range(top + 1) for sign in (1, -1))]
    ways: dict[int, tuple[int, ...]] = {}
    for some in combinations_with_replacement(digits, powers):
        best = ways.setdefault(sum(some), some)
        if np.count_nonzero(some) < np.count_nonzero(best):
            ways[sum(some)] = some
    sums = np.array(sorted(ways, key=lambda n: (-abs(n), n)))
    flat = np.asarray(weights, np.float64).reshape(-1)
    chosen = sums[abs(flat[:, None] - sums).argmin(axis=1)]
    # Of zeros and others, the larger powers first.
    found = [sorted(ways[int(n)], key=abs, reverse=True) for n in chosen]
    return np.array(found, np.int64).reshape(*np.shape(weights), powers)


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per transaction: ``a`` has shape (beats, lanes), ``b`` (beats, lanes * powers)."""
    p = parameters
    digits = decode(inputs["b"], p.code, p.position_bits)
    weights = digits.reshape(len(digits), p.lanes, p.powers).sum(axis=2)
    bits = p.a.width + (1 << p.position_bits) + (p.powers * p.lanes * p.beats).bit_length() + 1
    terms = wide(p.a.integers(inputs["a"]), bits) * wide(weights, bits)
    total = over_beats(terms.sum(axis=1), inputs)
    if p.o is None:
        return {"p": total}
    lsb = p.a.lsb_exponent + p.least
    return {"p": to_fixed_point(total, lsb, p.o, p.rounding, p.overflow)}
