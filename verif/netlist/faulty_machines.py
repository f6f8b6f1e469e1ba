"""Many copies of a clocked netlist, each with a fault of its own, through one trace of cycles.

A fault changes the state for cycles to come, so machines with registers cannot be followed vector
by vector, as `first_seen` does without registers. Here every bit of a word is one faulty machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .bits import bits_of, planes_from
from .evaluate import evaluate_gate
from .faults import OUTPUT, Fault, Kind, all_faults
from .gates import GateNetlist, Op
from .kernel import find_kernel, kernel, number, pointer

__all__ = ["Machines", "StrayedError", "Trace", "machine_faults", "with_buffers"]

_ALL = (1 << 64) - 1


@dataclass(frozen=True, eq=False)
class Trace:
    """What the ports hold, a row for each clock cycle, a column for each bit.

    Attributes:
        inputs: ``uint8 (rows, bits)``, of all input ports of the netlist in their order.
        outputs: ``uint8 (rows, bits)``: what all outputs should be.
        watched: ``uint8 (rows, bits)``: 1 where an output counts.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    watched: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, rows: slice) -> "Trace":
        return Trace(self.inputs[rows], self.outputs[rows], self.watched[rows])

    @classmethod
    def joined(cls, traces: Sequence["Trace"]) -> "Trace":
        """Traces one after the other."""
        return cls(
            np.concatenate([trace.inputs for trace in traces]),
            np.concatenate([trace.outputs for trace in traces]),
            np.concatenate([trace.watched for trace in traces]),
        )

    def and_then(self, other: "Trace") -> "Trace":
        """This trace, and after it the other."""
        return Trace.joined([self, other])


def with_buffers(netlist: GateNetlist) -> GateNetlist:
    """The netlist with a buffer behind each register, whose output's faults are the register's."""
    count = netlist.registers
    state = np.arange(netlist.nets, netlist.nets + count, dtype=np.int32)
    operands = np.zeros((count, 3), np.int32)
    operands[:, 0] = state
    return replace(
        netlist,
        op=np.concatenate([np.full(count, Op.BUF, np.uint8), netlist.op]),
        operands=np.concatenate([operands, netlist.operands]),
        driven=np.concatenate([netlist.state, netlist.driven]),
        state=state,
        nets=netlist.nets + count,
    )


def machine_faults(buffered: GateNetlist) -> list[Fault]:
    """All faults of the gates and registers of a netlist :func:`with_buffers`."""
    registers = buffered.registers
    return [f for f in all_faults(buffered) if f.gate >= registers or f.pin == OUTPUT]


class StrayedError(RuntimeError):
    """The machine without a fault does not do what its trace says."""


