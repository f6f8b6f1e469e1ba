"""Golden model of the scale of a normalized and quantized vector, in Python's integers."""

from collections.abc import Mapping
from math import isqrt
from typing import Any

import numpy as np

from ....hdl.formats import Decoded, FloatFormat
from ..rounding import project

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """``a`` and ``largest`` have shape (beats,)."""
    p = parameters
    total = p.a.decode(inputs["a"])
    largest = inputs["largest"]
    if isinstance(p.largest, FloatFormat):
        number = p.largest.decode(largest)
        special = number.nan | number.infinite
        magnitude, exponent = number.significand, number.exponent
    else:  # a magnitude, in units of the format
        special = np.zeros(len(largest), bool)
        magnitude = np.asarray(largest)
        exponent = np.full(len(largest), p.largest.lsb_exponent)
    bits = p.o.precision + p.projection.random_bits + 4
    found = [
        _root(
            int(m) ** 2 * p.size, p.top**2 * int(s), 2 * int(e) - int(f), bits
        )
        for m, e, s, f in zip(magnitude, exponent, total.significand, total.exponent, strict=True)
    ]
    nan = np.asarray(special | total.nan | total.infinite, bool)
    none = np.zeros_like(nan)
    significand = np.array([root for root, _ in found], dtype=object)
    exponents = np.array([exponent for _, exponent in found])
    return {"p": project(Decoded(nan, none, none, significand, exponents), p.o, p.projection)}


def _root(dividend: int, divisor: int, exponent: int, bits: int) -> tuple[int, int]:
    """The square root of ``dividend / divisor * 2**exponent`` as an integer and an exponent; at
    least so many bits of it, and one more that says whether anything is left."""
    if dividend == 0 or divisor == 0:
        return 0, 0
    places = max(divisor.bit_length() - dividend.bit_length(), 0) + 2 * bits
    places += (exponent - places) % 2
    quotient, rest = divmod(dividend << places, divisor)
    root = isqrt(quotient)
    inexact = rest != 0 or root * root != quotient
    return 2 * root + inexact, (exponent - places) // 2 - 1
