"""The datapath in registers, with a handshake: all stages move when the output is free or taken.

Stages that move one by one, so that gaps close while the output waits, were measured and given up:
their enables, a chain as long as the pipeline, were the longest path from four stages on (63 MHz
instead of 76 for an FP8 multiplier in iCE40).
"""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Signal, Value

from .datapath import Datapath
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
    """
    sums = [step for step in steps if isinstance(step, Accumulation)]
    valids = [Signal(name=f"stage{n + 1}_valid") for n in range(stages + len(sums))]
    move = wire(m, "move", ready | ~valids[-1]) if valids else ready
    stretches = _record(steps, values)
    schedules = distribute([datapath for datapath, _ in stretches], stages)
    outputs: dict[str, Any] = {}
    done = 0
    for (datapath, state), schedule in zip(stretches, schedules, strict=True):
        registers = Registers(m, datapath, schedule, done + 1)
        outputs = registers.outputs
        for stage in range(done, done + schedule.stages):
            with m.If(move):
                m.d.sync += valids[stage].eq(valid)
                m.d.sync += registers.assignments(stage + 1)
            valid = valids[stage]
        done += schedule.stages
        if state is not None:
            with m.If(move):
                m.d.sync += valids[done].eq(valid & outputs["last"])
                with m.If(valid):
                    m.d.sync += [held.eq(outputs[name]) for name, held in state.items()]
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
