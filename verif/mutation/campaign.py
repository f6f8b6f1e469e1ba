"""Complete mutation: every fault of every gate of a unit, against the vectors it is tried on."""

from dataclasses import dataclass

import numpy as np

from ...gen.generate import Generated
from ..every_input import input_bits
from ..netlist import Fault, GateNetlist, all_faults, first_seen, gate_netlist
from ..netlist.faulty_machines import (
    Machines,
    StrayedError,
    Trace,
    machine_faults,
    with_buffers,
)
from ..netlist.kernel import find_kernel
from ..netlist.respond import remembers
from ..netlist.solver import ContradictionError
from ..stimuli import stimuli
from ..verify import golden
from .long_trace import long_trace
from .streams import streams
from .survivors import settle
from .vectors import Vectors, expect_sound

__all__ = ["MOST_EXHAUSTIVE_BITS", "Trial", "trial"]

MOST_EXHAUSTIVE_BITS = 20
"""Up to this many operand bits every combination is tried."""

_FIRST_ROWS, _MOST_ROWS = 256, 8192
# Vectors of a unit whose results depend on all before: they cannot run side by side. The first of
# them come again after all, since else there is no reset but at the start, where nothing is reset.
_REMEMBERED, _AGAIN = 12288, 64


@dataclass(frozen=True, eq=False)
class Trial:
    """All mutants after all vectors.

    Attributes:
        netlist: The sound one, with a buffer behind each register.
        beats: How many the stimuli had.
        tried: Vectors or rows of the trace that come from the stimuli; behind them stand those that
            a solver found.
        vectors: Operand combinations, where the unit has no clock.
        trace, cycles: Clock cycles and the length of a segment, where it has one.
        first: The vector, or the row of the trace, that first showed each fault; -1 for none.
        proven: Whether nothing shows it.
        long: Whether it takes sums too long for the trace to show it.
    """

    netlist: GateNetlist
    faults: list[Fault]
    first: np.ndarray
    proven: np.ndarray
    stimuli: str
    beats: int
    tried: int
    exhaustive: bool
    backend: str
    vectors: Vectors | None = None
    trace: Trace | None = None
    cycles: int = 0
    long: np.ndarray | None = None

    @property
    def killed(self) -> np.ndarray:
        """Whether the stimuli killed each fault."""
        killed = (self.first >= 0) & (self.first < self.tried)
        return killed if self.long is None else killed | self.long


def trial(
    generated: Generated,
    vectors: int | None = None,
    *,
    seed: int = 0,
    backend: str | None = None,
) -> Trial:
    """Try every mutant on every vector, until one kills it.

    Raises:
        ValueError: if the vectors asked for cannot be made.
        UnsoundError: if the sound netlist is not what the golden model says.
        ContradictionError: if the solver contradicts a simulation.
    """
    unit = generated.unit
    bits = input_bits(unit)
    exhaustive = unit.stateless and vectors is None and bits <= MOST_EXHAUSTIVE_BITS
    if remembers(unit) and vectors is None:
        vectors = _REMEMBERED
    everything = exhaustive and bits > 16
    inputs, words = stimuli(unit, vectors, everything=everything, seed=seed)
    # Random bits are drawn, not exhausted.
    exhaustive = exhaustive and "random" not in inputs
    want = golden(generated.name, unit, inputs)
    netlist = gate_netlist(generated)
    beats = len(next(iter(inputs.values())))
    if not netlist.registers:
        made = Vectors.of(generated, netlist, inputs, want, backend)
        faults = all_faults(netlist)
        first = first_seen(netlist, faults, made.planes, made.mask, backend=backend)
        used = "c" if backend != "numpy" and find_kernel()[0] else "numpy"
        proven = first < 0
        if not exhaustive:
            left = np.flatnonzero(proven)
            settled = settle(generated, netlist, [faults[f] for f in left], backend=backend)
            proven[left] = settled.proven
            first[left] = np.where(settled.shown >= 0, settled.shown + beats, -1)
            made = made if settled.vectors is None else made.and_then(settled.vectors)
        return Trial(
            netlist, faults, first, proven, words, beats, beats, exhaustive, used, vectors=made
        )
    netlist = with_buffers(netlist)
    trace, cycles = streams(generated, netlist, inputs, want, seed=seed, backend=backend)
    if remembers(unit):
        again, results = ({n: c[:_AGAIN] for n, c in codes.items()} for codes in (inputs, want))
        more, _ = streams(generated, netlist, again, results, seed=seed, backend=backend)
        trace = trace.and_then(more)
    faults = machine_faults(netlist)
    machines = Machines(netlist, faults, backend)
    first = _first_rows(machines, len(faults), trace)
    proven = first < 0
    long = long_trace(generated, netlist, seed=seed) if vectors is None and np.any(proven) else None
    by_long = np.zeros(len(faults), bool)
    if long is not None:
        left = np.flatnonzero(proven)
        words += f", and {len(long):,} cycles of longer sums for the mutants that survive these"
        by_long[left] = _shown(generated, netlist, [faults[f] for f in left], long, backend)
        proven &= ~by_long
    left = np.flatnonzero(proven)
    settled = settle(generated, netlist, [faults[f] for f in left], backend=backend)
    proven[left] = settled.proven
    tried = len(trace)
    if settled.operands is not None:
        want = golden(generated.name, unit, settled.operands)
        more, length = streams(generated, netlist, settled.operands, want, backend=backend)
        if length == cycles:
            seen = machines.run(more)
            first[machines.alive] = np.where(seen >= 0, seen + tried, -1)
            trace = trace.and_then(more)
    if np.any(proven & (first >= 0)):
        raise ContradictionError("The solver calls a mutant equivalent that a simulation shows")
    return Trial(
        netlist, faults, first, proven, words, beats, tried, exhaustive, machines.backend,
        trace=trace, cycles=cycles, long=by_long,
    )  # fmt: skip


def _shown(
    generated: Generated,
    netlist: GateNetlist,
    faults: list[Fault],
    trace: Trace,
    backend: str | None,
) -> np.ndarray:
    """Which faults a trace shows that the golden model alone has made."""
    try:
        return _first_rows(Machines(netlist, faults, backend), len(faults), trace) >= 0
    except StrayedError:
        expect_sound(generated.name, False)
        raise


def _first_rows(machines: Machines, faults: int, trace: Trace) -> np.ndarray:
    first = np.full(faults, -1, np.int64)
    at, rows = 0, _FIRST_ROWS
    while at < len(trace) and len(machines.alive):
        found = machines.run(trace[at : at + rows])
        seen = found >= 0
        first[machines.alive[seen]] = found[seen] + at
        machines.drop(seen)
        at, rows = at + rows, min(2 * rows, _MOST_ROWS)
    return first
