"""The golden rounder: exact numbers to codes, as IEEE P3109's projection defines it.

Written from the definition, on whole arrays of integers: the discarded fraction of an ulp is held
exactly and compared, where the hardware keeps guard and sticky bits.
"""

from typing import Any

import numpy as np

from ...hdl.formats import (
    Decoded,
    FloatFormat,
    InfinityTo,
    IntegerFormat,
    NanTo,
    NegativeZero,
    NumberFormat,
    Projection,
    Rounding,
)
from .exact import bit_length, shift_left, shift_right, wide
from .observed import report

__all__ = ["flush_subnormals", "project"]


def flush_subnormals(numbers: Decoded, format: NumberFormat) -> Decoded:
    """The same numbers with subnormals of their format taken as zeros of their sign."""
    if not isinstance(format, FloatFormat) or not format.zero:
        return numbers
    normal = numbers.significand >= (1 << format.mantissa_width)
    significand = np.where(normal, numbers.significand, 0)
    return Decoded(numbers.nan, numbers.infinite, numbers.negative, significand, numbers.exponent)


def project(
    numbers: Decoded, target: NumberFormat, projection: Projection, random: Any = None
) -> np.ndarray:
    """Codes in ``target`` of exact numbers.

    Args:
        numbers: any shape; significands as int64 below 2**60, or as Python integers.
        random: one integer of ``projection.random_bits`` bits a number, in stochastic modes.
    """
    kind = _project_integer if isinstance(target, IntegerFormat) else _project_float
    codes = kind(numbers, target, projection, random)  # pyright: ignore[reportArgumentType]
    report(numbers, target, projection, codes)
    return codes


def _round(
    numbers: Decoded, ulp_exponent: Any, code_base: Any, projection: Projection, random: Any
) -> np.ndarray:
    """``code_base`` plus the significand, rounded to a multiple of ``2**ulp_exponent``."""
    bits = projection.random_bits
    length = bit_length(numbers.significand)
    # Beyond this shift the fraction is below any that the modes tell apart.
    shift = np.minimum(ulp_exponent - numbers.exponent, length + bits + 2)
    # Room for the random bits, and for a shift to the left where the target's ulp is finer.
    room = int((length + np.maximum(-shift, 0)).max(initial=0)) + bits + 4
    significand = wide(numbers.significand, room)
    shift = np.asarray(shift)
    kept = shift_right(significand, shift)
    rest = significand - shift_left(kept, shift)
    code = code_base + shift_left(kept, -shift)
    odd = (code & 1) == 1
    away = _away(projection, rest, np.maximum(shift, 0), odd, numbers.negative, random)
    return code + np.asarray(away).astype(np.int64)


def _away(
    projection: Projection, rest: Any, shift: Any, odd: Any, negative: Any, random: Any
) -> np.ndarray:
    """Whether to round away from zero, given the discarded fraction ``rest / 2**shift``."""
    one = shift_left(wide(np.ones(np.shape(rest), int), 64 if rest.dtype == object else 1), shift)
    bits = projection.random_bits
    match projection.rounding:
        case Rounding.RNE:
            return (2 * rest > one) | ((2 * rest == one) & odd)
        case Rounding.RNA:
            return 2 * rest >= one
        case Rounding.RTZ:
            return np.zeros(np.shape(rest), bool)
        case Rounding.RU:
            return (rest != 0) & ~negative
        case Rounding.RD:
            return (rest != 0) & negative
        case Rounding.RTO:
            return (rest != 0) & ~odd
        case Rounding.SRA:
            return shift_right(rest << bits, shift) + random >= (1 << bits)
        case Rounding.SRB:
            return shift_right(rest << (bits + 1), shift) + 2 * random + 1 >= (2 << bits)
        case Rounding.SRC:
            scaled = rest << bits
            whole = shift_right(scaled, shift)
            part = 2 * (scaled - shift_left(whole, shift))
            whole = whole + ((part > one) | ((part == one) & (whole % 2 == 1)))
            return whole + random >= (1 << bits)


