# amaranth: UnusedElaboratable=no
"""Adders against Python's integers."""

import random

import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.adders import Adder, add


def simulate(width, adder, pairs):
    operands = Signal(2 * width)
    total = Signal(width)
    m = Module()
    m.d.comb += total.eq(add(m, operands[:width], operands[width:], adder=adder))
    results = []

    async def bench(ctx):
        for a, b in pairs:
            ctx.set(operands, a | b << width)
            results.append(ctx.get(total))

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    return results


@pytest.mark.parametrize("adder", Adder)
@pytest.mark.parametrize("width", range(1, 7))
def test_all_operands(width, adder):
    pairs = [(a, b) for a in range(1 << width) for b in range(1 << width)]
    assert simulate(width, adder, pairs) == [(a + b) % (1 << width) for a, b in pairs]


@pytest.mark.parametrize("adder", Adder)
@pytest.mark.parametrize("width", [8, 9, 17, 33, 64])
def test_wide_operands(width, adder):
    rng = random.Random(width)
    ones = (1 << width) - 1
    # A carry from each column to the top, and to each column from the bottom.
    pairs = [(ones ^ ((1 << k) - 1), 1 << k) for k in range(width)]
    pairs += [((1 << k) - 1, 1) for k in range(width)]
    pairs += [(rng.getrandbits(width), rng.getrandbits(width)) for _ in range(200)]
    assert simulate(width, adder, pairs) == [(a + b) & ones for a, b in pairs]


def test_no_columns():
    assert len(add(Module(), Cat(), Cat())) == 0


def test_rejects_unequal_widths():
    with pytest.raises(ValueError, match="one width, not 3 and 2"):
        add(Module(), Signal(3), Signal(2))
