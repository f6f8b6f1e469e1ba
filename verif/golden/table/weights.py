"""Weights of table look-ups: their codes, the codes remapped offline, and the signs they stand for.

A remapped code has all weights of a group in one word, as the tables are indexed. This is the
packing that software does once for every weight matrix, before the hardware sees it.
"""

from typing import Any

import numpy as np

__all__ = ["digits", "remap", "values"]


def digits(p: Any, codes: np.ndarray) -> np.ndarray:
    """What each look-up multiplies the activations with: (beats, columns, groups, planes, group).

    Signs 1 and -1 of every bit plane, the lowest first; with ternary coding the weights themselves.
    """
    count, groups = len(codes), p.lanes // p.group
    if p.remapped:
        return _unpacked(p, codes.reshape(count, p.columns, groups).astype(np.int64))
    codes = codes.reshape(count, p.columns, groups, 1, p.group).astype(np.int64)
    if p.coding == "ternary":
        return p.b.integers(codes)
    # Two's complement less its least number is an unsigned code.
    offset = 1 << (p.b.width - 1) if p.b.signed and p.coding == "planes" else 0
    unsigned = (codes + offset) % (1 << p.b.width)
    planes = np.arange(p.b.width).reshape(-1, 1)
    return 2 * (unsigned >> planes & 1) - 1


def values(p: Any, codes: np.ndarray) -> np.ndarray:
    """The weights as integers: (beats, columns, lanes)."""
    found = digits(p, codes)
    if p.coding == "ternary":
        numbers = found[..., 0, :]
    else:
        planes = 1 << np.arange(p.b.width).reshape(-1, 1)
        numbers = (found * planes).sum(axis=-2)  # odd integers of both signs
        if p.coding == "planes":
            most = (1 << p.b.width) - 1
            numbers = (numbers + (-1 if p.b.signed else most)) // 2
    return numbers.reshape(len(codes), p.columns, p.lanes)


def remap(p: Any, codes: np.ndarray) -> np.ndarray:
    """Codes as a remapped unit takes them, (beats, columns * groups), from those of its weights.

    In a plane, bit k of a group's word is weight k's sign, the last one's as it is and the others'
    inverted where the last is -1. Of ternary weights the word is a number in balanced ternary, as
    sign and magnitude.

    Args:
        p: parameters of the unit, remapped or not.
        codes: of shape (beats, columns * lanes), in the weights' format.
    """
    plain = type(p)(**{**vars(p), "remapped": False})
    found = digits(plain, codes)
    place = np.arange(p.group)
    if p.coding == "ternary":
        numbers = (found[..., 0, :] * 3**place).sum(axis=-1)
        width = ((3**p.group - 1) // 2).bit_length()
        words = abs(numbers) + ((numbers < 0).astype(np.int64) << width)
        return words.reshape(len(codes), -1)
    last = found[..., -1:]
    folded = np.concatenate([found[..., :-1] * last, last], axis=-1)
    planes = p.group * np.arange(p.b.width).reshape(-1, 1)
    words = ((folded > 0).astype(np.int64) << (planes + place)).sum(axis=(-1, -2))
    return words.reshape(len(codes), -1)


def _unpacked(p: Any, words: np.ndarray) -> np.ndarray:
    if p.coding == "ternary":
        most = (3**p.group - 1) // 2
        width = most.bit_length()
        magnitude = words & ((1 << width) - 1)
        magnitude = np.where(magnitude > most, 0, magnitude)  # codes of no weights count as zeros
        numbers = np.where(words >> width & 1, -magnitude, magnitude)[..., None, None]
        # Balanced ternary: digits of the number plus 11...1, less one each.
        return (numbers + most) // 3 ** np.arange(p.group) % 3 - 1
    place = p.group * np.arange(p.b.width).reshape(-1, 1) + np.arange(p.group)
    folded = 2 * (words[..., None, None] >> place & 1) - 1
    last = folded[..., -1:]
    return np.concatenate([folded[..., :-1] * last, last], axis=-1)
