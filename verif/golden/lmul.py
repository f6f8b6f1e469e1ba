"""L-Mul in integers, from its definition (Luo and Sun, arXiv 2410.00907)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...hdl.formats import Decoded, FloatFormat
from ...hdl.formats.lmul_policy import LMulRounding, LMulSpecials, LMulZero, Semantics, WeightCode

__all__ = ["Operand", "Product", "field_sum", "operand", "prebias", "product", "unbias"]


@dataclass(frozen=True)
class Operand:
    """Arrays of an operand's fields: the mantissa in units of ``2**-mantissa_width``."""

    negative: np.ndarray
    exponent: np.ndarray
    mantissa: np.ndarray
    zero: np.ndarray
    decoded: Decoded


@dataclass(frozen=True)
class Product:
    """Arrays that mean ``(-1)**negative * significand * 2**(exponent - mantissa_width)``, where
    ``exponent`` is biased by the sum of both operands' biases.

    ``zero``, ``nan`` and ``infinite`` are false where the policies ignore them.
    """

    negative: np.ndarray
    exponent: np.ndarray
    significand: np.ndarray
    zero: np.ndarray
    nan: np.ndarray
    infinite: np.ndarray


def operand(codes: Any, format: FloatFormat, mantissa_width: int) -> Operand:
    """Fields of codes, the mantissa widened with zeros."""
    codes = np.asarray(codes).astype(np.int64)
    magnitude = codes & format.magnitude_mask
    exponent = magnitude >> format.mantissa_width
    mantissa = magnitude - (exponent << format.mantissa_width)
    return Operand(
        negative=(codes & format.sign_mask) != 0,
        exponent=exponent,
        mantissa=mantissa << (mantissa_width - format.mantissa_width),
        zero=exponent == 0,
        decoded=format.decode(codes),
    )


def product(
    a: Operand,
    b: Operand,
    mantissa_width: int,
    offset: int,
    *,
    semantics: Semantics = Semantics.PACKED,
    zero: LMulZero = LMulZero.POSITIVE,
    specials: LMulSpecials = LMulSpecials.IGNORE,
) -> Product:
    """The L-Mul product with an unlimited exponent.

    ``offset`` is the added constant in units of the last mantissa place. In the formula semantics
    the significand is ``1 + x + y + offset``; in the packed one it is below 2.
    """
    one = 1 << mantissa_width
    fraction = a.mantissa + b.mantissa + offset
    exponent = a.exponent + b.exponent
    significand = one + fraction
    if semantics is Semantics.PACKED:
        exponent = exponent + fraction // one
        significand = one + fraction % one
    false = np.zeros(np.shape(fraction), bool)
    any_zero = false if zero is LMulZero.IGNORE else a.zero | b.zero
    nan = infinite = false
    if specials is LMulSpecials.IEEE:
        infinite = a.decoded.infinite | b.decoded.infinite
        nan = a.decoded.nan | b.decoded.nan | (infinite & any_zero)
        infinite = infinite & ~nan
    return Product(
        negative=a.negative ^ b.negative,
        exponent=exponent,
        significand=significand,
        zero=any_zero & ~nan,
        nan=nan,
        infinite=infinite,
    )


def field_sum(p: Product, mantissa_width: int, rebias: int, rounding: LMulRounding) -> np.ndarray:
    """Exponent and mantissa field as one unlimited integer; ``rebias`` is added to the exponent.

    A significand of 2 or more loses its last bit, toward zero or to the even neighbour.
    """
    one = 1 << mantissa_width
    halved = p.significand >= 2 * one
    quotient, rest = p.significand // 2, p.significand % 2
    if rounding is LMulRounding.RNE:
        quotient = quotient + (rest & quotient)
    significand = np.where(halved, quotient, p.significand)
    return ((p.exponent + halved + rebias) << mantissa_width) + significand - one


def prebias(
    codes: Any,
    a: FloatFormat,
    b: FloatFormat,
    o: FloatFormat | None,
    offset: int,
    zero: LMulZero = LMulZero.POSITIVE,
) -> np.ndarray:
    """Codes of ``b`` in the form that a unit with ``prebiased`` takes: see :class:`WeightCode`.

    ``offset`` is the constant itself, in last mantissa places. With zeros ignored each code is
    converted like a normal number's.
    """
    mantissa_width = max(a.mantissa_width, b.mantissa_width)
    weights = operand(codes, b, mantissa_width)
    code = WeightCode.of(a, b, o, offset)
    stored = (weights.exponent << mantissa_width) + weights.mantissa + code.constant
    if zero is not LMulZero.IGNORE:
        stored = np.where(weights.zero, 0, stored)
    return stored | weights.negative.astype(np.int64) << code.width


def unbias(
    stored: Any,
    a: FloatFormat,
    b: FloatFormat,
    o: FloatFormat | None,
    offset: int,
    zero: LMulZero = LMulZero.POSITIVE,
) -> Operand:
    """The operand that prebiased codes stand for.

    Codes that no weight has mean what the sum says: exponent and mantissa beyond the format.
    """
    mantissa_width = max(a.mantissa_width, b.mantissa_width)
    code = WeightCode.of(a, b, o, offset)
    stored = np.asarray(stored).astype(np.int64)
    magnitude = stored & ((1 << code.width) - 1)
    fields = magnitude - code.constant
    smallest = 1 << mantissa_width if o is None else 1
    none = np.zeros(stored.shape, bool)
    nothing = np.zeros(stored.shape, np.int64)
    return Operand(
        negative=(stored >> code.width & 1) != 0,
        exponent=fields >> mantissa_width,
        mantissa=fields & ((1 << mantissa_width) - 1),
        zero=none if zero is LMulZero.IGNORE else magnitude < smallest,
        decoded=Decoded(none, none, none, nothing, nothing),
    )
