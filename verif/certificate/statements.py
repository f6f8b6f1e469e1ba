"""What a certificate states: each statement with its figures, and the command that repeats it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ...gen.generate import Generated
from ..equivalence import DEFAULT, PROVEN, REFUTED, EmptyProofError, prove
from ..exhaust import exhaust
from ..mutation import Testbench, make_testbench, mutation_of, trial
from ..verify import verify

__all__ = ["DECIDED", "FAILED", "HOLDS", "OPEN", "Statement", "exhaustion", "mutation", "proofs",
           "simulation"]  # fmt: skip

Statement = dict[str, Any]
"""``kind``, ``verdict``, ``summary``, ``command``, ``seconds`` and figures; ready for JSON."""

HOLDS = "holds"
FAILED = "does not hold"
OPEN = "not decided"
DECIDED = (HOLDS, FAILED)

EXHAUSTED_BITS = 20
KILLED_PERCENT = 99.5


def _statement(kind: str, verdict: str, summary: str, record: dict[str, Any]) -> Statement:
    # The unit and its parameters stand at the head of the certificate.
    own = {"kind": kind, "verdict": verdict, "summary": summary}
    figures = {k: v for k, v in record.items() if k not in ("unit", "parameters", *own)}
    return own | figures


def simulation(generated: Generated, simulator: str, seed: int) -> Statement:
    """The Verilog in a simulator, against the golden model, with gaps and stalls."""
    result = verify(generated, simulator=simulator, seed=seed, covered=True)
    summary = (
        f"{result.stimuli}, and the first of them with gaps and stalls, on {result.simulator}: "
        f"{result.mismatches:,} of {result.results:,} results differ from the golden model's"
    )
    if result.coverage is not None:
        summary += f"; {result.coverage}"
    return _statement(
        "simulation", HOLDS if result.passed else FAILED, summary, result.as_json()
    )


def exhaustion(generated: Generated) -> Statement:
    """All inputs at the netlist, where they are few enough."""
    try:
        result = exhaust(generated, most_bits=EXHAUSTED_BITS)
    except ValueError as error:  # too many inputs, or a memory of all that came before
        return _statement("exhaustion", OPEN, str(error), {"seconds": 0.0})
    summary = (
        f"{result.stimuli}: {result.mismatches:,} of {result.results:,} results of the netlist of "
        f"{result.netlist['gates']:,} gates differ from {result.reference}'s; {result.how}"
    )
    return _statement("exhaustion", HOLDS if result.passed else FAILED, summary, result.as_json())


def mutation(generated: Generated, seed: int) -> tuple[Statement, Testbench]:
    """All mutants, and the testbench that tells them."""
    done = trial(generated, seed=seed)
    result = mutation_of(generated, done, seed=seed)
    bench = make_testbench(generated, done, seed=seed)
    summary = (
        f"{result.killed:,} of {result.mutants:,} mutants killed, {result.equivalent:,} "
        f"equivalent ({result.basis}), {result.found:,} shown only by vectors that SAT found, "
        f"{result.undecided:,} not decided; {bench.rows:,} "
        f"{'clock cycles' if result.registers else 'vectors'} kill {bench.killed:,}"
    )
    enough = result.killed_of_visible >= KILLED_PERCENT and result.mutants > 0
    record = asdict(result) | {"testbench_rows": bench.rows, "testbench_killed": bench.killed}
    return _statement("mutation", HOLDS if enough else OPEN, summary, record), bench


def proofs(generated: Generated, seed: int, progress: Callable[[str], None]) -> list[Statement]:
    """The RTL against what the tools made of it, by SAT."""
    try:
        found = prove(generated, DEFAULT, seed=seed, progress=progress)
    except EmptyProofError as error:  # a unit of wires only
        return [_statement("proof", OPEN, str(error), {"seconds": 0.0})]
    made = []
    for proof in found:
        verdict = HOLDS if proof.proven else FAILED if proof.verdict == REFUTED else OPEN
        words = "equal" if proof.verdict == PROVEN else f"{proof.verdict}: {proof.reason}"
        summary = (
            f"{proof.left} and {proof.right}: {words}; {proof.compared:,} functions of "
            f"{proof.variables:,} bits, {max(proof.gates):,} AND gates"
        )
        if proof.fault is not None and proof.fault.found:
            summary += "; a planted fault was found"
        made.append(_statement("proof", verdict, summary, {"of": proof.kind} | proof.as_json()))
    return made
