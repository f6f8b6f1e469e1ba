"""The scale of a block by each rule, exactly."""

from typing import Any

import numpy as np

from ....hdl.formats import BlockFormat, Decoded, FloatFormat, Overflow, Projection
from ....hdl.formats.scale_rules import (
    BlockSpecials,
    ScaleOverflow,
    ScaleRule,
    ZeroBlock,
    element_exponent,
    element_top,
    rule_of,
)
from ..exact import bit_length, wide
from ..rounding import flush_subnormals, project
from .quotients import has_table, is_narrow, project_floats

__all__ = ["amax_codes", "is_special", "power_codes", "scale_codes", "zero_block_code"]


def is_special(codes: np.ndarray, format: FloatFormat) -> np.ndarray:
    """Which codes of an IEEE format are NaN or infinite."""
    return (codes & format.magnitude_mask) > format.max_magnitude


def amax_codes(codes: np.ndarray, format: FloatFormat, specials: BlockSpecials) -> np.ndarray:
    """The largest magnitude along the last axis, as a code.

    Magnitudes are ordered as their codes are. NaN and infinities count as zero where they are
    ignored, and above all numbers elsewhere.
    """
    magnitudes = codes & codes.dtype.type(format.magnitude_mask)
    if specials is BlockSpecials.IGNORE:
        magnitudes = np.where(is_special(codes, format), 0, magnitudes)
    return magnitudes.max(axis=-1, initial=0).astype(np.int64)


def scale_codes(
    amax: np.ndarray,
    a: FloatFormat,
    o: BlockFormat,
    rule: ScaleRule,
    *,
    zero_block: ZeroBlock = ZeroBlock.LEAST,
    overflow: ScaleOverflow = ScaleOverflow.SAT,
    flush: bool = False,
    exponent: Any = 0,
) -> np.ndarray:
    """Codes of the scales for blocks whose largest magnitudes have the codes ``amax`` in ``a``.

    Args:
        flush: take subnormal numbers as zero.
        exponent: every number counts as multiplied by two to this power.
    """
    assert isinstance(o.scale, FloatFormat)
    rule = rule_of(o, rule)
    numbers = a.decode(amax)
    if flush:
        numbers = flush_subnormals(numbers, a)
    significand = np.where(numbers.nan | numbers.infinite, 1, numbers.significand)
    zero = np.asarray(significand == 0)
    # Any nonzero number will do for a zero block, which gets its scale at the end.
    numbers = Decoded(
        np.zeros_like(zero),
        np.zeros_like(zero),
        np.zeros_like(zero),
        np.where(zero, 1, significand),
        numbers.exponent + np.asarray(exponent),
    )
    if rule.by_exponent:
        codes = _by_exponent(numbers, o, rule, overflow)
    else:
        codes = _projected(numbers, o, rule, overflow)
    return np.where(zero, zero_block_code(o.scale, zero_block), codes)


def zero_block_code(scale: FloatFormat, zero_block: ZeroBlock) -> int:
    """The scale of a block of zeros."""
    return scale.encode(1) if zero_block is ZeroBlock.ONE else 0


def _by_exponent(
    amax: Decoded, o: BlockFormat, rule: ScaleRule, overflow: ScaleOverflow
) -> np.ndarray:
    """Scales that are powers of two, held to the format's range."""
    assert isinstance(o.scale, FloatFormat)
    top, top_exponent = element_top(o), element_exponent(o)
    floor = bit_length(amax.significand) - 1 + amax.exponent
    # amax as a fraction of its power of two, in integers: amax = n / d * 2**floor.
    n = wide(amax.significand, 56)
    d = wide(1, 56) << (bit_length(amax.significand) - 1)
    mantissa = top / 2**top_exponent if top_exponent >= 0 else top * 2**-top_exponent
    match rule:
        case ScaleRule.CEIL:
            up = n > d
        case ScaleRule.RCEIL:
            # amax / top <= 2**k exactly if its fraction is at most top's.
            up = n * mantissa.denominator > d * mantissa.numerator
        case ScaleRule.EVEN:
            bits = _fraction_bits(o)
            up = (n << (bits + 1)) + d >= d << (bits + 2)
        case _:
            up = np.zeros(n.shape, bool)
    exponent = floor - top_exponent + np.asarray(up, bool).astype(np.int64)
    return power_codes(exponent, o.scale, overflow)


def power_codes(exponent: np.ndarray, scale: FloatFormat, overflow: ScaleOverflow) -> np.ndarray:
    """Codes of powers of two, held to the format's range."""
    least = 1 if scale.zero else 0
    most = scale.max_magnitude
    field = np.maximum(exponent + scale.bias, least)
    beyond = most
    if overflow is ScaleOverflow.INF_OR_NAN:
        beyond = scale.infinity_magnitude or scale.nan_code or most
    return np.where(field > most, beyond, field)


def _fraction_bits(o: BlockFormat) -> int:
    """Bits of an element's significand below its first."""
    if isinstance(o.element, FloatFormat):
        return o.element.mantissa_width
    return o.element.max_integer.bit_length() - 1


def _projected(
    amax: Decoded, o: BlockFormat, rule: ScaleRule, overflow: ScaleOverflow
) -> np.ndarray:
    """amax over the largest element, or amax itself, rounded to the scale's format."""
    assert isinstance(o.scale, FloatFormat)
    divisor = 1 if rule is ScaleRule.MAX_ABS else o.element.max_integer
    lsb = 0 if rule is ScaleRule.MAX_ABS else o.element.lsb_exponent
    projection = Projection(overflow=Overflow(overflow))
    if (
        is_narrow(o.element)
        and amax.significand.max(initial=0) < 1 << 24
        and abs(amax.exponent).max(initial=0) <= 700
        and has_table(np.float64, o.scale, projection)
    ):
        dividend = np.ldexp(amax.significand.astype(np.float64), amax.exponent)
        return project_floats(dividend / (divisor * 2.0**lsb), o.scale, projection)
    # Enough bits of the quotient for any rounding, and one below that says whether it is all.
    more = o.scale.precision + divisor.bit_length() + 3
    dividend = wide(amax.significand, 24 + more) << more
    quotient, rest = dividend // divisor, dividend % divisor
    number = Decoded(
        amax.nan,
        amax.infinite,
        amax.negative,
        quotient * 2 + (rest != 0),
        amax.exponent - more - 1 - lsb,
    )
    return project(number, o.scale, projection)
