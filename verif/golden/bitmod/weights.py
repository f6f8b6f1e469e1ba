"""What BitMoD's weight codes stand for, and their terms, by tables and Booth's definition."""

from typing import Any

import numpy as np

__all__ = ["LEVELS", "PAPER_SPECIAL", "integers", "lsb_exponent", "special_values", "terms"]

#: Magnitudes of the codes of float weights, from 0 up.
LEVELS = {"fp3": (0, 1, 2, 4), "fp4": (0, 0.5, 1, 1.5, 2, 3, 4, 6)}

#: The paper's special values, in the order of the selector: more resolution, then asymmetry.
PAPER_SPECIAL = {"fp3": (3, -3, 6, -6), "fp4": (5, -5, 8, -8)}


def lsb_exponent(kind: str) -> int:
    """Exponent of the unit of :func:`integers`."""
    return -1 if kind == "fp4" else 0


def special_values(p: Any) -> tuple[int, ...]:
    """The four numbers of a unit's parameters, where 0 stands for the paper's."""
    own = (p.special0, p.special1, p.special2, p.special3)
    return tuple(x or y for x, y in zip(own, PAPER_SPECIAL[p.b], strict=True))


def integers(p: Any, codes: Any, selector: Any) -> np.ndarray:
    """The weights in units of ``2**lsb_exponent``; ``selector`` must broadcast to the codes."""
    codes = np.asarray(codes, np.int64)
    if p.b in ("int6", "int8"):
        half = 32 if p.b == "int6" else 128
        return (codes & 2 * half - 1 ^ half) - half
    scale = 1 << -lsb_exponent(p.b)
    levels = np.array([int(level * scale) for level in LEVELS[p.b]])
    special = np.array([value * scale for value in special_values(p)])
    count = len(levels)
    magnitude, negative = levels[codes % count], codes // count == 1
    values = np.where(negative, -magnitude, magnitude)
    return np.where(codes == count, special[selector], values)


def terms(p: Any, codes: Any, selector: Any, place: Any) -> np.ndarray:
    """Term number ``place`` of each weight: bit 0 its sign, bit 1 whether there is one, its
    position above."""
    codes, place = np.asarray(codes, np.int64), np.asarray(place, np.int64)
    if p.b in ("int6", "int8"):
        width = 6 if p.b == "int6" else 8
        triple = (codes & (1 << width) - 1) << 1 >> 2 * place & 7
        triple = np.where(place < width // 2, triple, 0)
        digit = np.array([0, 1, 1, 2, -2, -1, -1, 0])[triple]
        position = 2 * place + (abs(digit) == 2)
        return (triple >> 2) | (digit != 0) << 1 | position << 2
    table: dict[tuple[int, int], int] = {}
    values = integers(p, codes, selector)
    for number in np.unique(values).tolist():
        for turn, code in enumerate(_two_terms(number, p.b)):
            table[number, turn] = code
    numbers, turns = np.broadcast_arrays(values, place)
    pairs = zip(numbers.ravel().tolist(), turns.ravel().tolist(), strict=True)
    found = [table[pair] for pair in pairs]
    return np.array(found, np.int64).reshape(numbers.shape)


def _two_terms(number: int, kind: str) -> tuple[int, int]:
    """The higher and the lower power of two of a number, as terms; nothing but a sign where there
    is none."""
    sign = number < 0
    powers = [(position, minus) for position in range(8) for minus in (False, True)]
    for high, high_minus in powers:
        if number == (-1) ** high_minus << high and not (kind == "fp4" and high == 0):
            return _term(high, high_minus), int(sign)
    if abs(number) == 1:
        return int(sign), _term(0, sign)
    # Of one sign where that is possible, as in 6 = 4 + 2, and not 8 - 2.
    for opposite in (False, True):
        for high in range(8):
            for low in range(high):
                value = (1 << high) + (-1) ** opposite * (1 << low)
                if abs(number) == value:
                    return _term(high, sign), _term(low, sign != opposite)
    return 0, 0


def _term(position: int, minus: bool) -> int:
    return int(minus) | 2 | position << 2
