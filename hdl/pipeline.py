"""From a chain of combinational steps to a datapath with any number of register stages.

A unit describes what it computes as steps. Between two steps, and after the last, stands a natural
cut point: a place where a register costs little and divides the delay well. Each stage is elastic:
it moves when the next one can, so that a bubble is filled while the output waits.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from amaranth.hdl import Module, Shape, Signal, Value, ValueCastable

__all__ = ["Accumulation", "Step", "balanced_cuts", "elastic", "wire"]


@dataclass(frozen=True)
class Step:
    """One combinational part of a datapath.

    ``compute(m, values)`` adds statements to the module and returns the values that the rest of the
    datapath needs: a dictionary of Amaranth values, or of data classes and lists of them.
    ``delay`` is its share of the whole delay, in any unit; stages are cut to balance it.
    """

    name: str
    compute: Callable[[Module, dict[str, Any]], dict[str, Any]]
    delay: float = 1.0


@dataclass(frozen=True)
class Accumulation(Step):
    """A step with a register of its own, which sums over the beats of a transaction.

    ``compute`` finds the state so far (zero in a transaction's first beat) as the dictionary
    ``values["so_far"]`` and returns the state with this beat's part added, under the same names.
    The bits ``values["first"]`` and ``values["last"]`` bound a transaction; the state moves on
    after its last beat.
    """

    state: Mapping[str, Shape] = field(default_factory=dict)


def wire(m: Module, name: str, value: Any) -> Signal:
    """A named intermediate value, for whoever reads the Verilog or a waveform."""
    value = Value.cast(value)
    signal = Signal(value.shape(), name=name)
    m.d.comb += signal.eq(value)
    return signal


def balanced_cuts(delays: Sequence[float], stages: int) -> set[int]:
    """After which steps to put the registers: one at the output, the others where the longest
    stretch between two becomes shortest."""
    if stages == 0:
        return set()
    last = len(delays) - 1
    best = min(
        itertools.combinations(range(last), stages - 1),
        key=lambda cuts: _longest(delays, (*cuts, last)),
    )
    return {*best, last}


def _longest(delays: Sequence[float], cuts: tuple[int, ...]) -> tuple[float, ...]:
    """The stretches between cuts, longest first."""
    starts = (0, *(cut + 1 for cut in cuts[:-1]))
    stretches = (sum(delays[a : b + 1]) for a, b in zip(starts, cuts, strict=True))
    return tuple(sorted(stretches, reverse=True))


def elastic(
    m: Module,
    steps: Sequence[Step],
    stages: int,
    values: dict[str, Any],
    valid: Value,
    ready: Value,
) -> tuple[dict[str, Any], Value, Value]:
    """Build the chain; return its last values, their ``valid``, and the ``ready`` of its input."""
    cuts = balanced_cuts([step.delay for step in steps], stages)
    registers = [
        kind
        for index, step in enumerate(steps)
        for kind in (["accumulate"] * isinstance(step, Accumulation) + ["cut"] * (index in cuts))
    ]
    valids = [Signal(name=f"stage{n + 1}_valid") for n in range(len(registers))]
    # A stage moves when it is empty or the one behind it moves.
    moves: list[Value] = [ready]
    for n in reversed(range(len(registers))):
        moves.insert(0, wire(m, f"stage{n + 1}_move", ~valids[n] | moves[0]))

    stage = 0
    for index, step in enumerate(steps):
        if isinstance(step, Accumulation):
            values = _accumulate(m, step, values, valid, valids[stage], moves[stage], stage + 1)
            valid, stage = valids[stage], stage + 1
        else:
            values = step.compute(m, values)
        if index in cuts:
            with m.If(moves[stage]):
                m.d.sync += valids[stage].eq(valid)
                values = _register(m, values, f"stage{stage + 1}")
            valid, stage = valids[stage], stage + 1
    return values, valid, moves[0]


def _accumulate(
    m: Module,
    step: Accumulation,
    values: dict[str, Any],
    valid: Value,
    done: Signal,
    move: Value,
    stage: int,
) -> dict[str, Any]:
    state = {
        name: Signal(shape, name=f"stage{stage}_{name}", reset_less=True)
        for name, shape in step.state.items()
    }
    so_far = {}
    for name, held in state.items():
        so_far[name] = Signal(held.shape(), name=f"{name}_so_far")
        m.d.comb += so_far[name].eq(held & (~values["first"]).replicate(len(held)))
    result = step.compute(m, {**values, "so_far": so_far})
    with m.If(move):
        m.d.sync += done.eq(valid & values["last"])
        with m.If(valid):
            m.d.sync += [held.eq(result[name]) for name, held in state.items()]
    return dict(state)


def _register(m: Module, tree: Any, name: str) -> Any:
    """The same tree with a register behind each value in it."""
    if isinstance(tree, dict):
        return {key: _register(m, item, f"{name}_{key}") for key, item in tree.items()}
    if isinstance(tree, list | tuple):
        return [_register(m, item, f"{name}_{index}") for index, item in enumerate(tree)]
    if is_dataclass(tree) and not isinstance(tree, type):
        changed = {
            member.name: _register(m, getattr(tree, member.name), f"{name}_{member.name}")
            for member in fields(tree)
            if isinstance(getattr(tree, member.name), Value | ValueCastable | dict | list | tuple)
        }
        return replace(tree, **changed)
    if isinstance(tree, Value | ValueCastable):
        value = Value.cast(tree)
        held = Signal(value.shape(), name=name, reset_less=True)
        m.d.sync += held.eq(value)
        shape: Any = tree.shape() if isinstance(tree, ValueCastable) else None
        return held if shape is None else shape(held)
    return tree