class Machines:
    """Faulty machines at work, until each is seen.

    Parameters:
        netlist: The sound one.
        faults: One for each machine. One machine more has none: it must never be seen.
        backend: As for `Evaluator`.

    Attributes:
        backend: The one that is used.
    """

    def __init__(self, netlist: GateNetlist, faults: list[Fault], backend: str | None = None):
        self._netlist, self._faults = netlist, faults
        self._kernel = kernel() if backend == "c" else None
        if backend is None:
            self._kernel, _ = find_kernel()
        self.backend = "numpy" if self._kernel is None else "c"
        self._values = np.zeros((0, 0), np.uint64)
        self._keep(np.arange(len(faults)), fresh=True)

    def _keep(self, alive: np.ndarray, fresh: bool = False) -> None:
        """Go on with these machines only, and the sound one, which stands last."""
        netlist = self._netlist
        words = -(-(len(alive) + 1) // 64)
        values = np.zeros((netlist.nets, words), np.uint64)
        if fresh:
            values[netlist.state] = (netlist.initial.astype(np.uint64) * np.uint64(_ALL))[:, None]
        elif netlist.registers:
            columns = np.append(alive, len(self._alive))
            old = self._values[netlist.state]
            values[netlist.state] = planes_from(bits_of(old, 64 * old.shape[1])[:, columns])
        self._values = values
        self._alive = alive if fresh else self._alive[alive]
        faults = sorted((self._faults[f].gate, place) for place, f in enumerate(self._alive))
        self._places = np.array([place for _, place in faults], np.int32)
        order = [self._faults[self._alive[place]] for place in self._places]
        gates = np.array([f.gate for f in order], np.int64)
        self._starts = np.searchsorted(gates, np.arange(netlist.gates + 1)).astype(np.int64)
        self._pins = np.array([f.pin for f in order], np.int32)
        self._kinds = np.array([f.kind for f in order], np.int32)

    @property
    def alive(self) -> np.ndarray:
        """Numbers of the faults that were not seen yet."""
        return self._alive

    def run(self, trace: Trace) -> np.ndarray:
        """Cycles of the trace, from where the last ones ended: the row that first saw each of the
        machines that are `alive`, or -1.

        Raises:
            StrayedError: if the machine without a fault does not do what the trace says.
        """
        first = np.full(64 * self._values.shape[1], -1, np.int64)
        if self._kernel is None:
            self._numpy(trace, first)
        else:
            self._c(trace, first)
        sound = len(self._alive)
        if first[sound] >= 0:
            raise StrayedError(f"The sound netlist leaves its trace in row {first[sound]}")
        return first[:sound]

    def drop(self, seen: np.ndarray) -> None:
        """Go on without the machines of which this is true."""
        if np.any(seen):
            self._keep(np.flatnonzero(~seen))

    def _c(self, trace: Trace, first: np.ndarray) -> None:
        n, words = self._netlist, self._values.shape[1]
        rows = [
            np.ascontiguousarray(a, np.uint8) for a in (trace.inputs, trace.outputs, trace.watched)
        ]
        following = np.empty((n.registers, words), np.uint64)
        seen = np.empty(words, np.uint64)
        assert self._kernel is not None
        self._kernel.run_machines(
            pointer(n.op), pointer(n.operands), pointer(n.driven), number(n.gates),
            pointer(n.input_nets), number(len(n.input_nets)), pointer(n.output_nets),
            number(len(n.output_nets)), pointer(n.next_state), pointer(n.state),
            number(n.registers), pointer(self._starts), pointer(self._pins),
            pointer(self._kinds), pointer(self._places), pointer(rows[0]), pointer(rows[1]),
            pointer(rows[2]), number(len(trace)), number(words), pointer(self._values),
            pointer(following), pointer(seen), pointer(first),
        )  # fmt: skip

    def _numpy(self, trace: Trace, first: np.ndarray) -> None:
        n = self._netlist
        self._values[0], self._values[1] = 0, _ALL
        lines = list(self._values)
        spare = np.empty_like(lines[0])
        gates = list(zip(n.op.tolist(), n.operands.tolist(), n.driven.tolist(), strict=True))
        starts = self._starts.tolist()
        for row in range(len(trace)):
            self._values[n.input_nets] = (trace.inputs[row].astype(np.uint64) * _ALL)[:, None]
            for gate, (op, operands, driven) in enumerate(gates):
                ins = [lines[net] for net in operands]
                evaluate_gate(op, ins[0], ins[1], ins[2], lines[driven], spare)
                if starts[gate] != starts[gate + 1]:
                    self._spoil(op, ins, lines[driven], slice(starts[gate], starts[gate + 1]))
            want = trace.outputs[row].astype(np.uint64) * _ALL
            counts = trace.watched[row].astype(bool)
            wrong = (self._values[n.output_nets] ^ want[:, None])[counts]
            seen = np.bitwise_or.reduce(wrong, axis=0, initial=0)
            found = np.unpackbits(seen.astype(np.uint64).view(np.uint8), bitorder="little")
            first[(first < 0) & found.astype(bool)] = row
            self._values[n.state] = self._values[n.next_state]

    def _spoil(self, op: int, ins: list[np.ndarray], y: np.ndarray, which: slice) -> None:
        """The faults of one gate, each in the word of its machine."""
        places = self._places[which]
        at, bits = places >> 6, np.uint64(1) << (places & 63).astype(np.uint64)
        kinds, pins = self._kinds[which], self._pins[which]
        sides = [line[at] for line in ins]

        def spoilt(sound: np.ndarray) -> np.ndarray:
            stuck = np.where(kinds == Kind.STUCK_AT_1, np.uint64(_ALL), np.uint64(0))
            return np.where(kinds == Kind.INVERTED, ~sound, stuck)

        sides = [np.where(pins == p, spoilt(side), side) for p, side in enumerate(sides)]
        out, spare = np.empty_like(sides[0]), np.empty_like(sides[0])
        evaluate_gate(op, sides[0], sides[1], sides[2], out, spare)
        out = np.where(pins == OUTPUT, spoilt(out), out)
        np.bitwise_and.at(y, at, ~bits)
        np.bitwise_or.at(y, at, out & bits)
