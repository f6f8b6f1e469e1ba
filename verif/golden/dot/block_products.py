"""Operands of block dot products, and exact sums of numbers: the parts of block goldens."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import BlockFormat, Decoded
from ..exact import INT64_BITS, bit_length, shift_left, wide
from ..rounding import flush_subnormals

__all__ = ["Operand", "add_up", "chosen", "columns", "flags_of", "read_operand"]


def add_up(terms: Decoded) -> Decoded:
    """The exact sum along the last axis; a sum of zero is positive, as are infinities' NaN."""
    nan = terms.nan.any(axis=-1)
    plus = (terms.infinite & ~terms.negative).any(axis=-1)
    minus = (terms.infinite & terms.negative).any(axis=-1)
    nan = np.asarray(nan | (plus & minus))
    infinite = np.asarray((plus | minus) & ~nan)
    zero = np.asarray(terms.significand == 0, bool)
    # Zeros have no say in where the sum's last place is.
    least = np.where(zero, 1 << 30, terms.exponent).min(axis=-1)
    least = np.where(zero.all(axis=-1), 0, least)
    places = np.where(zero, 0, terms.exponent - least[..., None])
    bits = int((bit_length(np.asarray(terms.significand)) + places).max(initial=0))
    bits += terms.significand.shape[-1].bit_length() + 1
    magnitude = shift_left(wide(terms.significand, bits), places)
    total = np.where(terms.negative, -magnitude, magnitude).sum(axis=-1)
    if bits <= INT64_BITS:
        total = total.astype(np.int64)
    total = np.where(nan | infinite, 0, total)
    negative = np.where(infinite, minus, np.asarray(total < 0, bool))
    return Decoded(nan, infinite, negative & ~nan, abs(total), least)


def columns(x: Decoded, where: Any) -> Decoded:
    """Some of the numbers along the last axis."""
    return Decoded(
        *(v[..., where] for v in (x.nan, x.infinite, x.negative, x.significand, x.exponent))
    )


def chosen(condition: Any, x: Decoded, y: Decoded) -> Decoded:
    """``x`` where the condition holds, else ``y``."""
    pairs = zip(vars(x).values(), vars(y).values(), strict=True)
    return Decoded(*(np.where(condition, one, other) for one, other in pairs))


def flags_of(x: Decoded) -> dict[str, np.ndarray]:
    """The flags beside an exact result."""
    return {
        "nan": x.nan,
        "plus_infinity": x.infinite & ~x.negative,
        "minus_infinity": x.infinite & x.negative,
    }


class Operand:
    """One vector of a beat: elements, without their zero points, and scales of its blocks."""

    def __init__(self, elements: Decoded, scales: Decoded):
        self.elements, self.scales = elements, scales


def read_operand(
    block: BlockFormat, name: str, inputs: Mapping[str, np.ndarray], flush: bool
) -> Operand:
    """Decode the fields ``name``, ``name_scale`` and, where there are any, ``name_zero``."""
    codes = np.asarray(inputs[name])
    scales = np.asarray(inputs[f"{name}_scale"])
    scales = scales.reshape(len(codes), -1)
    zeros = None
    if block.zero_point:
        zeros = np.asarray(inputs[f"{name}_zero"]).reshape(len(codes), -1)
        zeros = np.repeat(zeros, block.size, axis=-1)
    elements, scale = block.decode_elements(codes, zeros), block.scale.decode(scales)
    if flush:
        elements = flush_subnormals(elements, block.element)
        scale = flush_subnormals(scale, block.scale)
    return Operand(elements, scale)
