"""Radix-4 digits of integers, by the definitions of the recodings."""

from typing import Any

import numpy as np

__all__ = ["digit_count", "digits"]


def digit_count(format: Any) -> int:
    """How many digits hold every number of an integer format."""
    bits = format.width if format.signed else format.width + 1
    return -(-bits // 2)


def digits(format: Any, codes: Any, recoding: str) -> np.ndarray:
    """Digits from -2 to 2, the lowest first, in a new last axis."""
    numbers = format.integers(codes)
    count = digit_count(format)
    if recoding == "booth":
        return np.stack([_booth(numbers, k) for k in range(count)], axis=-1).astype(np.int64)
    if recoding == "ent":
        return _of_magnitude(abs(numbers), count) * np.where(numbers < 0, -1, 1)[..., None]
    return _fewest(numbers, count)


def _booth(numbers: np.ndarray, k: int) -> np.ndarray:
    """``-2 x[2k+1] + x[2k] + x[2k-1]``, of bits in two's complement without end."""
    low, middle, minus = (((2 * numbers) >> (2 * k + j)) & 1 for j in range(3))
    return low + middle - 2 * minus


def _of_magnitude(magnitude: np.ndarray, count: int) -> np.ndarray:
    """EN-T: from the lowest digit, 3 and 4 become -1 and 0 with a carry."""
    result = []
    rest = magnitude
    for k in range(count):
        digit = rest if k == count - 1 else rest % 4
        digit = np.where((k < count - 1) & (digit == 3), -1, digit)
        rest = (rest - digit) // 4
        result.append(digit)
    return np.stack(result, axis=-1).astype(np.int64)


def _fewest(numbers: np.ndarray, count: int) -> np.ndarray:
    """From the lowest pair of bits: 2 becomes -2 with a carry where what is above it then has fewer
    non-zero digits."""
    pairs = [(numbers >> 2 * k) % 4 if k < count - 1 else numbers >> 2 * k for k in range(count)]
    without, with_carry = _weights(pairs)
    carry, result = np.zeros_like(numbers), []
    for k, pair in enumerate(pairs):
        digit = pair + carry
        minus = digit > 2
        if k < count - 1:
            minus = minus | ((digit == 2) & (with_carry[k + 1] < without[k + 1]))
        result.append(np.where(minus, digit - 4, digit))
        carry = minus.astype(np.int64)
    return np.stack(result, axis=-1).astype(np.int64)


def _weights(pairs: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The fewest non-zero digits from each pair up: if no carry enters it, and if one does."""
    without: list[np.ndarray] = [(pairs[-1] != 0) * 1]
    with_carry: list[np.ndarray] = [(pairs[-1] + 1 != 0) * 1]
    for pair in reversed(pairs[:-1]):
        stays, leaves = without[0], with_carry[0]
        choices = [
            np.select(
                [t == 0, t == 1, t == 2, t == 3],
                [stays, stays + 1, np.minimum(stays, leaves) + 1, leaves + 1],
                leaves,
            )
            for t in (pair, pair + 1)
        ]
        without.insert(0, choices[0])
        with_carry.insert(0, choices[1])
    return without, with_carry
