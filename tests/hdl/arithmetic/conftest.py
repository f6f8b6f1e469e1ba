"""A whole rounder in the simulator, for the tests of its parts."""

import pytest
from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.place import negligible_exponent, place
from bitwright.hdl.arithmetic.product import multiply
from bitwright.hdl.arithmetic.raw import decode
from bitwright.hdl.arithmetic.settle import settle


def _simulate_rounding(make, widths, target, projection, vectors):
    """Codes in ``target`` of the raw number that ``make(m, *inputs)`` builds, one a vector.

    A vector holds one value for each of the inputs and, in stochastic modes, the random bits.
    """
    m = Module()
    packed = Signal(sum(widths) + projection.random_bits)
    inputs, shift = [], 0
    for width in widths:
        inputs.append(packed[shift : shift + width])
        shift += width
    raw = make(m, *inputs)
    random = packed[shift:] if projection.random_bits else None
    code = Signal(target.width)
    m.d.comb += code.eq(settle(m, place(m, raw, target, projection), target, projection, random))
    results = []

    async def bench(ctx):
        for vector in vectors:
            word = shift = 0
            for value, width in zip(vector, [*widths, projection.random_bits], strict=True):
                word |= int(value) << shift
                shift += width
            ctx.set(packed, word)
            results.append(ctx.get(code))

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    return results


def _simulate_product(a, b, target, projection, vectors):
    """Codes in ``target`` of products of codes in ``a`` and ``b``."""

    def make(m, x, y):
        raws = [
            decode(m, fmt(code), name, normalize=True, flush=projection.ftz_in)
            for fmt, code, name in ((a, x, "a"), (b, y, "b"))
        ]
        significand = raws[0].significand * raws[1].significand
        negligible = negligible_exponent(target, projection)
        return multiply(m, *raws, significand, negligible=negligible)

    return _simulate_rounding(make, [a.width, b.width], target, projection, vectors)


@pytest.fixture
def simulate_rounding():
    return _simulate_rounding


@pytest.fixture
def simulate_product():
    return _simulate_product
