"""Products of significands, every pair, whatever the structure."""

import pytest
from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.bitheap import Structure
from bitwright.hdl.arithmetic.significands import multiply_significands


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("widths", [(1, 1), (1, 4), (2, 2), (3, 2), (3, 4), (4, 4), (5, 3)])
def test_every_pair(widths, structure, normalized):
    m, fractions = Module(), Signal(sum(widths) - 2 * normalized)
    split = widths[0] - normalized
    hidden = Const(1, normalized)
    a, b = Cat(fractions[:split], hidden), Cat(fractions[split:], hidden)
    product = multiply_significands(m, a, b, structure, normalized=normalized)
    assert len(product) == sum(widths)

    async def bench(ctx):
        for code in range(1 << len(fractions)):
            ctx.set(fractions, code)
            x, y = code & (1 << split) - 1, code >> split
            if normalized:
                x, y = x | 1 << split, y | 1 << widths[1] - 1
            assert ctx.get(product) == x * y

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
