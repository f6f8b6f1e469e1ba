"""Rounding by chunks: every sum of ten bits, wherever the target's subnormals begin."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from simulation import settled, simulate

from bitwright.hdl.arithmetic.long_place import place_long, suits_long
from bitwright.hdl.arithmetic.long_shift import shift_long
from bitwright.hdl.arithmetic.settle import settle
from bitwright.hdl.formats import IntegerFormat, Projection, Rounding, parse_format
from bitwright.verif.golden.rounding import project


@pytest.mark.parametrize("ftz", [False, True])
@pytest.mark.parametrize("rounding", [Rounding.RNE, Rounding.RTZ, Rounding.RD, Rounding.RTO])
@pytest.mark.parametrize(("lsb", "chunk"), [(-12, 2), (-9, 4), (-4, 2), (3, 4), (-14, 8)])
@pytest.mark.parametrize("signed", [False, True])
def test_every_sum(signed, lsb, chunk, rounding, ftz):
    source, target = IntegerFormat(10, signed), parse_format("e4m3")
    assert suits_long(10, lsb, target)
    projection = Projection(rounding=rounding, ftz_out=ftz)
    m, total, code = Module(), Signal(source.as_shape()), Signal(target.width)
    placed = place_long(m, total, lsb, target, projection, chunk=chunk)
    m.d.comb += code.eq(settle(m, placed, target, projection))
    codes = np.arange(1 << 10)
    number = source.decode(codes)
    number = replace(number, exponent=number.exponent + lsb)
    values = source.integers(codes).tolist()
    got = [row[0] for row in settled(m, total, [code], values)]
    assert got == project(number, target, projection).tolist()


@pytest.mark.parametrize("rounding", [Rounding.RNE, Rounding.RU])
@pytest.mark.parametrize("smallest", [5, 0x23, 0x81])
@pytest.mark.parametrize("lsb", [-9, -4, -15])
def test_every_odd_sum_from_the_smallest_on(lsb, smallest, rounding):
    target, projection = parse_format("e4m3"), Projection(rounding=rounding)
    source = IntegerFormat(10, False)
    m, total, code = Module(), Signal(10), Signal(target.width)
    placed = place_long(m, total, lsb, target, projection, chunk=4, smallest=smallest, odd=True)
    m.d.comb += code.eq(settle(m, placed, target, projection))
    values = np.arange(smallest, 1 << 10, 2)
    got = [row[0] for row in settled(m, total, [code], values.tolist())]
    number = source.decode(values)
    number = replace(number, exponent=number.exponent + lsb)
    assert got == project(number, target, projection).tolist()


@pytest.mark.parametrize("chunk", [2, 4, 8])
@pytest.mark.parametrize("width", [17, 21])
def test_every_shift(chunk, width):
    m = Module()
    value, amount, negative = Signal(3), Signal(4), Signal()
    row = shift_long(m, value, amount, negative, "x", width=width, most=13, chunk=chunk)
    vectors = [(v, k, n) for v in range(8) for k in range(14) for n in (0, 1)]
    got = [x[0] for x in simulate(m, [value, amount, negative], [row], vectors)]
    ones = (1 << width) - 1
    assert got == [(v << k) ^ (ones if n else 0) for v, k, n in vectors]
