"""Combinational modules, and units with their handshake, in Amaranth's simulator."""

from amaranth.hdl import Cat, Signal
from amaranth.sim import Simulator

__all__ = ["settled", "simulate", "stream"]


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


def stream(unit, beats, rng):
    """What leaves a unit, with gaps before inputs and outputs that wait."""
    results, cycles = [], 40 * len(beats) + 200
    fields = [name for name, _ in unit.i.payload.shape()]

    async def feed(ctx):
        for beat in beats:
            while rng.random() < 0.3:
                await ctx.tick()
            ctx.set(unit.i.payload, dict(zip(fields, beat, strict=True)))
            ctx.set(unit.i.valid, 1)
            await ctx.tick().until(unit.i.ready)
            ctx.set(unit.i.valid, 0)

    async def drain(ctx):
        for _ in range(cycles):
            ctx.set(unit.o.ready, rng.random() < 0.6)
            _, _, valid, ready, p = await ctx.tick().sample(
                unit.o.valid, unit.o.ready, unit.o.payload.p
            )
            if valid and ready:
                results.append(p)

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.add_testbench(drain)
    simulator.run()
    return results
