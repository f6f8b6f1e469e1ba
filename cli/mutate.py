"""``bitwright mutate``."""

import argparse
from dataclasses import asdict

from . import output
from .commands import generated

__all__ = ["mutate"]


def mutate(options: argparse.Namespace) -> int:
    made = generated(options)
    from ..verif.mutation import mutate as run

    with output.working("trying every mutant"):
        result = run(made, options.vectors, seed=options.seed)
    if options.json:
        output.json_document(asdict(result))
        return 0
    registers = f" and {result.registers:,} registers" if result.registers else ""
    output.line(
        f"{options.unit}: {result.gates:,} gates{registers}, {result.mutants:,} mutants: "
        f"{result.killed:,} killed, {result.equivalent:,} equivalent, {result.survived:,} survived"
        f"; {result.killed_of_visible:.2f} % killed of those not equivalent"
    )
    if result.survived:
        output.line(
            f"of the survivors, {result.found:,} are shown by vectors that a SAT solver found, "
            f"{result.undecided:,} are not decided"
        )
    output.line(f"{result.stimuli}; {result.basis}; seed {result.seed}; {result.seconds} s")
    for survivor in result.survivors:
        output.line(f"  survived: {survivor}")
    if result.survived > len(result.survivors):
        output.line(f"  and {result.survived - len(result.survivors):,} more")
    return 0
