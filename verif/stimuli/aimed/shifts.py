"""Integers that a shift to the right, after a multiplier where there is one, brings next to the
ends of the result's range, or far beyond them by one bit, and to where rounding decides."""

from typing import Any

import numpy as np

from ....hdl.formats import IntegerFormat
from ....hdl.formats.requantization import Scheme
from ....hdl.unit import Unit

__all__ = ["aim_shifted", "shifts_integers"]


def shifts_integers(unit: Unit) -> bool:
    """Whether a unit multiplies and shifts numbers by what its inputs say."""
    p = unit.parameters
    fields = [name for name, _ in unit.i.payload.shape()]
    return "shift" in fields and hasattr(p, "scheme") and isinstance(p.a, IntegerFormat)


def aim_shifted(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Such numbers in the first quarter of the vectors; how many."""
    p = unit.parameters
    many = len(result["a"]) // 4
    fields = {name: np.array(codes[:many]) for name, codes in result.items()}
    wide = _objects(fields)
    shift = _shifts(rng, p, many, wide["shift"].shape[1])
    up = wide["left"] if p.left_width else 0
    place = shift + (p.multiplier_width if p.scheme is Scheme.TFLITE else 0)
    number = (_quotients(rng, p, wide, place) << place) + _fractions(rng, p, wide, place)
    if p.scheme is not Scheme.POWER_OF_TWO:
        factor = _factors(rng, p, wide["multiplier"], number)
        near = (number + (factor >> 1)) // factor >> up
        exactly = rng.random(many) < 0.3
        if p.left_width:
            result["left"][:many][exactly] = 0
        number = _divided(rng, p, number, factor, near, place, np.flatnonzero(exactly))
        result["multiplier"][:many] = factor.astype(result["multiplier"].dtype)
    if p.bias:
        bias = p.a.integers(fields["bias"]).astype(object)
        number = number - bias
    number = np.minimum(np.maximum(number, p.a.min_integer), p.a.max_integer)
    for name, codes in (("a", number & ((1 << p.a.width) - 1)), ("shift", shift)):
        result[name][:many] = codes.astype(result[name].dtype)
    return many


def _objects(fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Whole numbers of any length: a shift may be of more places than a word has."""
    return {name: codes.astype(object) for name, codes in fields.items()}


def _shifts(rng: np.random.Generator, p: Any, many: int, sets: int) -> np.ndarray:
    """Places, mostly as many as leave something of the numbers."""
    most = (1 << p.shift_width) - 1
    product = p.a.width + (p.multiplier_width if p.scheme is Scheme.DYADIC else 0)
    anything = rng.integers(0, min(product, most) + 1, (many, sets))
    useful = rng.integers(0, np.clip(product - p.o.width + 2, 0, most) + 1, (many, sets))
    return np.where(rng.random((many, sets)) < 0.2, anything, useful).astype(object)


def _quotients(
    rng: np.random.Generator, p: Any, fields: dict[str, np.ndarray], place: np.ndarray
) -> np.ndarray:
    """Next to an end of the range, or such a number with one bit above it other than its sign,
    before the zero point is added."""
    shape = np.shape(fields["a"])
    low: Any = p.o.min_integer
    high: Any = p.o.max_integer
    if "low" in fields:
        low, high = (p.o.integers(fields[n].astype(np.int64))[:, None] for n in ("low", "high"))
    end = np.where(rng.random(shape) < 0.5, low, high)
    zero = fields["zero"] if p.zero else None
    if zero is not None:
        end = end - p.o.integers(zero.astype(np.int64))[:, None]
    near = end + rng.integers(-2, 3, shape)
    inside = rng.integers(p.o.min_integer, p.o.max_integer + 1, shape)
    near = np.where(rng.random(shape) < 0.5, inside, near)
    longest = p.a.width + (0 if p.scheme is Scheme.POWER_OF_TWO else p.multiplier_width)
    most = np.maximum(longest - place, 1).astype(np.int64)
    bit = 1 << rng.integers(0, most, shape).astype(object)
    return np.where(rng.random(shape) < 0.25, near.astype(object) ^ bit, near.astype(object))


def _fractions(
    rng: np.random.Generator, p: Any, fields: dict[str, np.ndarray], place: Any
) -> np.ndarray:
    """None, a half, one less or more, any single bit, all bits; with random bits what they take to
    one, or one step less or more."""
    shape = np.shape(fields["a"])
    one = np.ones(shape, object) << place
    single = np.ones(shape, object) << np.floor(rng.random(shape) * place.astype(float)).astype(
        np.int64
    ).astype(object)
    kind = rng.integers(0, 6, shape)
    half = one >> 1
    choices = [0 * one, half, half - 1, half + 1, half ^ single, one - 1]
    fraction = np.select([kind == k for k in range(6)], choices)
    if p.scheme is Scheme.TFLITE:
        # There the product's upper half is rounded before, to nearest as well.
        first = 1 << p.multiplier_width - 1
        fraction = fraction + first * rng.integers(-1, 2, shape)
    if p.random_bits:
        bits = p.random_bits
        lanes = np.arange(shape[1], dtype=object) * bits
        random = fields["random"][:, None] >> lanes & ((1 << bits) - 1)
        carry = (1 << bits) - random + rng.integers(-1, 2, shape)
        fraction = (carry << place >> bits) + rng.integers(-1, 2, shape)
    return fraction


def _factors(
    rng: np.random.Generator, p: Any, drawn: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Single bits, by which targets can be divided exactly, and any numbers, of every length that
    leaves the other factor in range."""
    most = p.multiplier_width - 1
    length = np.vectorize(lambda n: int(n).bit_length(), otypes=[np.int64])(target)
    if drawn.shape[1] < length.shape[1]:
        length = length.max(axis=1, keepdims=True)
    least = np.clip(length - p.a.width + 1, 0, most)
    top = rng.integers(least, most + 1)
    single = np.ones(drawn.shape, object) << top.astype(object)
    return np.where(rng.random(drawn.shape) < 0.3, single, (drawn & (single - 1)) | single)


def _divided(
    rng: np.random.Generator,
    p: Any,
    target: np.ndarray,
    factor: np.ndarray,
    near: np.ndarray,
    place: np.ndarray,
    rows: np.ndarray,
) -> np.ndarray:
    """``near`` or, in some rows, a number or a factor of which the product ends in the very bits of
    the target, the other one being short and odd.

    The lowest columns of a product decide nothing but there.
    """
    for row in rows.tolist():
        for lane in range(near.shape[1]):
            of = min(lane, factor.shape[1] - 1)
            bits = int(place[row, min(lane, place.shape[1] - 1)])
            odd = int(rng.integers(0, 1 << max(p.o.width - 2, 1))) | 1
            mask, wanted = (1 << bits) - 1, int(target[row, lane])
            if bits < p.a.width and (lane == of or not lane) and rng.random() < 0.5:
                factor[row, of] = odd & ((1 << p.multiplier_width) - 1)
                near[row, lane] = wanted * pow(odd, -1, 1 << bits) & mask
                near[row, lane] -= int(rng.integers(0, 2)) << bits
            elif bits <= p.multiplier_width and lane == of:
                near[row, lane] = odd
                factor[row, of] = wanted * pow(odd, -1, 1 << bits) & mask
    return near
