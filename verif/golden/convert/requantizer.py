"""Golden model of the requantizer, in exact integers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats.requantization import ClampTo, Scheme, ShiftRounding
from ..exact import shift_left, shift_right, wide

__all__ = ["divide", "lane_bits", "model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All arrays have shape (beats, lanes), or (beats, 1) where the lanes share a number."""
    p = parameters
    bits = (
        p.a.width
        + p.multiplier_width
        + (1 << p.left_width)
        + (1 << p.shift_width)
        + p.random_bits
        + 2
    )
    numbers = wide(p.a.integers(inputs["a"]), bits)
    if p.bias:
        numbers = numbers + wide(p.a.integers(inputs["bias"]), bits)
    shift = np.asarray(inputs["shift"]).astype(np.int64)
    if p.scheme is not Scheme.POWER_OF_TWO:
        factor = wide(inputs["multiplier"], bits)
        if p.left_width:
            numbers = shift_left(numbers, inputs["left"])
        numbers = numbers * factor
    if p.scheme is Scheme.TFLITE:
        numbers = _round_to_upper_half(numbers, p.multiplier_width)
        quotient = _divide_away(numbers, shift)
    else:
        random = lane_bits(inputs["random"], p.random_bits, p.lanes) if p.random_bits else None
        quotient = divide(numbers, shift, p.rounding, p.random_bits, random)
    low: Any = p.o.min_integer
    high: Any = p.o.max_integer
    zero: Any = wide(p.o.integers(inputs["zero"]), bits)[:, None] if p.zero else 0
    if p.clamp is ClampTo.RANGE:
        low, high = (p.o.integers(inputs[name])[:, None] for name in ("low", "high"))
    elif p.clamp is ClampTo.RELU:
        low = zero
    total = quotient + zero
    result = np.where(total > high, high, np.where(total < low, low, total))
    return {"p": result.astype(object if p.o.width > 62 else np.int64)}


def _round_to_upper_half(product: np.ndarray, width: int) -> np.ndarray:
    """gemmlowp's high multiplication, as it is computed there: half an upper unit away from zero,
    one less for negative products, and a division that drops the fraction."""
    half = 1 << width - 1
    moved = product + np.where(product >= 0, half, 1 - half)
    magnitude = shift_right(abs(moved), width)
    return np.where(moved < 0, -magnitude, magnitude)


def _divide_away(numbers: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """gemmlowp's division by a power of two: the remainder against a threshold."""
    mask = shift_left(wide(np.ones_like(shift), 64 if numbers.dtype == object else 1), shift) - 1
    threshold = (mask >> 1) + np.where(numbers < 0, 1, 0)
    up = np.asarray((numbers & mask) > threshold, bool)
    return shift_right(numbers, shift) + up.astype(np.int64)


def divide(
    numbers: np.ndarray, shift: Any, rounding: ShiftRounding, random_bits: int = 0, random: Any = 0
) -> np.ndarray:
    """``numbers / 2**shift``, rounded; numbers, one and random bits shifted must fit the dtype."""
    shift = np.broadcast_to(np.asarray(shift), numbers.shape)
    quotient = shift_right(numbers, shift)
    rest = numbers - shift_left(quotient, shift)
    one = shift_left(np.ones_like(numbers), shift)
    match rounding:
        case ShiftRounding.HALF_UP:
            up = 2 * rest >= one
        case ShiftRounding.RNE:
            up = (2 * rest > one) | ((2 * rest == one) & (quotient % 2 == 1))
        case ShiftRounding.RNA:
            up = (2 * rest > one) | ((2 * rest == one) & (numbers >= 0))
        case ShiftRounding.FLOOR:
            up = np.zeros(numbers.shape, bool)
        case ShiftRounding.STOCHASTIC:
            up = shift_right(rest << random_bits, shift) + random >= (1 << random_bits)
    return quotient + np.asarray(up, bool).astype(np.int64)


def lane_bits(random: Any, bits: int, lanes: int) -> np.ndarray:
    """The random bits of each lane, out of one vector for all of them."""
    random = np.asarray(random)[:, None]
    places = np.arange(lanes) * bits
    if random.dtype == object:
        places = places.astype(object)
    elif random.dtype == np.uint64:  # which NumPy does not shift by signed numbers
        places = places.astype(np.uint64)
    return ((random >> places) & ((1 << bits) - 1)).astype(np.int64)
