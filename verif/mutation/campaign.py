"""Complete mutation: every fault of every gate of a unit, against the vectors it is tried on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...gen.generate import Generated
from ..every_input import input_bits
from ..netlist import Fault, GateNetlist, Kind, Op, all_faults, first_seen, gate_netlist
from ..netlist.faulty_machines import Machines, Trace, machine_faults, with_buffers
from ..netlist.kernel import find_kernel
from ..netlist.respond import remembers
from ..stimuli import stimuli, stimuli_options
from ..verify import golden
from .streams import streams
from .vectors import Vectors

__all__ = ["MOST_EXHAUSTIVE_BITS", "Mutation", "Trial", "mutate", "mutation_of", "named",
           "trial"]  # fmt: skip

MOST_EXHAUSTIVE_BITS = 20
"""Up to this many operand bits every combination is tried."""

_PINS = ("output", "a", "b", "s")
_KINDS = {Kind.STUCK_AT_0: "stuck at 0", Kind.STUCK_AT_1: "stuck at 1", Kind.INVERTED: "inverted"}
_FIRST_ROWS, _MOST_ROWS = 256, 8192
# Vectors of a unit whose results depend on all before: they cannot run side by side.
_REMEMBERED = 2048
SHOWN = 20


@dataclass(frozen=True)
class Mutation:
    """What became of the mutants of a unit's netlist.

    A mutant is killed by a vector whose answer it changes. Where every operand combination was
    tried, a mutant that none killed computes the same function: it is equivalent. Elsewhere it
    survived.

    Attributes:
        survivors: The first survivors by name, where there are any.
        basis: What "equivalent" rests on.
    """

    unit: str
    parameters: dict[str, str]
    gates: int
    registers: int
    mutants: int
    killed: int
    equivalent: int
    survived: int
    vectors: int
    stimuli: str
    basis: str
    seed: int
    backend: str
    seconds: float
    command: str
    survivors: list[str] = field(default_factory=list)

    @property
    def killed_of_visible(self) -> float:
        """Killed ones in percent of all that are not equivalent."""
        return 100 * self.killed / max(self.mutants - self.equivalent, 1)


@dataclass(frozen=True, eq=False)
class Trial:
    """All mutants after all vectors.

    Attributes:
        netlist: The sound one, with a buffer behind each register.
        vectors: Operand combinations, where the unit has no clock.
        trace, cycles: Clock cycles and the length of a segment, where it has one.
        first: The vector, or the row of the trace, that first killed each fault; -1 for none.
    """

    netlist: GateNetlist
    faults: list[Fault]
    first: np.ndarray
    stimuli: str
    beats: int
    exhaustive: bool
    backend: str
    vectors: Vectors | None = None
    trace: Trace | None = None
    cycles: int = 0


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
        return Trial(netlist, faults, first, words, beats, exhaustive, used, vectors=made)
    netlist = with_buffers(netlist)
    trace, cycles = streams(generated, netlist, inputs, want, seed=seed, backend=backend)
    faults = machine_faults(netlist)
    first, used = _first_rows(netlist, faults, trace, backend)
    return Trial(
        netlist, faults, first, words, beats, exhaustive, used, trace=trace, cycles=cycles
    )


def _first_rows(
    netlist: GateNetlist, faults: Sequence[Fault], trace: Trace, backend: str | None
) -> tuple[np.ndarray, str]:
    machines = Machines(netlist, list(faults), backend)
    first = np.full(len(faults), -1, np.int64)
    at, rows = 0, _FIRST_ROWS
    while at < len(trace) and len(machines.alive):
        found = machines.run(trace[at : at + rows])
        seen = found >= 0
        first[machines.alive[seen]] = found[seen] + at
        machines.drop(seen)
        at, rows = at + rows, min(2 * rows, _MOST_ROWS)
    return first, machines.backend


def mutate(
    generated: Generated,
    vectors: int | None = None,
    *,
    seed: int = 0,
    backend: str | None = None,
) -> Mutation:
    """Every gate output, register and gate input of a unit, stuck at 0, stuck at 1 and inverted.

    A unit without clock is tried on all operand combinations up to `MOST_EXHAUSTIVE_BITS` bits,
    beyond that on the vectors of ``bitwright verify``. One with a clock gets the same as a stream
    with gaps, stalls and resets, and must also keep its handshake to the cycle.

    Args:
        vectors: How many, instead of that.
        seed: Of the vectors, gaps and stalls.
        backend: ``c``, ``numpy``, or None for C where there is a compiler.

    Raises:
        ValueError: if the vectors asked for cannot be made.
        YosysError, NetlistError: if synthesis fails, or gives no usable netlist.
        UnsoundError: if the sound netlist is not what the golden model says.
    """
    started = time.perf_counter()
    done = trial(generated, vectors, seed=seed, backend=backend)
    seconds = round(time.perf_counter() - started, 2)
    return mutation_of(generated, done, vectors, seed=seed, seconds=seconds)


def mutation_of(
    generated: Generated,
    done: Trial,
    vectors: int | None = None,
    *,
    seed: int = 0,
    seconds: float = 0.0,
) -> Mutation:
    """A trial in figures."""
    left = np.flatnonzero(done.first < 0)
    clocked = done.trace is not None
    return Mutation(
        unit=generated.name,
        parameters=generated.parameters,
        gates=done.netlist.gates - done.netlist.registers * clocked,
        registers=done.netlist.registers,
        mutants=len(done.faults),
        killed=len(done.faults) - len(left),
        equivalent=len(left) if done.exhaustive else 0,
        survived=0 if done.exhaustive else len(left),
        vectors=done.beats,
        stimuli=done.stimuli,
        basis=_basis(done),
        seed=seed,
        backend=done.backend,
        seconds=seconds,
        command=f"bitwright mutate {generated.name}{generated.options}"
        + stimuli_options(vectors, False, seed),
        survivors=[] if done.exhaustive else [named(done, f) for f in left[:SHOWN]],
    )


def _basis(done: Trial) -> str:
    if not done.exhaustive:
        return "no mutant counts as equivalent: not all inputs were tried"
    if done.trace is None:
        return "all inputs were tried"
    return f"all operands were tried, in {len(done.trace):,} cycles with gaps, stalls and resets"


def named(done: Trial, number: int) -> str:
    """A fault in words."""
    fault = done.faults[number]
    gate = fault.gate - (done.netlist.registers if done.trace is not None else 0)
    where = (
        f"gate {gate} ({Op(int(done.netlist.op[fault.gate])).name}), {_PINS[fault.pin + 1]}"
        if gate >= 0
        else f"register {fault.gate}"
    )
    return f"{where} {_KINDS[fault.kind]}"
