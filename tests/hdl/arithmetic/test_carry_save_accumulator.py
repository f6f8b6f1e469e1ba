"""Sums in carry-save form: after every term, what Python's integers give."""

import random

import pytest
from amaranth.hdl import Module, Shape, Signal
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.adders import Adder
from bitwright.hdl.arithmetic.bitheap import BitHeap
from bitwright.hdl.arithmetic.carry_save_accumulator import CarrySaveAccumulator


def run(accumulator, width, add, low, high, seed, extra):
    """200 terms: long runs of the extremes, which fill the upper part, and draws."""
    m = Module()
    held = {name: Signal(shape, name=f"held_{name}") for name, shape in accumulator.state.items()}
    term = Signal(Shape(max(high.bit_length(), (-low - 1).bit_length()) + 1, signed=True))
    carry, out, rows = Signal(), Signal(width), [Signal(width), Signal(width)]
    for name, value in add(m, held, term, carry).items():
        m.d.sync += held[name].eq(value)
    m.d.comb += out.eq(accumulator.resolve(m, held))
    m.d.comb += [r.eq(v) for r, v in zip(rows, accumulator.rows(held), strict=True)]
    draw = random.Random(seed)
    terms = [low] * 40 + [high] * 70
    terms += [draw.choice([low, high, 0, draw.randint(low, high)]) for _ in range(90)]

    async def bench(ctx):
        total = 0
        for number in terms:
            one = draw.getrandbits(1) * extra
            ctx.set(term, number)
            ctx.set(carry, one)
            await ctx.tick()
            total = (total + number + one) % (1 << width)
            assert ctx.get(out) == total
            assert (ctx.get(rows[0]) + ctx.get(rows[1])) % (1 << width) == total

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


CASES = [(4, -3, 3), (9, -5, 4), (12, -128, 16), (20, -128, 127), (7, 0, 3), (16, -1, 0)]


@pytest.mark.parametrize("divided", [True, False])
@pytest.mark.parametrize(("width", "low", "high"), CASES)
def test_terms_on_a_heap(width, low, high, divided):
    accumulator = CarrySaveAccumulator(width, low, high, divided=divided)

    def add(m, held, term, carry):
        heap = BitHeap(accumulator.term_width)
        heap.add(term)
        return accumulator.add(m, held, heap)

    run(accumulator, width, add, low, high, width, 0)


@pytest.mark.parametrize("divided", [True, False])
@pytest.mark.parametrize("adder", list(Adder))
@pytest.mark.parametrize(("width", "low", "high"), CASES)
def test_terms_of_one_row_and_a_carry(width, low, high, adder, divided):
    accumulator = CarrySaveAccumulator(
        width, low, high, adder=adder, divided=divided, one_row=True
    )

    def add(m, held, term, carry):
        return accumulator.add_row(m, held, term, carry)

    run(accumulator, width, add, low, high, width + 1, 1)


def test_an_upper_part_needs_room():
    assert "up" in CarrySaveAccumulator(13, -128, 127).state
    assert CarrySaveAccumulator(11, -128, 127).state.keys() == {"total", "carries"}
    assert "up" in CarrySaveAccumulator(11, -128, 127, one_row=True).state
    assert "up" not in CarrySaveAccumulator(32, -128, 127, divided=False).state
