"""Operands whose exact result is near a number of the result's format: where rounding decides.

Uniform codes of a wide format almost never are a tie of a narrow one, or in its range at all.
"""

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, IntegerFormat, NumberFormat, Projection, Rounding
from ...golden.rounding import project
from ..corners import corners

__all__ = ["aimed_factors", "aimed_numbers", "targets"]

_DOWN = Projection(rounding=Rounding.RTZ)
# Significands of one factor: odd, and dividing what is all ones, which rounding up carries through.
_FACTORS = np.array([1, 3, 5, 7, 9, 11, 13, 15, 17, 21, 31, 33, 35, 39, 45, 63, 65, 89, 93, 127])


def targets(
    rng: np.random.Generator,
    o: NumberFormat,
    count: int,
    exponents: tuple[int, int] | None = None,
) -> Decoded:
    """Exact numbers at, halfway and a quarter of the way between two numbers of a format, beyond
    its ends too; corners as often as all other numbers.

    Args:
        exponents: of the least and the greatest number that is of use, roughly.
    """
    if not isinstance(o, FloatFormat):
        return _integer_targets(rng, o, count)
    m = o.mantissa_width
    edge = np.unique(corners(o) & o.magnitude_mask)
    low, high = 0, o.max_magnitude + 1
    if exponents is not None:
        fields = [e - o.lsb_exponent - m + (1 if o.zero else 0) for e in exponents]
        low, high = (min(max(f, 0) << m, high) for f in (fields[0], fields[1] + 1))
        edge = edge[(edge >= low) & (edge <= max(high, 2 << m))]
    ends = np.array([0, 1, 2, (1 << m) - 1, 1 << m, (1 << m) + 1, o.max_magnitude - 1])
    ends = np.append(ends, [o.max_magnitude, o.max_magnitude + 1])
    ends = ends[(ends >= low) & (ends <= high)]
    ends = ends if len(ends) else edge
    kind = rng.integers(0, 3, count)
    code = np.select(
        [kind == 0, kind == 1],
        [edge[rng.integers(0, len(edge), count)], ends[rng.integers(0, len(ends), count)]],
        rng.integers(low, max(high, low + 1) + 1, count),
    )
    code = np.clip(code - rng.integers(0, 2, count), 0, o.max_magnitude + 1)
    field, mantissa = code >> m, code & ((1 << m) - 1)
    hidden = (field > 0) | (not o.zero)
    steps = np.where(hidden, mantissa + (1 << m), mantissa)
    exponent = np.maximum(field - (1 if o.zero else 0), 0) + o.lsb_exponent
    if not o.zero:
        exponent = exponent - (rng.random(count) < 0.05)
    return _quarters(rng, steps, exponent, o)


def _integer_targets(rng: np.random.Generator, o: NumberFormat, count: int) -> Decoded:
    most = min(max(o.max_integer, -o.min_integer), 1 << 50)
    ends = np.array([0, 1, 2, most - 2, most - 1, most, o.max_integer & ((1 << 50) - 1)])
    steps = np.where(
        rng.random(count) < 0.5,
        ends[rng.integers(0, len(ends), count)],
        rng.integers(0, most + 2, count),
    )
    return _quarters(rng, np.maximum(steps, 0), np.full(count, o.lsb_exponent), o)


def _quarters(
    rng: np.random.Generator, steps: np.ndarray, exponent: np.ndarray, o: NumberFormat
) -> Decoded:
    count = len(steps)
    none = np.zeros(count, bool)
    negative = rng.random(count) < (0.5 if o.signed else 0.1)
    quarter = np.array([0, 2, 2, 1, 3])[rng.integers(0, 5, count)]
    return Decoded(none, none, negative, 4 * steps + quarter, exponent - 2)


