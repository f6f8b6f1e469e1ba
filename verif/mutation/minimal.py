"""Few vectors that kill every mutant that any vector kills: a set cover, found greedily."""

from collections.abc import Sequence

import numpy as np

from ...gen.port import Port
from ...gen.testbench import Rows
from ..netlist import Evaluator, GateNetlist, all_seen
from ..netlist.bits import bits_of, planes_from
from ..netlist.faulty_machines import Machines, Trace
from .campaign import Trial
from .vectors import Vectors

__all__ = ["minimal_rows"]

# Besides the vectors that were the first to kill a mutant.
_DRAWN = 2048
# So many of the mutants that fewest candidates kill decide which one is taken next.
_HARDEST = 4096


def minimal_rows(trial: Trial, ports: Sequence[Port], *, seed: int = 0) -> tuple[Rows, int]:
    """What a testbench shall apply, and how many mutants that kills: all that the trial killed.

    Without clock, a row is an operand combination. With one, segments of cycles are chosen, each
    from its reset on; a row is a cycle.
    """
    killed = np.flatnonzero(trial.first >= 0)
    rng = np.random.default_rng(seed)
    if trial.vectors is not None:
        chosen = _vectors(trial, trial.vectors, killed, rng)
        # A unit of wires only has no mutant, and is tried on one vector.
        trace = _with_handshake(trial.netlist, trial.vectors, chosen or [0])
    else:
        trace = _segments(trial, killed, rng)
    return _rows(trial, ports, trace), len(killed)


def _cover(seen: np.ndarray) -> list[int]:
    """Columns such that every row with a True has one in a chosen column."""
    alive = seen[np.argsort(seen.sum(axis=1), kind="stable")]
    chosen = []
    while len(alive):
        best = int(alive[:_HARDEST].sum(axis=0).argmax())
        chosen.append(best)
        alive = alive[~alive[:, best]]
    return chosen


def _vectors(
    trial: Trial, vectors: Vectors, killed: np.ndarray, rng: np.random.Generator
) -> list[int]:
    drawn = rng.integers(0, vectors.count, min(_DRAWN, vectors.count))
    candidates = np.union1d(trial.first[killed], drawn)
    planes = _taken(vectors.planes, candidates)
    mask = _taken(vectors.mask[None], candidates)[0]
    seen = all_seen(
        trial.netlist, [trial.faults[f] for f in killed], planes, mask, backend=trial.backend
    )
    return candidates[_cover(bits_of(np.unique(seen, axis=0), len(candidates)) > 0)].tolist()


def _with_handshake(netlist: GateNetlist, vectors: Vectors, chosen: Sequence[int]) -> Trace:
    """The chosen vectors; and the last of them not offered, and not taken: what passes from port to
    port without a gate has no mutant, and still has to be tried."""
    inputs = np.array([vectors.column(vector) for vector in [*chosen, *2 * [chosen[-1]]]])
    inputs[-2, netlist.rows("i_valid")] = 0
    inputs[-1, netlist.rows("o_ready")] = 0
    outputs = Evaluator(netlist, "numpy")(inputs.T.astype(np.uint64)) & np.uint64(1)
    return Trace(inputs, outputs.T.astype(np.uint8), np.ones_like(outputs.T, np.uint8))


def _segments(trial: Trial, killed: np.ndarray, rng: np.random.Generator) -> Trace:
    """Segments of the trace that together kill what the whole trace kills.

    What a segment shows can depend on the state that it finds, where a mutant spoils the reset. So
    the chosen ones are tried as they will be run, and what they miss is brought by the segments
    that killed it at first, with ever more of the ones before these.
    """
    assert trial.trace is not None
    trace, cycles = trial.trace, trial.cycles
    count = -(-len(trace) // cycles)
    first = trial.first[killed] // cycles
    drawn = rng.integers(0, count, min(_DRAWN // cycles, count))
    candidates = np.union1d(first, drawn)
    faults = [trial.faults[f] for f in killed]
    machines = Machines(trial.netlist, faults, trial.backend)
    seen = np.stack(
        [machines.run(trace[s * cycles : (s + 1) * cycles]) >= 0 for s in candidates], axis=1
    )
    missed = ~seen.any(axis=1)
    chosen = candidates[_cover(np.unique(seen[~missed], axis=0))].tolist()
    context = 1
    while True:
        ends = [(s * cycles, min((s + 1) * cycles, len(trace))) for s in chosen]
        rows = np.concatenate([np.arange(*both) for both in ends])
        short = Trace(trace.inputs[rows], trace.outputs[rows], trace.watched[rows])
        found = Machines(trial.netlist, faults, trial.backend).run(short)
        missed = found < 0
        if not np.any(missed):
            # Nothing new comes after the last row that is the first to kill something.
            return short[: int(found.max()) + 1]
        for late in np.unique(first[missed]):
            chosen += range(max(late - context, 0), late + 1)
        context *= 2


def _taken(planes: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Planes of some of the vectors."""
    octets = np.ascontiguousarray(planes).view(np.uint8)
    return planes_from(octets[:, columns // 8] >> (columns % 8).astype(np.uint8) & 1)


def _rows(trial: Trial, ports: Sequence[Port], trace: Trace) -> Rows:
    netlist = trial.netlist
    sides = {"in": trace.inputs, "out": trace.outputs}
    values: dict[str, dict[str, list[int]]] = {"in": {}, "out": {}}
    for port in ports:
        if port.name == "clk":
            continue
        bits = sides[port.direction][:, netlist.rows(port.name)]
        octets = np.packbits(bits, axis=1, bitorder="little")
        values[port.direction][port.name] = [
            int.from_bytes(row.tobytes(), "little") for row in octets
        ]
    return Rows(values["in"], values["out"])
