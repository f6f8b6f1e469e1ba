"""What became of a unit's mutants, in figures and by name."""

import time
from dataclasses import dataclass, field

import numpy as np

from ...gen.generate import Generated
from ..netlist import Kind, Op
from ..stimuli import stimuli_options
from .campaign import Trial, trial

__all__ = ["SHOWN", "EmptyMutationError", "Mutation", "mutate", "mutation_of", "named"]

SHOWN = 20
"""So many survivors are named."""

_PINS = ("output", "a", "b", "s")
_KINDS = {Kind.STUCK_AT_0: "stuck at 0", Kind.STUCK_AT_1: "stuck at 1", Kind.INVERTED: "inverted"}


class EmptyMutationError(RuntimeError):
    """There is nothing to spoil: the unit is nothing but wires."""


@dataclass(frozen=True)
class Mutation:
    """What became of the mutants of a unit's netlist.

    A mutant is killed by a vector of the stimuli whose answer it changes. One that none killed is
    equivalent where every operand combination was tried, or where a SAT solver proves that nothing
    shows it. Else it survived: the solver found what shows it, or could not decide.

    Attributes:
        found: Survivors that a vector shows which the solver found.
        undecided: Survivors of which that is not known.
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
    found: int
    undecided: int
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
        EmptyMutationError: if it has no gates.
    """
    started = time.perf_counter()
    done = trial(generated, vectors, seed=seed, backend=backend)
    if not done.faults:
        raise EmptyMutationError(
            f"A mutation must have gates to spoil, and {generated.name}{generated.options} has "
            "none: nothing would be shown"
        )
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
    left = np.flatnonzero(~done.killed & ~done.proven)
    clocked = done.trace is not None
    found = int(np.count_nonzero(done.first[left] >= 0))
    return Mutation(
        unit=generated.name,
        parameters=generated.parameters,
        gates=done.netlist.gates - done.netlist.registers * clocked,
        registers=done.netlist.registers,
        mutants=len(done.faults),
        killed=int(np.count_nonzero(done.killed)),
        equivalent=int(np.count_nonzero(done.proven)),
        survived=len(left),
        found=found,
        undecided=len(left) - found,
        vectors=done.beats,
        stimuli=done.stimuli,
        basis=_basis(done),
        seed=seed,
        backend=done.backend,
        seconds=seconds,
        command=f"bitwright mutate {generated.name}{generated.options}"
        + stimuli_options(vectors, False, seed),
        survivors=[named(done, f) + _shown_by(done, f) for f in left[:SHOWN]],
    )


def _basis(done: Trial) -> str:
    if done.exhaustive and done.trace is None:
        return "all inputs were tried"
    if not np.any(done.proven):
        return "no mutant is proven equivalent"
    where = "" if done.trace is None else " in any state that can be reached"
    return f"equivalent is what no input shows{where}, by SAT"


def _shown_by(done: Trial, number: int) -> str:
    """The operands that show a mutant, where the solver found some."""
    if done.vectors is None or done.first[number] < 0:
        return ""
    bits = done.vectors.column(int(done.first[number]))
    shown = []
    for port in done.netlist.inputs:
        if port not in ("i_valid", "o_ready"):
            octets = np.packbits(bits[done.netlist.rows(port)], bitorder="little").tobytes()
            shown.append(f"{port}=0x{int.from_bytes(octets, 'little'):x}")
    return f", which {' '.join(shown)} shows"


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
