"""A unit on all of its inputs, as a netlist, against its golden model or a second netlist.

The netlist is what Yosys makes of the unit in simple gates, evaluated for millions of vectors at
once. Where the golden model would take too long, it vouches for another netlist of the same
function, made by other parameters, and the two netlists are compared on everything.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from ..gen.generate import Generated
from ..hdl.unit import Unit
from .compare import SHOWN, Mismatch, Outcome, differences, element, example
from .every_input import Sequence, input_bits, sequences
from .netlist.evaluate import Evaluator
from .netlist.gates import GateNetlist
from .netlist.machine import Beat, run_lanes
from .netlist.planes import codes_of, lane_mask, planes_of
from .netlist.respond import how_run
from .netlist.synthesis import gate_netlist
from .reference_netlist import Reference, find_reference
from .verify import golden

__all__ = ["GOLDEN_BITS", "MOST_BITS", "Exhaustion", "exhaust"]

#: Up to so many bits the golden model answers itself, beyond them a second netlist if there is one.
GOLDEN_BITS = 20
#: Beyond this, not even on request: hours.
MOST_BITS = 32

_GOLDEN_CHUNK = 1 << 17
_NETLIST_CHUNK = 1 << 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Exhaustion(Outcome):
    """The outcome of one exhaustion.

    Attributes:
        bits: Of a beat's operands, random bits among them.
        stimuli: What was tried, in words.
        vectors: Sequences of beats that were tried.
        illegal: Those left out, because a code in them must not occur.
        netlist: Its size.
        how: How its registers were treated.
        reference: What it was compared with.
    """

    unit: str
    parameters: dict[str, str]
    bits: int
    stimuli: str
    vectors: int
    illegal: int
    results: int
    mismatches: int
    reference: str
    how: str
    netlist: dict[str, Any]
    backend: str
    note: str = ""
    examples: list[Mismatch] = field(default_factory=list)
    vectors_per_second: int = 0
    seconds: float = 0.0
    command: str = ""

    @property
    def passed(self) -> bool:
        size = self.netlist["gates"] + self.netlist["registers"] + self.netlist["wires"]
        return super().passed and size > 0


def exhaust(
    generated: Generated,
    *,
    most_bits: int = 20,
    backend: str | None = None,
    netlist: GateNetlist | None = None,
    progress: Progress | None = None,
) -> Exhaustion:
    """Try every input of a unit and compare every answer, as bits.

    Of a unit that sums over beats: every beat as a sum of its own, every pair of such sums where
    they have at most ``most_bits`` bits, and every sum over as many beats as have.

    Parameters:
        generated: The unit.
        most_bits: Refuse a unit with more bits of input than that; at most 32.
        backend: As for `Evaluator`.
        netlist: What is tried in place of the unit's own netlist: one with the same ports.
        progress: Is told now and then how many inputs are done, of how many.

    Raises:
        ValueError: if the unit has more bits of input.
        YosysError, NetlistError: if synthesis fails, or gives no usable netlist.
        NoAnswerError: if the netlist gives fewer or more results than it should.
    """
    if not 1 <= most_bits <= MOST_BITS:
        raise ValueError(f"The most bits must be from 1 to {MOST_BITS}, not {most_bits}")
    unit = generated.unit
    plan = sequences(unit, most_bits)
    started = time.perf_counter()
    if netlist is None:
        netlist = gate_netlist(generated)
    run = _Run(generated, Evaluator(netlist, backend))
    reference: Reference | None = None
    if max(sequence.bits for sequence in plan) > GOLDEN_BITS:
        reference = find_reference(generated, netlist)
    total = sum(1 << sequence.bits for sequence in plan)
    running = time.perf_counter()
    for sequence in plan:
        if reference is None or sequence.bits <= GOLDEN_BITS:
            compare, size = run.with_golden, _GOLDEN_CHUNK
        else:
            other = Evaluator(reference.netlist, run.evaluator.backend)
            compare, size = partial(run.with_netlist, other), _NETLIST_CHUNK
        for start in range(0, 1 << sequence.bits, size):
            compare(sequence, start, min(size, (1 << sequence.bits) - start))
            if progress is not None:
                progress(run.vectors + run.illegal, total)
    ended = time.perf_counter()
    return Exhaustion(
        unit=generated.name,
        parameters=generated.parameters,
        bits=input_bits(unit),
        stimuli="; ".join(sequence.words for sequence in plan),
        vectors=run.vectors,
        illegal=run.illegal,
        results=run.results,
        mismatches=run.mismatches,
        reference=reference.words if reference else "the golden model",
        how=run.how,
        netlist={
            "gates": netlist.gates,
            "registers": netlist.registers,
            "wires": netlist.wires,
            "operations": netlist.counts(),
        },
        backend=run.evaluator.backend,
        note=run.evaluator.note,
        examples=run.examples,
        vectors_per_second=round(run.vectors / max(ended - running, 1e-9)),
        seconds=round(ended - started, 2),
        command=f"bitwright exhaust {generated.name}{generated.options} --most-bits {most_bits}",
    )


class _Run:
    """What adds up over the parts."""

    def __init__(self, generated: Generated, evaluator: Evaluator) -> None:
        self._generated = generated
        self.evaluator = evaluator
        self.vectors = self.illegal = self.results = self.mismatches = 0
        self.examples: list[Mismatch] = []
        self.how = ""

    def with_golden(self, sequence: Sequence, start: int, count: int) -> None:
        """Compare one part with what the golden model says."""
        want = self._golden(sequence, np.arange(start, start + count, dtype=np.int64))
        each = len(next(iter(want.values()))) // count
        expected = []
        for k in range(each):
            planes = {}
            for name, spec in self._generated.unit.o.payload.shape():
                planes[f"o_{name}"] = planes_of(want[name][k::each], element(spec.shape)[1])
            expected.append(planes)
        self._compare(sequence, start, count, lambda beat: expected, each)

    def with_netlist(self, other: Evaluator, sequence: Sequence, start: int, count: int) -> None:
        """Compare one part with what another netlist says."""
        one = self._golden(sequence, np.zeros(1, np.int64))
        each = len(next(iter(one.values())))
        self._compare(
            sequence, start, count, lambda beat: run_lanes(other, beat, count, each).results, each
        )

    def _golden(self, sequence: Sequence, index: np.ndarray) -> dict[str, np.ndarray]:
        return golden(self._generated.name, self._generated.unit, sequence.codes(index))

    def _compare(
        self, sequence: Sequence, start: int, count: int,
        expect: Callable[[Beat], list[dict[str, np.ndarray]]], each: int,
    ) -> None:  # fmt: skip
        planes = sequence.planes(start, count)
        lanes = lane_mask(count)
        beat = sequence.beat(planes, lanes)
        answers = run_lanes(self.evaluator, beat, count, each)
        expected = expect(beat)
        mask = lanes & sequence.legal(planes)
        differ = np.zeros_like(mask)
        for got, right in zip(answers.results, expected, strict=True):
            for port, values in got.items():
                differ |= np.bitwise_or.reduce(values ^ right[port], axis=0)
        differ &= mask
        legal = int(np.bitwise_count(mask).sum())
        self.vectors += legal
        self.illegal += count - legal
        self.results += legal * each
        self.mismatches += int(np.bitwise_count(differ).sum())
        self.how = how_run(self.evaluator.netlist, answers)
        if np.any(differ) and len(self.examples) < SHOWN:
            self._show(sequence, start, count, differ, answers.results, expected)

    def _show(
        self, sequence: Sequence, start: int, count: int, differ: np.ndarray,
        got: list[dict[str, np.ndarray]], expected: list[dict[str, np.ndarray]],
    ) -> None:  # fmt: skip
        """The first inputs of a part that differ, with their numbers among all."""
        unit = self._generated.unit
        lanes = np.flatnonzero(codes_of(differ[None], count, 1))[: SHOWN - len(self.examples)]
        inputs = sequence.codes(start + lanes)
        shown = _codes(unit, got, count, lanes), _codes(unit, expected, count, lanes)
        for result in differences(unit, *shown).tolist():
            found = example(unit, result, inputs, *shown)
            number = start + int(lanes[result // len(got)])
            self.examples.append(replace(found, transaction=number))
        del self.examples[SHOWN:]


def _codes(
    unit: Unit, results: list[dict[str, np.ndarray]], count: int, lanes: np.ndarray
) -> dict[str, np.ndarray]:
    """Codes of some lanes' results, one lane's after the other's."""
    codes = {}
    for name, spec in unit.o.payload.shape():
        _, width, elements = element(spec.shape)
        columns = [codes_of(planes[f"o_{name}"], count, width, elements) for planes in results]
        stacked = np.stack([column[lanes] for column in columns], axis=1)
        codes[name] = stacked.reshape(len(lanes) * len(results), *stacked.shape[2:])
    return codes
