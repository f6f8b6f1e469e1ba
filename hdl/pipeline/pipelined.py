"""The datapath in registers, with a handshake: all stages move when the output is free or taken.

Stages that move one by one, so that gaps close while the output waits, were measured and given up:
their enables, a chain as long as the pipeline, were the longest path from four stages on (63 MHz
instead of 76 for an FP8 multiplier in iCE40).
"""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Signal, Value

from .datapath import Datapath, signals
from .registers import Registers
from .schedule import distribute
from .step import Accumulation, Step, wire

__all__ = ["pipelined"]


def pipelined(
    m: Module,
    steps: Sequence[Step],
    stages: int,
    values: dict[str, Any],
    valid: Value,
    ready: Value,
) -> tuple[dict[str, Any], Value, Value]:
    """Build the chain; return its last values, their ``valid``, and the ``ready`` of its input.

    A sum over several beats is one stage more, in the middle of the others.

    Where a sum over the cycles of one beat is the last stage, and the stages before it are fewer
    than the cycles, the stages only ever wait with the first cycles of a beat in all of them, and
    its operands at the input. So what is made of these alone is taken over in every cycle, and the
    first step of the sum may be made again and again: only what is read behind it must be held.
    """
    sums = [step for step in steps if isinstance(step, Accumulation)]
    valids = [Signal(name=f"stage{n + 1}_valid") for n in range(stages + len(sums))]
    move = wire(m, "move", ready | ~valids[-1]) if valids else ready
    stretches = _record(steps, values)
    schedules = distribute([datapath for datapath, _ in stretches], stages)
    stays = len(sums) == 1 and sums[0].cycles > schedules[0].stages == stages
    moving = None
    if stays:
        moving = {id_ for name in ("first", "last", "phase") for id_ in signals(values[name])}
        moving |= {id(signal) for signal in (stretches[0][1] or {}).values()}
    outputs: dict[str, Any] = {}
    done = 0
    for (datapath, state), schedule in zip(stretches, schedules, strict=True):
        registers = Registers(m, datapath, schedule, done + 1, moving)
        outputs = registers.outputs
        for stage in range(done, done + schedule.stages):
            with m.If(move):
                m.d.sync += valids[stage].eq(valid)
                m.d.sync += registers.assignments(stage + 1)
            m.d.sync += registers.assignments(stage + 1, staying=True)
            valid = valids[stage]
        done += schedule.stages
        if state is not None:
            read = {id(node.value) for node in stretches[-1][0].nodes}
            taken = {id(held): held.eq(outputs[name]) for name, held in state.items()}
            waiting = [taken[key] for key in taken if key in read or not stays]
            with m.If(move):
                m.d.sync += valids[done].eq(valid & outputs["last"])
                if stays:
                    m.d.sync += waiting
                else:
                    with m.If(valid):
                        m.d.sync += waiting
            m.d.sync += [taken[key] for key in taken if stays and key not in read]
            valid, done = valids[done], done + 1
    return outputs, valid, move


def _record(
    steps: Sequence[Step], values: dict[str, Any]
) -> list[tuple[Datapath, dict[str, Signal] | None]]:
    """The stretches between sums; with each, the registers of the sum that ends it."""
    stretches: list[tuple[Datapath, dict[str, Signal] | None]] = []
    datapath = Datapath()
    for step in steps:
        if not isinstance(step, Accumulation):
            values = step.compute(datapath, values)  # pyright: ignore[reportArgumentType]
            continue
        state = {
            name: Signal(shape, name=f"sum_{name}", reset_less=True)
            for name, shape in step.state.items()
        }
        datapath.late = list(state.values())
        so_far = {
            name: held & (~values["first"]).replicate(len(held)) for name, held in state.items()
        }
        so_far = {name: wire(datapath, f"{name}_so_far", value) for name, value in so_far.items()}  # pyright: ignore[reportArgumentType]
        result = step.compute(datapath, {**values, "so_far": so_far})  # pyright: ignore[reportArgumentType]
        datapath.close({"last": values["last"], **result})
        stretches.append((datapath, state))
        datapath, values = Datapath(), dict(state)
    datapath.close(values)
    return [*stretches, (datapath, None)]
