"""What a netlist answers to codes: what `run_on` of the bench asks of a simulated unit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...gen.generate import Generated
from ...hdl.unit import Unit
from ..compare import element
from .evaluate import Evaluator
from .gates import GateNetlist
from .machine import Answers, Beat, run_lanes
from .planes import codes_of, planes_of, words_for

__all__ = ["Response", "how_run", "remembers", "respond", "transactions"]


@dataclass(frozen=True)
class Response:
    """Answers, and how they were found.

    Attributes:
        outputs: Codes of each output field, as from `run_on`.
        lanes: Transactions that ran side by side.
        cycles: Clock cycles of each; 0 where there are no registers.
        how: The same in words.
        backend: ``c`` or ``numpy``.
    """

    outputs: dict[str, np.ndarray]
    lanes: int
    cycles: int
    how: str
    backend: str


def respond(
    generated: Generated,
    netlist: GateNetlist,
    inputs: Mapping[str, np.ndarray],
    results: int | None = None,
    *,
    backend: str | None = None,
    most_cycles: int | None = None,
) -> Response:
    """Codes that the netlist answers to codes.

    Every transaction has a lane of its own: a beat, the beats from ``first`` to ``last``, or the
    ``beats_together`` of a unit that takes so many.

    Parameters:
        generated: The unit.
        netlist: It, or a netlist with the same ports: one with a fault in it.
        inputs: Codes of every input field, a beat in each row.
        results: How many there must be in all, where it is not one for each transaction.
        backend: As for `Evaluator`.
        most_cycles: As for `run_lanes`.

    Raises:
        ValueError: if the beats are no whole transactions, or the results do not divide evenly.
        NoAnswerError: if the netlist does not answer, or answers too much.
    """
    starts, lengths = transactions(generated, inputs)
    lanes = len(starts)
    each = 1 if results is None else results // lanes
    if results is not None and each * lanes != results:
        raise ValueError(
            f"The number of results must be a multiple of the {lanes} transactions, not {results}"
        )
    evaluator = Evaluator(netlist, backend)
    order = np.argsort(-lengths, kind="stable")  # so that those that have a beat come first
    answers = run_lanes(
        evaluator,
        _beats(generated, inputs, starts[order], lengths[order]),
        lanes,
        each,
        most_cycles=most_cycles,
    )
    back = np.empty(lanes, np.int64)
    back[order] = np.arange(lanes)
    outputs = {}
    for name, spec in generated.unit.o.payload.shape():
        _, width, elements = element(spec.shape)
        columns = [
            codes_of(planes[f"o_{name}"], lanes, width, elements)[back]
            for planes in answers.results
        ]
        stacked = np.stack(columns, axis=1)
        outputs[name] = stacked.reshape(lanes * each, *stacked.shape[2:])
    return Response(outputs, lanes, answers.cycles, how_run(netlist, answers), evaluator.backend)


def how_run(netlist: GateNetlist, answers: Answers) -> str:
    """How registers were treated, in words."""
    if not answers.cycles:
        return "combinational"
    return f"{answers.cycles} cycles of {netlist.registers} registers, from reset"


def transactions(
    generated: Generated, inputs: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Where each transaction begins among the beats, and how many beats it has.

    All beats are one where the unit keeps something for ever, as a source of random bits.

    Raises:
        ValueError: if the beats are no whole transactions.
    """
    count = len(next(iter(inputs.values())))
    together = generated.unit.beats_together
    if remembers(generated.unit):
        return np.zeros(1, np.int64), np.array([count])
    if "last" in inputs:
        ends = np.flatnonzero(inputs["last"]) + 1
        if not len(ends) or ends[-1] != count:
            raise ValueError("The beats must end with the last one of a transaction")
        starts = np.concatenate([[0], ends[:-1]])
        return starts, ends - starts
    if not count or count % together:
        raise ValueError(f"The beats must be a positive multiple of {together}, not {count}")
    starts = np.arange(0, count, together)
    return starts, np.full(len(starts), together)


def remembers(unit: Unit) -> bool:
    """Whether the results depend on all beats since reset."""
    return not unit.stateless and unit.beats_together == 1 and "last" not in _fields(unit)


def _fields(unit: Unit) -> dict[str, int]:
    """Input fields with the widths of their elements."""
    return {name: element(spec.shape)[1] for name, spec in unit.i.payload.shape()}


def _beats(
    generated: Generated,
    inputs: Mapping[str, np.ndarray],
    starts: np.ndarray,
    lengths: np.ndarray,
) -> Beat:
    """The beats of lanes whose lengths fall."""
    words = words_for(len(starts))
    fields = _fields(generated.unit)

    def beat(number: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
        lanes = int(np.searchsorted(-lengths, -number))  # those with more beats than that
        ones = np.ones(lanes, np.uint8)
        at = starts[:lanes] + number
        return (
            {
                f"i_{name}": _padded(planes_of(np.asarray(inputs[name])[at], width), words)
                for name, width in fields.items()
            },
            _padded(planes_of(ones, 1), words)[0],
        )

    return beat


def _padded(planes: np.ndarray, words: int) -> np.ndarray:
    wide = np.zeros((len(planes), words), np.uint64)
    wide[:, : planes.shape[1]] = planes
    return wide
