"""Pairs of factors of which the product is all but halfway between two subnormal results.

Where results lose bits to gradual underflow, a product's tie is at another of its bits for each
exponent, and one bit somewhere below says that it is none. Two factors ``x * y`` end in ``n`` bits
of one's choice where ``x`` is odd and ``y`` the quotient modulo ``2**n``; zeros below come from
exponents.
"""

from typing import Any

import numpy as np

from ...hdl.formats import FloatFormat
from ...hdl.unit import Unit

__all__ = ["subnormal_ties"]

_MOST = 1 << 12


def subnormal_ties(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such pairs, for units that multiply one float by another; how many."""
    p = unit.parameters
    fields: dict[str, Any] = {name: field.shape for name, field in unit.i.payload.shape()}
    fields.pop("random", None)
    formats: list[Any] = [fields.get("a"), fields.get("b"), getattr(p, "o", None)]
    if len(fields) != 2 or not all(isinstance(f, FloatFormat) for f in formats):
        return 0
    a, b, o = formats
    if not (o.zero and o.mantissa_width > 1 and a.mantissa_width and b.mantissa_width):
        return 0
    many = min(_MOST, len(result["a"]) // 16)
    # Of the bits below the tie, which is the lowest one of a product; and what stands from it up.
    gap = rng.integers(1, min(a.precision, b.precision), many)
    tie = 1 << gap
    low = np.select([rng.random(many) < 0.4, rng.random(many) < 0.5], [tie + 1, tie - 1], 1)
    length = rng.integers(1, min(a.precision, o.precision) + 1, many)
    x = rng.integers(0, 1 << length) | 1
    more = np.clip(o.precision - length, 0, b.precision - gap - 1)
    y = low * _inverse(x, gap + 1) & (2 * tie - 1)
    y |= rng.integers(0, 2 * tie << rng.integers(0, more + 1)) & -2 * tie
    # Half of the least result weighs as much as the tie.
    exponent = o.lsb_exponent - 1 - gap
    first = rng.integers(0, 1 << 8, many) % (_room(a, x) + 1) + a.lsb_exponent
    for name, format, significand, power in (("a", a, x, first), ("b", b, y, exponent - first)):
        sign = (rng.random(many) < 0.5) & format.signed
        codes, exact = _codes(format, significand, power)
        codes = codes | np.where(sign, format.sign_mask, 0)
        where = slice(len(result["a"]) - many, None)
        result[name][where] = np.where(exact, codes, result[name][where])
    return many


def _inverse(odd: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Of odd numbers modulo a power of two, by Newton's iteration; all of it in 64 bits."""
    inverse = odd.copy()
    for _ in range(6):
        inverse = inverse * (2 - odd * inverse)
    return inverse & (1 << bits) - 1


def _room(format: FloatFormat, significand: np.ndarray) -> np.ndarray:
    """By how many places a significand can be above a format's least number, at the most."""
    length = np.floor(np.log2(significand)).astype(np.int64) + 1
    return np.maximum(format.max_integer.bit_length() - length, 0)


def _codes(
    format: FloatFormat, significand: np.ndarray, exponent: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of such numbers, and whether the format has them."""
    length = np.floor(np.log2(significand)).astype(np.int64) + 1
    places = exponent - format.lsb_exponent
    up = np.clip(places, 0, format.precision - length)
    field = np.where(length + up == format.precision, places - up + 1, 0)
    exact = (places >= 0) & (places - up == np.maximum(field - 1, 0))
    mantissa = (significand << up) & (1 << format.mantissa_width) - 1
    code = (field << format.mantissa_width) | mantissa
    exact &= (field >= 0) & (code <= format.max_magnitude)
    return np.where(exact, code, 0), exact