def aimed_numbers(
    rng: np.random.Generator,
    a: NumberFormat,
    o: NumberFormat,
    count: int,
    target: Decoded | None = None,
) -> np.ndarray:
    """Codes of ``a`` at such targets in ``o``, next to them, and off them by any single bit, which
    alone then says that a discarded fraction is no tie."""
    codes = project(targets(rng, o, count) if target is None else target, a, _DOWN)
    next_one = codes + rng.integers(-1, 2, count)
    legal = (next_one >= 0) & (next_one < 1 << a.width)
    codes = np.where((rng.random(count) < 0.3) & legal, next_one, codes)
    if (bits := _length(a) - 1) > 0:
        one_off = codes ^ (1 << rng.integers(0, bits, count))
        codes = np.where(rng.random(count) < 0.4, one_off, codes)
    if isinstance(a, IntegerFormat) and a.narrow:
        codes = np.where(codes == 1 << (a.width - 1), codes + 1, codes)
    return codes


def aimed_factors(
    rng: np.random.Generator,
    a: NumberFormat,
    b: NumberFormat,
    o: NumberFormat,
    count: int,
    target: Decoded | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of ``a`` and ``b`` with such products.

    Half of them exactly, where one of some short factors divides the target; the others with all
    bits in one factor, and the quotient as near as the other format has it.
    """
    target = targets(rng, o, count) if target is None else target
    swap, short = rng.random(count) < 0.5, rng.random(count) < 0.5
    negative = (rng.random(count) < 0.5) & a.signed & b.signed
    sides = []
    for x, y in ((a, b), (b, a)):
        exact, near = _divided(rng, target, x, y), _quotients(rng, target, x, y)
        codes = []
        for k, format, sign in ((0, x, negative), (1, y, negative ^ target.negative)):
            significand, exponent = (np.where(short, exact[k][i], near[k][i]) for i in (0, 1))
            none = np.zeros(count, bool)
            numbers = Decoded(none, none, np.asarray(sign), significand, exponent)
            down, nearest = (project(numbers, format, how) for how in (_DOWN, Projection()))
            codes.append(np.where(short, down, nearest))
        sides.append(codes)
    return np.where(swap, sides[1][1], sides[0][0]), np.where(swap, sides[1][0], sides[0][1])


_Numbers = tuple[np.ndarray, np.ndarray]


def _divided(
    rng: np.random.Generator, target: Decoded, x: NumberFormat, y: NumberFormat
) -> tuple[_Numbers, _Numbers]:
    """A short factor of each target and the rest of it: significands and exponents."""
    significand = np.asarray(target.significand)
    zeros = np.log2(np.maximum(significand & -significand, 1)).astype(np.int64)
    odd, exponent = significand >> zeros, target.exponent + zeros
    choice = rng.random((len(odd), len(_FACTORS)))
    factor = _FACTORS[np.where((odd[:, None] % _FACTORS) == 0, choice, -1).argmax(axis=1)]
    first = _split(rng, exponent, x, y)
    return (factor, first), (odd // factor, exponent - first)


def _quotients(
    rng: np.random.Generator, target: Decoded, x: NumberFormat, y: NumberFormat
) -> tuple[_Numbers, _Numbers]:
    """A factor of full length and what each target is divided by it."""
    bits = min(_length(x), 24)
    factor = rng.integers(1 << (bits - 1), 1 << bits, len(target.nan))
    significand = np.asarray(target.significand)
    spare = 58 - int(significand.max(initial=1)).bit_length()
    quotient = (significand << spare) // factor
    # Exponents as if both were single bits, then lower by what they are longer.
    length = np.log2(np.maximum(significand, 1)).astype(np.int64)
    first = _split(rng, target.exponent + length, x, y)
    first = np.maximum(first - (bits - 1), _exponents(x)[0])
    return (factor, first), (quotient, target.exponent - spare - first)


def _length(format: NumberFormat) -> int:
    if isinstance(format, FloatFormat):
        return format.precision
    return max(format.width - format.signed, 1)


def _split(
    rng: np.random.Generator, exponent: np.ndarray, x: NumberFormat, y: NumberFormat
) -> np.ndarray:
    """The part of an exponent that a number in ``x`` gets, so that both parts are in range."""
    (low_x, high_x), (low_y, high_y) = _exponents(x), _exponents(y)
    low = np.maximum(low_x, exponent - high_y)
    return rng.integers(low, np.maximum(np.minimum(high_x, exponent - low_y), low) + 1)


def _exponents(format: NumberFormat) -> tuple[int, int]:
    """Exponents of the least and of the greatest single bit in a format."""
    low = format.lsb_exponent
    return low, low + format.max_integer.bit_length() - 1
