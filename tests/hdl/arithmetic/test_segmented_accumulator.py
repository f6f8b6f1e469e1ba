"""Segments and their deferred carries: after every term, the sum that Python's integers give."""

import random

import pytest
from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.adders import Adder
from bitwright.hdl.arithmetic.segmented_accumulator import SegmentedAccumulator


@pytest.mark.parametrize("adder", list(Adder))
@pytest.mark.parametrize(
    ("width", "segment"), [(1, 1), (5, 0), (7, 1), (9, 2), (13, 4), (16, 4), (17, 5), (3, 8)]
)
def test_every_step(adder, width, segment):
    accumulator = SegmentedAccumulator(width, segment, adder)
    m = Module()
    held = {name: Signal(shape, name=f"held_{name}") for name, shape in accumulator.state.items()}
    row, carry, out = Signal(width), Signal(), Signal(width)
    for name, value in accumulator.add(m, held, row, carry).items():
        m.d.sync += held[name].eq(value)
    m.d.comb += out.eq(accumulator.resolve(m, held))
    draw = random.Random(width * 100 + segment)

    async def bench(ctx):
        total = 0
        for _ in range(200):
            term = draw.choice([0, 1, (1 << width) - 1, draw.getrandbits(width)])
            one = draw.getrandbits(1)
            ctx.set(row, term)
            ctx.set(carry, one)
            await ctx.tick()
            total = (total + term + one) % (1 << width)
            assert ctx.get(out) == total

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
