# amaranth: UnusedElaboratable=no
"""Counts of ones and sums of mixed values against Python's integers."""

import random

import pytest
from amaranth.hdl import Const, Module, Signal, signed, unsigned
from simulation import settled

from bitwright.hdl.arithmetic.adders import Adder
from bitwright.hdl.arithmetic.bitheap import Structure
from bitwright.hdl.arithmetic.compressors import popcount, sum_values


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("adder", Adder)
@pytest.mark.parametrize("width", [1, 2, 3, 7, 10])
def test_popcount_all_inputs(structure, adder, width):
    bits = Signal(width)
    m = Module()
    ones = popcount(m, bits, structure=structure, adder=adder)
    assert len(ones) == width.bit_length()
    assert settled(m, bits, [ones], range(1 << width)) == [
        [code.bit_count()] for code in range(1 << width)
    ]


@pytest.mark.parametrize("structure", Structure)
def test_sum_of_one_complement_terms(structure):
    """Magnitudes inverted where their sign is set, and the signs beside them."""
    count, width = 6, 5
    code = Signal(count * (width + 1))
    signs, terms = code[:count], []
    for i in range(count):
        magnitude = code[count + i * width : count + (i + 1) * width]
        inverted = Signal(signed(width + 1), name=f"inverted{i}")
        terms.append((magnitude, inverted))
    m = Module()
    for i, (magnitude, inverted) in enumerate(terms):
        m.d.comb += inverted.eq(magnitude ^ signs[i].replicate(width + 1))
    total = sum_values(m, [inverted for _, inverted in terms], ones=signs, structure=structure)
    rng = random.Random(7)
    codes = [rng.getrandbits(len(code)) for _ in range(300)]
    expected = [
        sum(
            (-1 if value >> i & 1 else 1) * (value >> count + i * width & (1 << width) - 1)
            for i in range(count)
        )
        for value in codes
    ]
    assert settled(m, code, [total], codes) == [[x] for x in expected]


@pytest.mark.parametrize(
    ("shapes", "constant", "shape"),
    [
        ([signed(4), unsigned(4)], 0, signed(6)),
        ([unsigned(3), unsigned(3)], 1, unsigned(4)),
        ([unsigned(2)], -9, signed(5)),
        ([signed(1)], 0, signed(1)),
    ],
)
def test_sum_has_the_smallest_shape(shapes, constant, shape):
    code = Signal(8)
    fields, start = [], 0
    for s in shapes:
        field = code[start : start + s.width]
        fields.append(field.as_signed() if s.signed else field)
        start += s.width
    m = Module()
    total = sum_values(m, fields, constant=constant)
    assert total.shape() == shape
    expected = []
    for value in range(256):
        start, term = 0, constant
        for s in shapes:
            term += Const(value >> start & (1 << s.width) - 1, s).value
            start += s.width
        expected.append(term)
    assert settled(m, code, [total], range(256)) == [[x] for x in expected]
