"""Proofs that what the tools made of a unit is the unit, each with a fault that it finds."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ...gen import nextpnr, yosys
from ...gen.generate import Generated, generate
from .circuit import Circuit, NetlistError
from .fault import plant
from .miter import Miter, make_miter
from .proof import PROVEN, REFUTED, UNDECIDED, Proof
from .sides import KINDS, Side, make_side, rtl
from .solve import find
from .start import settled_after, trace
from .values import Cycle, cycle

__all__ = ["DEFAULT", "EmptyProofError", "compare", "prove"]

DEFAULT = tuple(kind for kind in KINDS if not kind.startswith("routed"))
"""What is proven if nothing is named: all that needs no place and route."""

_TOOLS = 600.0  # seconds for each of the tools that make a netlist
_MOST_CYCLES = 24


class EmptyProofError(RuntimeError):
    """There is nothing to prove: no gate, or no pair of functions."""


def prove(
    generated: Generated,
    kinds: Sequence[str] | None = None,
    *,
    against: Mapping[str, str] | None = None,
    timeout: float = 60,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Proof]:
    """Prove the RTL equal to each of ``kinds``, and to the same unit with other parameters.

    ``against`` are those parameters, in place of the unit's own; then ``kinds`` are none, unless
    given. ``timeout`` is for each question to the solver; ``seed`` draws the planted faults. A tool
    that ran out of time, a unit that nextpnr finds no place for, and a netlist that cannot be
    compared give a proof that is not decided.

    Raises:
        ValueError: for a kind or parameter that there is not, or if nothing was asked for.
        EmptyProofError: if the unit is nothing but wires.
        YosysError: if Yosys is missing or failed.
        NextpnrError: if nextpnr is missing.
    """
    if kinds is None:
        kinds = () if against else DEFAULT
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"A proof must be of {', '.join(KINDS)}, not '{kind}'")
    if not kinds and not against:
        raise ValueError("At least one proof must be asked for")
    if not timeout > 0:
        raise ValueError(f"The time limit must be a positive number of seconds, not {timeout!r}")
    words = ", ".join(f"{name}={value}" for name, value in (against or {}).items())
    other = generate(generated.name, {**generated.texts, **against}) if against else None
    for family in (kind.removeprefix("routed-") for kind in kinds if kind.startswith("routed-")):
        nextpnr.command(nextpnr.FAMILIES[family])  # refuses a missing one before any work
    progress("reading the RTL")
    left = rtl(generated, timeout=_TOOLS, ripple=not kinds)
    proofs: list[Proof] = []
    for kind in dict.fromkeys(kinds):
        progress(f"making {kind}")
        begun = time.monotonic()
        try:
            right = make_side(generated, kind, timeout=_TOOLS)
        except (NetlistError, ValueError, yosys.YosysTimeoutError, nextpnr.NextpnrError) as error:
            proofs.append(_undecided(generated, kind, left, str(error), begun))
            continue
        progress(f"proving {kind}")
        proofs.append(_timed(generated, kind, left, right, timeout, seed, begun))
    if other is not None:
        progress(f"proving {words}")
        begun = time.monotonic()
        if kinds:
            left = rtl(generated, timeout=_TOOLS, ripple=True)
        right = rtl(other, timeout=_TOOLS, what=f"RTL with {words}", ripple=True)
        proofs.append(_timed(generated, words, left, right, timeout, seed, begun))
    return proofs


def _base(generated: Generated, kind: str, left: Side) -> Proof:
    option = f"--against {kind.replace(', ', ' --against ')}" if "=" in kind else f"--of {kind}"
    return Proof(
        generated.name, generated.parameters, kind, left.what, kind, UNDECIDED,
        tools=left.tools, command=f"bitwright prove {generated.name}{generated.options} {option}",
    )  # fmt: skip


def _undecided(generated: Generated, kind: str, left: Side, reason: str, begun: float) -> Proof:
    seconds = round(time.monotonic() - begun, 2)
    return replace(_base(generated, kind, left), reason=reason, seconds=seconds)


def _timed(
    generated: Generated,
    kind: str,
    left: Side,
    right: Side,
    timeout: float,
    seed: int,
    begun: float,
) -> Proof:
    try:
        proof = compare(generated, kind, left, right, timeout=timeout, seed=seed)
    except NetlistError as error:
        return _undecided(generated, kind, left, str(error), begun)
    return replace(proof, seconds=round(time.monotonic() - begun, 2))


def compare(
    generated: Generated,
    kind: str,
    left: Side,
    right: Side,
    *,
    timeout: float = 60,
    seed: int = 0,
) -> Proof:
    """One proof of two sides that are there already.

    Raises:
        EmptyProofError: if neither side has a gate, or nothing is compared.
        NetlistError: if the sides cannot be compared.
    """
    miter = make_miter(left.circuit, right.circuit)
    gates, compared = miter.gates, len(miter.pairs)
    if max(gates) == 0 or compared == 0:
        raise EmptyProofError(
            f"A proof must compare gates, and {left.what} and {right.what} have none: "
            "nothing would be proven"
        )
    proof = replace(
        _base(generated, kind, left),
        right=right.what,
        method=_method(miter),
        tools={**left.tools, **right.tools},
        gates=gates,
        variables=len(miter.inputs),
        compared=compared,
        registers=miter.registers,
        cells=right.cells,
    )
    if seed:
        proof = replace(proof, command=f"{proof.command} --seed {seed}")
    begun = time.monotonic()
    inputs = list(miter.inputs.values())
    words = miter.words if "=" in kind else ()
    found = find(miter.graph, inputs, miter.literals, timeout, seed=seed, words=words)
    seconds = round(time.monotonic() - begun, 2)
    proof = replace(proof, engine=found.engine, solver_seconds=seconds)
    if found.values is None and found.reason:
        return replace(proof, reason=found.reason)
    sides = left.circuit, right.circuit
    settled = None
    if found.values is None and miter.different:
        # So long does a constant take through all registers.
        settled = settled_after(*sides, miter, generated.unit.latency, timeout)
        proof = replace(proof, method=_method(miter, settled))
    if found.values is not None or (miter.different and settled is None):
        return _different(generated, proof, miter, sides, found.values, timeout)
    fault = plant(*sides, seed, timeout)
    if fault is None:
        reason = f"{right.what} has no gate in which a fault would be seen by random patterns"
        return replace(proof, reason=reason)
    if not fault.found:
        reason = f"the planted fault was not found within {timeout:g} seconds"
        return replace(proof, reason=reason, fault=fault)
    return replace(proof, verdict=PROVEN, fault=fault)


def _method(miter: Miter, settled: int | None = None) -> str:
    if not miter.registers and not miter.unmatched:
        return "combinational"
    method = "outputs and next values, for equal present values of registers matched by name"
    if miter.unmatched:
        method += f"; {len(miter.unmatched)} without a match may have any value"
    if settled:
        words = "the first cycle" if settled == 1 else f"{settled} cycles"
        return f"{method}; {len(miter.different)} of them correspond from the end of {words} on"
    if miter.initial:
        return f"{method}; {len(miter.initial)} initial values are not in the netlist"
    return f"{method}; equal initial values"


def _different(
    generated: Generated,
    proof: Proof,
    miter: Miter,
    sides: tuple[Circuit, Circuit],
    values: Mapping[int, int] | None,
    timeout: float,
) -> Proof:
    """A refutation, if the difference can be had from the start; else nothing is decided."""
    left, right = sides
    if not left.registers and not right.registers:
        assert values is not None
        bits = miter.graph.simulate([p.left for p in miter.pairs], values, 1)
        others = miter.graph.simulate([p.right for p in miter.pairs], values, 1)
        names = [pair.name for pair in miter.pairs]
        shown = cycle(
            generated.ports,
            lambda bit: values[miter.inputs[bit]],
            dict(zip(names, bits, strict=True)),
            dict(zip(names, others, strict=True)),
        )
        return replace(proof, verdict=REFUTED, reason=_where([shown]), counterexample=[shown])
    unit = generated.unit
    cycles = min(_MOST_CYCLES, unit.latency + unit.interval * min(unit.beats, 2) + 2)
    shown = trace(left, right, miter.initial, generated.ports, cycles, timeout)
    if shown:
        return replace(proof, verdict=REFUTED, reason=_where(shown), counterexample=shown)
    if miter.unmatched:
        names = ", ".join(miter.unmatched[:3]) + (" ..." if len(miter.unmatched) > 3 else "")
        reason = f"{len(miter.unmatched)} registers have no counterpart by name: {names}"
    elif miter.different:
        reason = f"initial values differ, as of {miter.different[0]}"
    else:
        reason = "the two differ in a state of their registers"
    return replace(
        proof, reason=f"{reason}; in {cycles} cycles from reset no output was seen to differ"
    )


def _where(cycles: Sequence[Cycle]) -> str:
    last = cycles[-1]
    fields = [name for name, text in last.left.items() if last.right[name] != text]
    when = f" in cycle {len(cycles)} from reset" if len(cycles) > 1 else ""
    return f"{', '.join(fields)} {'differs' if len(fields) == 1 else 'differ'}{when}"
