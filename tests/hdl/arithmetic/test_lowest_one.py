"""The lowest one of every word."""

import pytest
from amaranth.hdl import Module, Signal
from simulation import simulate

from bitwright.hdl.arithmetic.lowest_one import lowest_one


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 9])
def test_every_word(width):
    m = Module()
    bits, alone, more = Signal(width), Signal(width), Signal()
    found = lowest_one(m, bits)
    m.d.comb += [alone.eq(found[0]), more.eq(found[1])]
    words = range(1 << width)
    got = simulate(m, [bits], [alone, more], [[word] for word in words])
    assert got == [[word & -word, int(word.bit_count() > 1)] for word in words]
