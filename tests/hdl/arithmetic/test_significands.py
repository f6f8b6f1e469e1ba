"""Products of significands, every pair, whatever the structure."""

import pytest
from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.bitheap import Structure
from bitwright.hdl.arithmetic.significands import (
    multiply_significands,
    negated_if,
    signed_product,
)


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


@pytest.mark.parametrize("operators", [False, True])
@pytest.mark.parametrize("widths", [(1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (4, 4)])
def test_every_pair_and_sign(widths, operators):
    m, code = Module(), Signal(sum(widths) + 1)
    a, b, negative = code[: widths[0]], code[widths[0] : -1], code[-1]
    product = signed_product(m, a, b, negative, "signed", operators=operators)
    assert product.shape().signed
    assert len(product) == sum(widths) + 1
    got = Signal(product.shape())
    m.d.comb += got.eq(product)

    async def bench(ctx):
        for value in range(1 << len(code)):
            ctx.set(code, value)
            magnitude = (value & (1 << len(a)) - 1) * (value >> len(a) & (1 << len(b)) - 1)
            assert ctx.get(got) == (-magnitude if value >> sum(widths) else magnitude)

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()


def test_negation():
    m, code = Module(), Signal(7)
    negated = Signal(7)
    m.d.comb += negated.eq(negated_if(m, code[:6], code[6], "negation"))

    async def bench(ctx):
        for value in range(128):
            ctx.set(code, value)
            magnitude = value % 64
            assert ctx.get(negated) == (-magnitude % 128 if value >= 64 else magnitude)

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
