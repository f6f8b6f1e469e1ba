"""Combinational modules in Amaranth's simulator."""

from amaranth.hdl import Cat, Signal
from amaranth.sim import Simulator

__all__ = ["settled", "simulate"]


def settled(m, code, outputs, codes):
    """The outputs, a list for each value of the one signal ``code``."""
    results = []

    async def bench(ctx):
        for value in codes:
            ctx.set(code, value)
            results.append([ctx.get(output) for output in outputs])

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    return results


def simulate(m, inputs, outputs, vectors):
    """The outputs, a list for each vector of input values.

    The inputs become one signal, set once a vector: the simulator settles after each assignment.
    """
    packed = Signal(sum(map(len, inputs)))
    m.d.comb += Cat(inputs).eq(packed)
    codes = []
    for vector in vectors:
        code = shift = 0
        for signal, value in zip(inputs, vector, strict=True):
            code |= (value % (1 << len(signal))) << shift
            shift += len(signal)
        codes.append(code)
    return settled(m, packed, outputs, codes)
