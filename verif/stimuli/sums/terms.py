"""An integer of any length as a sum of a unit's terms, numbers or products.

What is beyond one term is made of the strongest ones. Then each takes as many of the leading bits
that are left as it holds, or of a row of ones the bit above it.
"""

from collections.abc import Sequence

import numpy as np

from ....hdl.formats import Decoded, FloatFormat, NumberFormat, Projection, Rounding
from ...golden.rounding import project

__all__ = ["Term", "cancelling", "codes_of_terms", "strongest", "take_apart", "value"]

_DOWN = Projection(rounding=Rounding.RTZ)

Term = Sequence[tuple[int, int]]
"""Of each factor an integer and the exponent of its unit."""


def take_apart(
    rng: np.random.Generator, formats: Sequence[NumberFormat], total: int, most: int
) -> list[Term]:
    """Terms with that sum; none if they are too many."""
    ends = [strongest(formats, negative) for negative in (False, True)]
    values = [value(term, formats) for term in ends]
    often = total // values[total < 0] if values[total < 0] else 0
    if often > most:
        return []
    terms: list[Term] = [ends[total < 0]] * often
    total -= often * values[total < 0]
    lengths = [f.max_integer.bit_length() for f in formats]
    signed = any(f.signed for f in formats)
    while total:
        if len(terms) == most or (total < 0 and not signed):
            return []
        size = abs(total)
        # The first factor of these has the bits, the other one is a power of two.
        holds = int(rng.integers(0, len(formats)))
        bits = min(_precision(formats[holds]), size.bit_length())
        if often == 0 and rng.random() < 0.05:
            bits = int(rng.integers(1, bits + 1))
        reach = [length - 1 for length in lengths]
        reach[holds] = lengths[holds] - bits
        exponent = min(size.bit_length() - bits, sum(reach))
        significand = min(size >> exponent, (1 << bits) - 1)
        nearest = size + (1 << exponent >> 1) >> exponent
        if signed and nearest == 1 << bits and exponent + bits < sum(lengths) - len(lengths):
            # Of a row of ones the bit above, and one below is taken away again.
            significand, exponent, reach[holds] = 1, exponent + bits, lengths[holds] - 1
        elif signed and nearest < 1 << bits:
            significand = nearest
        least = max(exponent - sum(reach) + reach[holds], 0)
        own = int(rng.integers(least, min(exponent, reach[holds]) + 1))
        significand = min(significand, formats[holds].max_integer >> own)
        factors = [(1, exponent - own) for _ in formats]
        factors[holds] = significand, own
        part = significand << exponent
        if total < 0:
            part = -part
            minus = [k for k, f in enumerate(formats) if f.signed]
            minus = minus[int(rng.integers(0, len(minus)))]
            factors[minus] = -factors[minus][0], factors[minus][1]
        elif all(f.signed for f in formats) and len(formats) > 1 and rng.random() < 0.5:
            factors = [(-significand, exponent) for significand, exponent in factors]
        total -= part
        terms.append(factors)
    return terms


def strongest(formats: Sequence[NumberFormat], negative: bool) -> Term:
    """The term that is greatest, or least."""
    ends = [(f.max_integer, f.min_integer) for f in formats]
    pairs = [[x] for x in ends[0]] if len(ends) == 1 else [[x, y] for x in ends[0] for y in ends[1]]
    factors = sorted(pairs, key=lambda pair: int(np.prod(np.array(pair, object))))
    chosen = factors[0 if negative else -1]
    shifts = [(abs(x) & -abs(x)).bit_length() - 1 if x else 0 for x in chosen]
    return [(x >> shift, shift) for x, shift in zip(chosen, shifts, strict=True)]


def value(term: Term, formats: Sequence[NumberFormat]) -> int:
    """In units of the least term."""
    product = 1
    for (significand, exponent), _ in zip(term, formats, strict=True):
        product *= significand << exponent
    return product


def cancelling(rng: np.random.Generator, formats: Sequence[NumberFormat]) -> list[Term]:
    """A power of two, and its opposite."""
    exponents = [int(rng.integers(0, f.max_integer.bit_length())) for f in formats]
    minus = next(k for k, f in enumerate(formats) if f.signed)
    plus = [(1, exponent) for exponent in exponents]
    both: list[Term] = [plus, [(-s if k == minus else s, e) for k, (s, e) in enumerate(plus)]]
    return both[:: 1 if rng.random() < 0.5 else -1]


def _precision(format: NumberFormat) -> int:
    if isinstance(format, FloatFormat):
        return format.precision
    return format.max_integer.bit_length()


def codes_of_terms(formats: Sequence[NumberFormat], terms: Sequence[Term]) -> list[np.ndarray]:
    """Of each factor of the terms."""
    none = np.zeros(len(terms), bool)
    table = np.array(terms, np.int64)
    codes = []
    for k, format in enumerate(formats):
        number, exponent = table[:, k].T
        exact = Decoded(none, none, number < 0, abs(number), exponent + format.lsb_exponent)
        codes.append(project(exact, format, _DOWN))
    return codes
