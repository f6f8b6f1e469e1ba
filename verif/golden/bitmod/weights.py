"""What BitMoD's weight codes stand for, and their terms, by tables and Booth's definition."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ..product import of_integers

__all__ = ["LEVELS", "PAPER_SPECIAL", "cycles_of", "decoded", "lsb_exponent", "terms"]

#: Magnitudes of the codes of float weights, from 0 up.
LEVELS = {"fp3": (0, 1, 2, 4), "fp4": (0, 0.5, 1, 1.5, 2, 3, 4, 6)}

#: The paper's special values, in the order of the selector: more resolution, then asymmetry.
PAPER_SPECIAL = {"fp3": (3, -3, 6, -6), "fp4": (5, -5, 8, -8)}

_CYCLES = {"fp3": 2, "fp4": 2, "int6": 3, "int8": 4}


def cycles_of(kind: str) -> int:
    """The most terms that a weight has."""
    return _CYCLES.get(kind, 4)


def lsb_exponent(kind: str) -> int:
    """Exponent of the unit of weights."""
    return -1 if kind in ("fp4", "all") else 0


def decoded(p: Any, inputs: Mapping[str, np.ndarray]) -> Decoded:
    """The weights of each beat."""
    codes = np.asarray(inputs["b"], np.int64)
    mode = np.asarray(inputs["mode"])[:, None] if p.b == "all" else None
    if p.b in ("int6", "int8"):
        values = _signed(codes, int(p.b[3:]))
    else:
        negative, magnitude = _floats(p, inputs)
        values = np.where(negative, -magnitude, magnitude)
        if mode is not None:
            integers = np.where(mode == 2, _signed(codes, 6), _signed(codes, 8))
            values = np.where(mode < 2, values, 2 * integers)
    return of_integers(values, lsb_exponent(p.b))


def terms(p: Any, inputs: Mapping[str, np.ndarray], place: Any) -> np.ndarray:
    """Term number ``place`` of each weight: bit 0 its sign, bit 1 whether there is one, its
    position above. ``place`` is one number, or one for each beat."""
    codes = np.asarray(inputs["b"], np.int64)
    place = np.broadcast_to(np.asarray(place, np.int64).reshape(-1, 1), codes.shape)
    if p.b in ("int6", "int8"):
        numbers = _signed(codes, int(p.b[3:]))
        return _digits(np.where(place < _CYCLES[p.b], numbers, 0), place)
    ones = _ones(p, inputs, place)
    if p.b != "all":
        return ones
    mode = np.asarray(inputs["mode"])[:, None]
    integers = np.where(mode == 2, _signed(codes, 6), _signed(codes, 8))
    # In halves, integers' terms are one position higher.
    return np.where(mode < 2, ones, _digits(integers, place) + (1 << 2))


def _signed(codes: np.ndarray, width: int) -> np.ndarray:
    half = 1 << width - 1
    return (codes & 2 * half - 1 ^ half) - half


def _digits(numbers: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Radix-4 digits as terms."""
    triple = numbers << 1 >> 2 * place & 7
    digit = np.array([0, 1, 1, 2, -2, -1, -1, 0])[triple]
    position = 2 * place + (abs(digit) == 2)
    return (triple >> 2) | (digit != 0) << 1 | position << 2


def _floats(p: Any, inputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Signs and magnitudes of float weights, in units of ``2**lsb_exponent``."""
    codes = np.asarray(inputs["b"], np.int64)
    kinds = ("fp3", "fp4") if p.b == "all" else (p.b,)
    each = [_of_kind(p, kind, codes, inputs) for kind in kinds]
    if len(each) == 1:
        return each[0]
    fp4 = np.asarray(inputs["mode"])[:, None] % 2 == 1
    one, other = each
    return np.where(fp4, other[0], one[0]), np.where(fp4, other[1], one[1])


def _of_kind(
    p: Any, kind: str, codes: np.ndarray, inputs: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    scale = 1 << -lsb_exponent(p.b)
    levels = np.array([int(level * scale) for level in LEVELS[kind]])
    count = len(levels)
    codes = codes & 2 * count - 1
    negative, magnitude = codes // count == 1, levels[codes % count]
    if p.special_input:
        bits = 4 - lsb_exponent(p.b)
        words = np.asarray(inputs["special"], np.int64)[:, None]
        minus = words >> bits == 1
        special = np.array([_two_ones(k) for k in range(1 << bits)])[words & (1 << bits) - 1]
    else:
        own = (p.special0, p.special1, p.special2, p.special3)
        numbers = [x or y for x, y in zip(own, PAPER_SPECIAL[kind], strict=True)]
        numbers = np.array(numbers)[np.asarray(inputs["selector"])[:, None]]
        minus, special = numbers < 0, abs(numbers) * scale
    here = codes == count
    return np.where(here, minus, negative), np.where(here, special, magnitude)


def _two_ones(number: int) -> int:
    """Of more than two ones, the highest and the lowest."""
    ones = [1 << k for k in range(number.bit_length()) if number >> k & 1]
    return sum({ones[0], ones[-1]}) if ones else 0


def _ones(p: Any, inputs: Mapping[str, np.ndarray], place: np.ndarray) -> np.ndarray:
    """Terms of float weights; nothing, not even a sign, from the third on."""
    negative, magnitude = _floats(p, inputs)
    kind = "fp4" if lsb_exponent(p.b) else "fp3"
    signed = np.where(negative, -magnitude, magnitude)
    table = {number: _two_terms(number, kind) for number in np.unique(signed).tolist()}
    both = np.array([table[number] for number in signed.ravel().tolist()], np.int64)
    both = both.reshape(*signed.shape, 2)
    found = np.where(place == 0, both[..., 0], both[..., 1])
    found = np.where(magnitude == 0, negative, found)
    return np.where(place < 2, found, 0)


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
