"""Golden model of the quantizer by the largest magnitude."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import IntegerFormat, NumberFormat
from ..exact import wide

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """``a`` has shape (beats, lanes), ``largest`` (beats,)."""
    p = parameters
    top = p.o.max_integer
    numbers, special, negative = _magnitudes(inputs["a"], p.a)
    codes = inputs["largest"]
    if isinstance(p.a, IntegerFormat):
        largest, dead = np.asarray(codes).astype(numbers.dtype), np.zeros(len(codes), bool)
    else:
        largest, dead, _ = _magnitudes(codes, p.a)
    largest, dead = largest[:, None], dead[:, None] | (largest[:, None] == 0)
    beyond = special | (numbers > largest)
    # To nearest: half of the divisor is added before the division; a tie goes to the even code.
    divisor = np.where(dead, 1, 2 * largest)
    raised = 2 * top * np.where(beyond, 0, numbers) + np.where(dead, 0, largest)
    nearest = raised // divisor
    nearest = nearest - ((raised % divisor == 0) & (nearest % 2 == 1) & ~dead)
    magnitude = np.where(dead, 0, np.where(beyond, top, nearest)).astype(np.int64)
    return {"p": np.where(negative, -magnitude, magnitude) & ((1 << p.o.width) - 1)}


def _magnitudes(codes: Any, format: NumberFormat) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """In units of the format's last place, with room for what the model does with them; which are
    no numbers; and the signs."""
    d = format.decode(codes)
    bits = max(format.max_integer, -format.min_integer).bit_length() + 20
    magnitude = wide(d.significand, bits) << wide(d.exponent - format.lsb_exponent, bits)
    special = np.asarray(d.nan | d.infinite, bool)
    # Decoded specials have lost their signs where they are NaN: the code has them.
    sign = (np.asarray(codes) >> format.width - 1 & 1 == 1) if format.signed else d.negative
    return magnitude, special, np.asarray(sign, bool)
