"""Registers that a unit does not have, for what its surroundings keep to.

A sum begins with ``first``, and has at most so many beats: a unit believes that, and holds no
register that knows. And what its registers held before the first beat after a reset never shows.
A solver learns both from registers that only watch: whether a sum is open, how many beats it has
had, and for how long the unit has been at work since the reset. They drive nothing of the unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .clauses import literal
from .faults import Fault
from .frames import Clause
from .gates import GateNetlist, Op

__all__ = ["Monitored", "with_monitor"]

# Sums of more beats are not counted; pipelines of more stages than that are not followed.
_MOST_BEATS, _MOST_STAGES = 8, 16


@dataclass(frozen=True)
class Monitored:
    """A netlist with such registers behind its own.

    Attributes:
        netlist: With a buffer behind each register, as the one that it is made of.
        given: What the inputs keep to, by the new registers.
        guesses: What the new registers may keep to.
        registers: How many new ones there are.
    """

    netlist: GateNetlist
    given: Sequence[Clause]
    guesses: Sequence[Clause]
    registers: int

    def moved(self, fault: Fault) -> Fault:
        """A fault of the netlist that this one is made of."""
        begin = self.netlist.registers - self.registers
        return fault if fault.gate < begin else fault._replace(gate=fault.gate + self.registers)


def with_monitor(netlist: GateNetlist, beats: int, latency: int) -> Monitored:
    """Add them to a netlist with a buffer behind each register.

    Parameters:
        netlist: Which.
        beats: The most beats that a sum takes.
        latency: Of the unit.
    """
    if "rst" not in netlist.inputs:
        return Monitored(netlist, (), (), 0)
    made = _Gates(netlist)
    (reset,), (valid,), (ready,), (result,), (free,) = (
        netlist.inputs.get(port) or netlist.outputs[port]
        for port in ("rst", "i_valid", "i_ready", "o_valid", "o_ready")
    )
    given: list[Clause] = []
    guesses: list[Clause] = []
    waits = made.gate(Op.ANDNOT, result, free)
    before = valid
    for _ in range(min(latency, _MOST_STAGES)):
        # From the first beat on, and in its cycle alone.
        since, just = made.register(), made.register()
        comes = made.gate(Op.ANDNOT, before, waits)
        made.follow(since, made.gate(Op.ANDNOT, made.gate(Op.OR, since, comes), reset))
        now = made.gate(Op.ANDNOT, comes, since)
        now = made.gate(Op.OR, now, made.gate(Op.AND, just, waits))
        made.follow(just, made.gate(Op.ANDNOT, now, reset))
        if before != valid:
            guesses[-1].append(literal(made.held(since)))
        guesses.append([-literal(made.held(since)), literal(made.held(just))])
        before = since
    guesses = guesses[:-1]
    if "i_last" in netlist.inputs:
        (first,), (last,) = netlist.inputs["i_first"], netlist.inputs["i_last"]
        counted = 1 < beats <= _MOST_BEATS
        had = [made.register() for _ in range(beats - 1 if counted else 1)]
        taken = made.gate(Op.AND, valid, ready)
        more = made.gate(Op.ANDNOT, taken, last)
        for k, register in enumerate(had):
            kept = made.gate(Op.ANDNOT, register, taken)
            comes = made.gate(Op.AND, more, first if k == 0 else had[k - 1]) if counted else more
            made.follow(register, made.gate(Op.ANDNOT, made.gate(Op.OR, kept, comes), reset))
        offered = [literal(reset), -literal(valid)]
        given += ([*offered, -literal(r), -literal(first)] for r in had)
        given.append([*offered, *(literal(r) for r in had), literal(first)])
        if counted:
            given.append([*offered, -literal(had[-1]), literal(last)])
    # A beat has had cycles, and is not taken yet.
    begun = made.register()
    works = made.gate(Op.ANDNOT, made.gate(Op.ANDNOT, valid, ready), waits)
    kept = made.gate(Op.AND, begun, waits)
    made.follow(begun, made.gate(Op.ANDNOT, made.gate(Op.OR, kept, works), reset))
    return Monitored(made.netlist(), given, guesses, len(made.states))


class _Gates:
    """Gates and registers that are added to a netlist."""

    def __init__(self, netlist: GateNetlist) -> None:
        self._netlist, self._nets = netlist, netlist.nets
        self._rows: list[tuple[int, int, int, int]] = []
        self.states: list[tuple[int, int]] = []
        self._following: dict[int, int] = {}

    def _net(self) -> int:
        self._nets += 1
        return self._nets - 1

    def gate(self, op: Op, a: int, b: int) -> int:
        y = self._net()
        self._rows.append((op, a, b, y))
        return y

    def register(self) -> int:
        """The net behind the buffer of a register that a reset clears; the one before that is the
        net before the buffer."""
        self.states.append((self._net(), self._net()))
        return self.states[-1][1]

    def held(self, register: int) -> int:
        """The net before the buffer."""
        return register - 1

    def follow(self, register: int, net: int) -> None:
        self._following[register] = net

    def netlist(self) -> GateNetlist:
        n, own = self._netlist, self._netlist.registers
        rows = np.array(self._rows, np.int32).reshape(-1, 4)
        states = np.array(self.states, np.int32).reshape(-1, 2)
        buffers = np.zeros((len(states), 3), np.int32)
        buffers[:, 0] = states[:, 0]
        gates = np.zeros((len(rows), 3), np.int32)
        gates[:, :2] = rows[:, 1:3]

        def put(old: np.ndarray, between: np.ndarray, behind: np.ndarray) -> np.ndarray:
            return np.concatenate([old[:own], between, old[own:], behind]).astype(old.dtype)

        following = np.array([self._following[r] for r in states[:, 1].tolist()], np.int32)
        return replace(
            n,
            op=put(n.op, np.full(len(states), Op.BUF), rows[:, 0]),
            operands=put(n.operands, buffers, gates),
            driven=put(n.driven, states[:, 1], rows[:, 3]),
            next_state=np.concatenate([n.next_state, following]),
            state=np.concatenate([n.state, states[:, 0]]),
            initial=np.concatenate([n.initial, np.zeros(len(states), bool)]),
            nets=self._nets,
        )
