"""Sums at chosen numbers: taken apart exactly, and with a far bit beside a tie in all places."""

from fractions import Fraction

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.verif.stimuli import stimuli
from bitwright.verif.stimuli.sums import targets
from bitwright.verif.stimuli.sums.terms import codes_of_terms, take_apart

SEED = 20261121


@pytest.mark.parametrize(
    "names", [("e4m3fn", "e5m2"), ("bf16",), ("int8", "int8"), ("uint5", "int4n"), ("uint3",)]
)
def test_terms_add_up(names):
    rng = np.random.default_rng(SEED)
    formats = [parse_format(name) for name in names]
    low = sum(f.lsb_exponent for f in formats)
    most = sum(f.max_integer.bit_length() for f in formats) + 3
    for bits in range(1, most, 1 + most // 24):
        total = targets._bits(rng, bits) * (1 if names == ("uint3",) else -1)
        terms = take_apart(rng, formats, total, 64)
        assert total == 0 or terms, f"seed {SEED}"
        if not terms:
            continue
        codes = codes_of_terms(formats, terms)
        found = Fraction(0)
        for row in zip(*codes, strict=True):
            term = Fraction(1)
            for format, code in zip(formats, row, strict=True):
                term *= format.to_fraction(int(code))
            found += term
        assert found == total * Fraction(2) ** low


def test_far_bits_decide_ties_in_most_places():
    texts = {"a": "bf16", "b": "none", "terms": "64", "o": "bf16"}
    unit = generate("exact-accumulator", texts).unit
    codes, words = stimuli(unit)
    assert "long sums" in words
    where = slice(len(codes["a"]) * 11 // 16, len(codes["a"]) * 12 // 16)
    a = unit.parameters.a
    numbers = [int(a.to_fraction(int(c)) / Fraction(2) ** a.lsb_exponent)
               for c in codes["a"][where, 0]]  # fmt: skip
    starts = np.flatnonzero(codes["first"][where])
    sums = np.add.reduceat(np.array(numbers, object), starts)
    far = set()
    for total in map(abs, sums):
        last = total.bit_length() - 8
        for sign in (1, -1):
            rest = total - sign * (total & -total)
            if last > 1 and rest % (1 << last) == 1 << last - 1:
                far.add((total & -total).bit_length())
    assert len(far) > 150
