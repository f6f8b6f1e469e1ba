"""When beats are taken and results offered, where nobody waits for anything but the unit."""

from amaranth.sim import Simulator

__all__ = ["beat_times"]


def beat_times(unit, beats, results):
    """The clock cycle in which each beat is taken, and that in which each result is offered.

    Beats are dictionaries of the fields of the input.
    """
    taken, offered = [], []

    async def bench(ctx):
        ctx.set(unit.o.ready, 1)
        cycle = 0
        waiting = list(beats)
        while len(offered) < results:
            if waiting:
                ctx.set(unit.i.payload, waiting[0])
            ctx.set(unit.i.valid, bool(waiting))
            _, _, ready, valid = await ctx.tick().sample(unit.i.ready, unit.o.valid)
            if waiting and ready:
                taken.append(cycle)
                waiting.pop(0)
            if valid:
                offered.append(cycle)
            cycle += 1
            assert cycle < 10_000

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return taken, offered
