"""Toggles of a netlist's nets while operands stream through it, many pieces of the stream at once.

Every bit of a word is a machine of its own, which starts from reset and is offered its beats one
after the other, as fast as it takes them; its results are taken at once. Nets settle without delay,
so each is counted at most once a cycle: glitches are not. Counting begins when the pipeline is
full. What comes out is compared with what is expected all the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from ...hdl.unit import Unit
from ..netlist import Evaluator, GateNetlist
from ..netlist.bits import bits_of, field_bits, planes_from

__all__ = ["Activity", "Counter", "WrongNetlistError", "run"]

_ALL = ~np.uint64(0)

# Cycles in which nothing is taken and nothing given, after which a netlist is said to be stuck.
PATIENCE = 1000


class WrongNetlistError(RuntimeError):
    """The netlist does not compute what it should: its toggles mean nothing."""


class Counter:
    """A netlist whose nets are watched.

    Attributes:
        toggles: ``int64 (nets,)``: changes of each net that were counted, over all machines.
        cycles: How many steps were counted.
    """

    def __init__(self, netlist: GateNetlist, backend: str | None = None) -> None:
        everything = np.arange(netlist.nets, dtype=np.int32)
        self._evaluator = Evaluator(netlist, backend, everything)
        self.toggles = np.zeros(netlist.nets, np.int64)
        self.cycles = 0
        self._before: np.ndarray | None = None

    def __call__(self, rows: np.ndarray, *, counted: bool) -> np.ndarray:
        """Planes of inputs and state to planes of all nets; whether the step to them counts."""
        values = self._evaluator(rows)
        if counted and self._before is not None:
            self.toggles += np.bitwise_count(values ^ self._before).sum(axis=1, dtype=np.int64)
            self.cycles += 1
        self._before = values
        return values


@dataclass(frozen=True, eq=False)
class Activity:
    """What was counted.

    Attributes:
        toggles: ``int64 (nets,)``.
        cycles: Clock cycles, or operands where there is no clock, over all machines.
        beats: Beats taken in them.
        results: Results given in them.
        compared: Results that were compared, those before the first counted cycle included.
    """

    toggles: np.ndarray
    cycles: int
    beats: int
    results: int
    compared: int


def run(
    netlist: GateNetlist,
    unit: Unit,
    inputs: Mapping[str, np.ndarray],
    want: Mapping[str, np.ndarray],
    lanes: int,
    warm: int,
    beats: int,
    *,
    backend: str | None = None,
) -> Activity:
    """Count what ``lanes`` machines switch in so many beats, after ``warm`` uncounted cycles.

    Where data decide how long a beat takes, machines are counted until the slowest has taken so
    many and has given a result.

    Args:
        netlist: With the two streams' ports of the unit.
        unit: Whose fields the inputs are.
        inputs: Codes of every input field, equally many whole transactions for each machine, one
            machine after the other; more than the beats, by those that the uncounted cycles take.
        want: What the golden model says to them.
        lanes: Machines, a multiple of 64.
        warm: Cycles before, at least one.
        beats: At the least.

    Raises:
        WrongNetlistError: if a result is not what is wanted, or there is none.
        ValueError: if a machine has too few beats.
    """
    bits, answers = field_bits(unit.i, inputs), field_bits(unit.o, want)
    each, results_each = len(bits) // lanes, len(answers) // lanes
    fields, results = _places(netlist, unit.i, "i_"), _nets(netlist, unit.o, "o_")
    ready, offer = netlist.outputs["i_ready"][0], netlist.outputs["o_valid"][0]
    ports = len(netlist.input_nets)
    rows = np.zeros((ports + netlist.registers, lanes // 64), np.uint64)
    rows[netlist.rows("o_ready")] = _ALL
    counter = Counter(netlist, backend)
    if "rst" in netlist.inputs:
        rows[netlist.rows("rst")] = _ALL
        rows[ports:] = counter(rows, counted=False)[netlist.next_state]
        rows[netlist.rows("rst")] = 0
    rows[netlist.rows("i_valid")] = _ALL
    machine = np.arange(lanes)
    at, given = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
    fixed = beats * unit.interval if unit.fixed_interval else None
    begun = at.copy(), given.copy()
    idle = 0
    for cycle in count():
        if cycle == warm:
            begun = at.copy(), given.copy()
        rows[fields] = planes_from(bits[machine * each + at].T)
        values = counter(rows, counted=cycle >= warm)
        rows[ports:] = values[netlist.next_state]
        taken = bits_of(values[[ready]], lanes)[0]
        at += taken
        here = np.flatnonzero(bits_of(values[[offer]], lanes)[0])
        _compare(bits_of(values[results], lanes).T, answers, results_each, here, given, netlist)
        given[here] += 1
        idle = 0 if len(here) or np.any(taken) else idle + 1
        if idle > PATIENCE:
            raise WrongNetlistError(f"{netlist.name} neither takes nor gives anything any more")
        done = counter.cycles > 0 and given.all() and int((at - begun[0]).min()) >= beats
        if counter.cycles == fixed or (fixed is None and done):
            break
        if np.any(at >= each):
            raise ValueError(f"The stream must be longer than {each} beats for each machine")
    if not given.any():
        raise WrongNetlistError(f"{netlist.name} gave no result while it was watched")
    return Activity(
        counter.toggles,
        counter.cycles * lanes,
        int((at - begun[0]).sum()),
        int((given - begun[1]).sum()),
        int(given.sum()),
    )


def _compare(
    found: np.ndarray,
    answers: np.ndarray,
    each: int,
    here: np.ndarray,
    given: np.ndarray,
    netlist: GateNetlist,
) -> None:
    """The results of the machines that give one ``here``, of each the next."""
    if np.any(given[here] >= each) or not np.array_equal(
        found[here], answers[here * each + given[here]]
    ):
        raise WrongNetlistError(
            f"The mapped netlist of {netlist.name} does not compute what its golden model says"
        )


def _places(netlist: GateNetlist, stream: Any, prefix: str) -> np.ndarray:
    """Where the fields' bits stand among those of all input ports."""
    rows = [netlist.rows(f"{prefix}{name}") for name, _ in stream.payload.shape()]
    return np.concatenate([np.arange(row.start, row.stop) for row in rows])


def _nets(netlist: GateNetlist, stream: Any, prefix: str) -> np.ndarray:
    nets = [netlist.outputs[f"{prefix}{name}"] for name, _ in stream.payload.shape()]
    return np.array([net for port in nets for net in port], np.int64)
