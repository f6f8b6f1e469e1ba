"""Vectors whose exact sum of products is near a number of the result's format.

A sum of random products is hardly ever a tie, and never at an end of a wide format's range. So the
sum is chosen first, and taken apart: each product in turn takes as many of its leading bits as it
can hold, until nothing is left; what lanes remain cancel each other in pairs, or are zero.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, IntegerFormat, NumberFormat

__all__ = ["aimed_sums"]


def aimed_sums(
    rng: np.random.Generator,
    a: NumberFormat,
    b: NumberFormat | None,
    target: Decoded,
    scales: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of ``a`` and ``b``, one row a target.

    Args:
        b: None where numbers are summed, not products.
        scales: ``(targets, lanes)``: exponents of powers of two that multiply the products.
    """
    codes = np.zeros((2, *scales.shape), np.int64)
    if not all(getattr(format, "zero", True) for format in (a, b)):
        raise ValueError("Sums can be aimed only in formats with a zero")
    for row in range(len(scales)):
        exponent = int(target.exponent[row])
        rest = Fraction(int(target.significand[row])) * Fraction(2) ** exponent
        rest = -rest if target.negative[row] else rest
        lanes = rng.permutation(scales.shape[1]).tolist()
        free = len(lanes)
        for lane in lanes:
            if not rest:
                break
            unit = Fraction(2) ** int(scales[row, lane])
            x, y, part = _part(rng, a, b, rest / unit)
            if not part:
                break
            codes[0, row, lane], codes[1, row, lane] = x, y
            rest -= part * unit
            free -= 1
        _cancel(rng, a, b, codes[:, row], lanes[len(lanes) - free :], scales[row])
    return codes[0], codes[1]


def _part(
    rng: np.random.Generator, a: NumberFormat, b: NumberFormat | None, rest: Fraction
) -> tuple[int, int, Fraction]:
    """Codes of a product that takes the leading bits of a number, and the product."""
    size = abs(rest)
    top = size.numerator.bit_length() - size.denominator.bit_length()
    exponent, y = 0, 0
    if b is not None:
        low_a, high_a = _range(a)
        low_b, high_b = _range(b)
        # With all or all but one of its bits in the first factor, if there is room for them.
        low, high = max(low_b, top - high_a), min(high_b, top - low_a - _bits(a) + 2)
        if low > high:
            low, high = (low_b, low_b) if top - low_a < low_b + _bits(a) else (high_b, high_b)
        exponent = int(rng.integers(low, high + 1))
        y = b.encode(Fraction(2) ** exponent)
    code, value = _floor(a, size / Fraction(2) ** exponent)
    # A run of ones is a power of two less a small number: two products, where there is a sign.
    if (a.signed or (b is not None and b.signed)) and rng.random() < 0.5:
        code, value = _ceiling(a, code, value, size / Fraction(2) ** exponent)
    if rest < 0:
        if a.signed:
            code, value = _negated(a, code), -value
        elif b is not None and b.signed:
            y, value = _negated(b, y), -value
        else:
            return 0, 0, Fraction(0)
    return code, y, value * Fraction(2) ** exponent


def _cancel(
    rng: np.random.Generator,
    a: NumberFormat,
    b: NumberFormat | None,
    codes: np.ndarray,
    lanes: Sequence[int],
    scales: np.ndarray,
) -> None:
    """In half of the rows, pairs of unused lanes that add nothing."""
    if not a.signed or rng.random() < 0.5:
        return
    for one, other in zip(lanes[::2], lanes[1::2], strict=False):
        if scales[one] != scales[other]:
            continue
        _, size = _floor(a, Fraction(int(rng.integers(1, 1 << 20))) * Fraction(2) ** _range(a)[0])
        code = a.encode(size)
        codes[0, one], codes[0, other] = code, _negated(a, code)
        if b is not None:
            codes[1, one] = codes[1, other] = b.encode(Fraction(2) ** _range(b)[1])


def _range(format: NumberFormat) -> tuple[int, int]:
    low = format.lsb_exponent
    return low, low + format.max_integer.bit_length() - 1


def _bits(format: NumberFormat) -> int:
    return format.precision if isinstance(format, FloatFormat) else format.width - format.signed


def _floor(format: NumberFormat, size: Fraction) -> tuple[int, Fraction]:
    """The largest number that is no larger, and its code."""
    integer = int(size / Fraction(2) ** format.lsb_exponent)
    integer = min(integer, format.max_integer)
    if isinstance(format, FloatFormat):
        cut = max(integer.bit_length() - format.precision, 0)
        integer = integer >> cut << cut
    value = integer * Fraction(2) ** format.lsb_exponent
    return format.encode(value), value


def _ceiling(
    format: NumberFormat, code: int, value: Fraction, size: Fraction
) -> tuple[int, Fraction]:
    """The number after the largest that is no larger, if it is not exact and there is one."""
    top = format.max_magnitude if isinstance(format, FloatFormat) else format.max_integer
    if value == size or code == top:
        return code, value
    return code + 1, format.to_fraction(code + 1)


def _negated(format: NumberFormat, code: int) -> int:
    if isinstance(format, IntegerFormat):
        return -code & ((1 << format.width) - 1)
    assert isinstance(format, FloatFormat)
    return code ^ format.sign_mask if code else code
