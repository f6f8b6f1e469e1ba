"""Control registers, and which of them may make others idle: guesses, of which proofs are made.

A control register is one that a reset sets: a stage's `valid`, a phase. It says whether the other
registers of its stage, which no reset sets, hold anything.
"""

from collections.abc import Mapping

import numpy as np

from .clauses import literal
from .evaluate import Evaluator
from .gates import ARITY, GateNetlist

__all__ = ["find_controls", "guess_idle"]

_SAMPLES = 64


def find_controls(netlist: GateNetlist) -> dict[int, bool]:
    """Registers that a reset sets to what they hold initially, and to what: guessed from states at
    random, and proven by `find_pipelines`."""
    rng = np.random.default_rng(0)
    rows = len(netlist.input_nets) + netlist.registers
    planes = rng.integers(0, 1 << 64, (rows, _SAMPLES), np.uint64)
    for row in range(*netlist.rows("rst").indices(rows)) if "rst" in netlist.inputs else ():
        planes[row] = ~np.uint64(0)
    found = Evaluator(netlist)(planes)[len(netlist.output_nets) :]
    level = np.where(netlist.initial, ~np.uint64(0), np.uint64(0))
    same = (found == level[:, None]).all(axis=1) if "rst" in netlist.inputs else []
    return {k: bool(netlist.initial[k]) for k in np.flatnonzero(same).tolist()}


def guess_idle(
    netlist: GateNetlist, controls: Mapping[int, bool], watching: int
) -> dict[int, list[int]]:
    """What may make each register idle: the control register that is as far from the inputs, or
    any where a register depends on no input; else one of those that only watch."""
    number = {net: k for k, net in enumerate(netlist.state.tolist())}
    reads = _sources(netlist)
    offers = set(netlist.inputs["i_valid"])
    carried = {net for port, nets in netlist.inputs.items() if port.startswith("i_")
               for net in nets} - offers  # fmt: skip
    depths = {}
    others = set(number.values()) - controls.keys()
    for begin, members in ((offers, set(controls)), (carried, others)):
        depth = {k: 1 for k in members if reads[k] & begin}
        front = set(depth)
        while front:
            nets = {int(netlist.state[k]) for k in front}
            front = {k for k in members - depth.keys() if reads[k] & nets}
            depth |= dict.fromkeys(front, 1 + max(depth.values(), default=0))
        depths |= depth
    idle = {
        k: literal(int(netlist.driven[k])) * (1 if begins else -1)
        for k, begins in controls.items()
    }
    own = range(netlist.registers - watching)
    watched = [idle[c] for c in reversed(controls) if c not in own]
    return {
        k: [*(idle[c] for c in controls
              if c in own and (k not in depths or depths.get(c) == depths[k])), *watched]
        for k in sorted(others)
    }  # fmt: skip


def _sources(netlist: GateNetlist) -> list[set[int]]:
    """For each register, the inputs and registers that its next value depends on, by their nets."""
    sources: list[set[int]] = [{net} for net in range(netlist.nets)]
    for op, operands, net in zip(
        netlist.op.tolist(), netlist.operands.tolist(), netlist.driven.tolist(), strict=True
    ):
        sources[net] = set().union(*(sources[n] for n in operands[: ARITY[op]]))
    return [sources[net] for net in netlist.next_state.tolist()]
