"""What a clocked unit's ports hold, cycle by cycle: transactions with gaps, stalls and resets."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...gen.generate import Generated
from ..netlist import Evaluator, GateNetlist
from ..netlist.bits import bits_of, field_bits, planes_from
from ..netlist.faulty_machines import Trace
from ..netlist.respond import transactions
from .vectors import expect_sound

__all__ = ["SEGMENT", "places", "streams"]

SEGMENT = 24
"""Cycles of a segment at the least; units that need more for a transaction get more."""

_GAPS = 0.25
_STALLS = 0.25
_MOST_CYCLES = 4096


def streams(
    generated: Generated,
    netlist: GateNetlist,
    inputs: Mapping[str, np.ndarray],
    want: Mapping[str, np.ndarray],
    *,
    seed: int = 0,
    backend: str | None = None,
) -> tuple[Trace, int]:
    """The transactions, divided into segments of equally many cycles; and how many cycles.

    A segment begins with a cycle of reset, in whatever state the one before it left the unit. The
    source offers nothing in a quarter of the cycles, and the sink takes nothing in a quarter. What
    is offered during the reset is not taken, and is offered still in the next cycle.
    What the outputs should be is what the sound netlist says, once its results have been compared
    with ``want``. They are watched from the cycle after the reset on, the result's fields where
    ``o_valid`` is 1. Where data decide how long a unit works, segments are made longer until there
    is a result in each. What a segment has no time for is sent again in a later one.

    Args:
        generated: The unit.
        netlist: Its gates.
        inputs: Codes of every input field, a beat in each row, of whole transactions.
        want: What the golden model says.
        seed: Of gaps and stalls.
        backend: As for `Evaluator`.

    Raises:
        UnsoundError: if the sound netlist answers anything else than ``want``, or nothing.
    """
    unit = generated.unit
    starts, lengths = transactions(generated, inputs)
    beats, answers = field_bits(unit.i, inputs), field_bits(unit.o, want)
    cycles = max(SEGMENT, int(lengths.max()) * unit.interval * 2 + unit.latency + 4)
    evaluator = Evaluator(netlist, backend)
    per = len(answers) // len(starts)
    while True:
        # As many transactions as are taken in that time, or more: a reset shall come in the midst
        # of one. What is left over is sent again.
        each = 1 + int(cycles / (1.6 * unit.interval * float(lengths.mean())))
        rng = np.random.default_rng(seed)
        left, traces = np.arange(len(starts)), []
        while len(left):
            heads = np.arange(0, len(left), each)
            bounds = np.append(0, np.cumsum(lengths[left]))
            rows = np.arange(bounds[-1]) + np.repeat(starts[left] - bounds[:-1], lengths[left])
            trace, given = _run(
                evaluator, generated, rng, cycles, beats[rows],
                (bounds[heads], bounds[np.minimum(heads + each, len(left))]),
                answers.reshape(len(starts), per, -1)[left].reshape(len(left) * per, -1),
                heads * per,
            )  # fmt: skip
            if not np.all(given):
                break
            traces.append(trace)
            place = np.arange(len(left)) % each
            # What had a segment for itself is not sent again.
            left = left[(place > 0) & (place >= np.repeat(given // per, each)[: len(left)])]
        else:
            return Trace.joined(traces), cycles
        expect_sound(generated.name, cycles <= _MOST_CYCLES)
        cycles *= 2


def _run(
    evaluator: Evaluator,
    generated: Generated,
    rng: np.random.Generator,
    cycles: int,
    beats: np.ndarray,
    ranges: tuple[np.ndarray, np.ndarray],
    answers: np.ndarray,
    first_answers: np.ndarray,
) -> tuple[Trace, np.ndarray]:
    """All segments side by side: their cycles, one after the other; and how many results each
    gave."""
    netlist, name, unit = evaluator.netlist, generated.name, generated.unit
    at, end = ranges[0].copy(), ranges[1]
    lanes = len(at)
    fields = places(netlist, "i_", unit.i)
    results = places(netlist, "o_", unit.o)
    ins, outs = len(netlist.input_nets), len(netlist.output_nets)
    valid, ready, reset, taken, offered = (
        netlist.rows(port).start for port in ("i_valid", "o_ready", "rst", "i_ready", "o_valid")
    )
    trace_in = np.zeros((cycles, lanes, ins), np.uint8)
    trace_out = np.zeros((cycles, lanes, outs), np.uint8)
    state = np.repeat(netlist.initial.astype(np.uint8)[:, None], lanes, axis=1)
    offering = np.zeros(lanes, bool)
    given = np.zeros(lanes, np.int64)
    for cycle in range(cycles):
        row = trace_in[cycle]
        # An offer stands until it is taken; without one the fields may hold anything.
        offering = (offering | (rng.random(lanes) >= _GAPS)) & (at < end)
        row[:, fields] = np.where(
            offering[:, None],
            beats[np.minimum(at, len(beats) - 1)],
            rng.integers(0, 2, (lanes, len(fields)), np.uint8),
        )
        row[:, valid] = offering
        row[:, ready] = rng.random(lanes) >= _STALLS
        row[:, reset] = cycle == 0
        found = bits_of(evaluator(planes_from(np.concatenate([row.T, state]))), lanes)
        trace_out[cycle], state = found[:outs].T, found[outs:]
        if cycle == 0:
            continue
        moved = offering & found[taken].astype(bool)
        at += moved
        offering &= ~moved
        here = np.flatnonzero(found[offered] & row[:, ready])
        number = first_answers[here] + given[here]
        expect_sound(name, np.array_equal(trace_out[cycle][here][:, results], answers[number]))
        given[here] += 1
    watched = np.ones_like(trace_out)
    watched[:, :, results] = trace_out[:, :, [offered]]
    watched[0] = 0
    flat = [np.swapaxes(a, 0, 1).reshape(-1, a.shape[2]) for a in (trace_in, trace_out, watched)]
    return Trace(*flat), given


def places(netlist: GateNetlist, prefix: str, stream: Any) -> np.ndarray:
    """Where the fields' bits stand among those of all ports."""
    rows = [netlist.rows(f"{prefix}{name}") for name, _ in stream.payload.shape()]
    return np.concatenate([np.arange(row.start, row.stop) for row in rows])