def _project_float(
    numbers: Decoded, target: FloatFormat, projection: Projection, random: Any
) -> np.ndarray:
    mantissa = target.mantissa_width
    negative = np.asarray(numbers.negative, bool)
    zero = np.asarray(numbers.significand == 0, bool)  # of specials, too: they come last
    least = target.lsb_exponent + mantissa  # exponent of the smallest normal number
    top = bit_length(numbers.significand) - 1 + numbers.exponent
    place = top if projection.ftz_out else np.maximum(top, least)
    base = np.asarray(place - least).astype(np.int64) << mantissa
    if not target.zero:  # exponent field 0 is an ordinary one: its numbers have the hidden bit
        base = base - (1 << mantissa)
    base = np.where(zero, 0, base)
    code = _round(numbers, place - mantissa, base, projection, random)
    if projection.ftz_out and target.zero:
        code = np.where(code < (1 << mantissa), 0, code)
    code = np.maximum(code, 0)

    # Exceptional results, the strongest last. A magnitude of None stands for NaN.
    nan_code = projection.nan_code(target)
    sign = np.where(negative, target.sign_mask, 0)
    signless = np.zeros_like(sign)
    overflow = code > target.max_magnitude
    for side in (False, True):
        magnitude = projection.overflow_magnitude(target, side)
        where = overflow & (negative == side)
        code = np.where(where, nan_code if magnitude is None else magnitude, code)
        sign = np.where(where, signless, sign) if magnitude is None else sign
    magnitude = projection.infinity_magnitude(target)
    code = np.where(numbers.infinite, nan_code if magnitude is None else magnitude, code)
    if magnitude is None:
        sign = np.where(numbers.infinite, 0, sign)
    if not target.signed:
        number = ~numbers.nan if magnitude is not None else ~(numbers.nan | numbers.infinite)
        code = _negative_to_unsigned(code, negative & number, target, projection)
    if not target.zero and target.has_nan:
        code = np.where(zero & ~numbers.infinite, nan_code, code)
    code = np.where(numbers.nan, nan_code, code)
    sign = np.where(numbers.nan, 0, sign)
    if not target.has_negative_zero or projection.neg_zero is NegativeZero.DROP:
        sign = np.where(code == 0, 0, sign)
    return (code | sign).astype(np.int64)


def _negative_to_unsigned(
    code: np.ndarray, negative: np.ndarray, target: FloatFormat, projection: Projection
) -> np.ndarray:
    """Negative numbers that do not round to zero become the smallest number, or NaN."""
    becomes = projection.nan_code(target) if projection.negative_is_nan(target) else 0
    return np.where(negative & ((code != 0) | (not target.zero)), becomes, code)


def _project_integer(
    numbers: Decoded, target: IntegerFormat, projection: Projection, random: Any
) -> np.ndarray:
    """Rounded to units of the format and clamped; NaN is zero or the largest number."""
    magnitude = _round(
        numbers, np.full(np.shape(numbers.exponent), target.lsb_exponent), 0, projection, random
    )
    value = np.where(numbers.negative, -magnitude, magnitude)
    if target.width > 62:
        value = value.astype(object)  # the ends of the range are beyond int64
    value = np.clip(value, target.min_integer, target.max_integer)
    value = np.where(numbers.infinite & numbers.negative, target.min_integer, value)
    value = np.where(numbers.infinite & ~numbers.negative, target.max_integer, value)
    nan = 0 if projection.nan_to is NanTo.ZERO else target.max_integer
    invalid = numbers.nan
    if projection.inf_to is InfinityTo.NAN:
        invalid = invalid | numbers.infinite
    value = np.where(invalid, nan, value)
    if target.width > 62:
        return value.astype(object) & ((1 << target.width) - 1)
    return value.astype(np.int64) & ((1 << target.width) - 1)
