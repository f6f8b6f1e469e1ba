"""``bitwright prove``: that the netlists of a unit are the unit."""

import argparse
from collections.abc import Sequence
from typing import Any

from . import output
from .commands import generated, parameter_texts

__all__ = ["prove"]


def prove(options: argparse.Namespace) -> int:
    against = parameter_texts(options.against)
    made = generated(options)
    from ..verif.equivalence import prove as run

    with output.working("proving") as status:
        proofs = run(
            made,
            options.proofs,
            against=against or None,
            timeout=options.timeout,
            seed=options.seed,
            progress=(lambda words: status.update(f"{words} ...")) if status else _silent,
        )
    proven = sum(proof.proven for proof in proofs)
    if options.json:
        output.json_document(
            {
                "unit": options.unit,
                "parameters": made.parameters,
                "passed": proven == len(proofs),
                "proofs": [proof.as_json() for proof in proofs],
            }
        )
    else:
        _show(options.unit, proofs)
    return 0 if proven == len(proofs) else 1


def _silent(words: str) -> None:
    """Where nobody looks."""


def _show(unit: str, proofs: Sequence[Any]) -> None:
    proven = sum(proof.proven for proof in proofs)
    others = [p.verdict for p in proofs if not p.proven]
    tally = [f"{others.count(verdict)} {verdict}" for verdict in dict.fromkeys(others)]
    output.line(f"{unit}: {', '.join([f'{proven} of {len(proofs)} proven', *tally])}")
    output.table(
        ("RTL against", "verdict", "compared", "registers", "AND gates", "planted fault", "s"),
        [
            (
                proof.kind,
                proof.verdict,
                f"{proof.compared:,}",
                f"{proof.registers:,}",
                f"{proof.gates[0]:,} and {proof.gates[1]:,}",
                "-" if proof.fault is None else "found" if proof.fault.found else "not found",
                f"{proof.seconds:.1f}",
            )
            for proof in proofs
        ],
    )
    for proof in proofs:
        if proof.fault is not None:
            what = f"{proof.fault.type} {proof.fault.cell}, {proof.fault.what}"
            output.line(f"fault planted in {proof.right}: {what}")
        if proof.reason:
            output.line(f"{proof.kind} {proof.verdict}: {proof.reason}")
        for number, cycle in enumerate(proof.counterexample):
            output.line(f"  cycle {number}:" if len(proof.counterexample) > 1 else "  example:")
            for side, fields in (
                ("input", cycle.inputs), (proof.left, cycle.left), (proof.right, cycle.right),
            ):  # fmt: skip
                for name, text in fields.items():
                    output.line(f"    {side:5} {name}: {text}")
        if not proof.proven:
            output.line(f"again: {proof.command}")
    tools = {name: version for proof in proofs for name, version in proof.tools.items()}
    engines = ", ".join(dict.fromkeys(proof.engine for proof in proofs if proof.engine))
    named = ", ".join(f"{name} {version}" for name, version in tools.items())
    output.line(f"{engines}; {named}" if engines else named)
