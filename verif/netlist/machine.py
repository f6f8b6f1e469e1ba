"""A netlist at work between two streams, one transaction in each of many lanes side by side.

Every lane starts from reset, offers the beats of its transaction as fast as they are taken, and
takes each result at once. So pipelines, serial units and units whose time depends on the data all
run the same way. What transactions one after the other, gaps, stalls and a reset in mid-stream do
is not tried here: that is the simulated bench's part.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .evaluate import Evaluator
from .gates import GateNetlist
from .planes import lane_mask, words_for

__all__ = ["Answers", "Beat", "NoAnswerError", "run_lanes"]

Beat = Callable[[int], tuple[Mapping[str, np.ndarray], np.ndarray]]
"""From the number of a beat to the planes of the input fields' ports, and the lanes that have it.
A lane that has beat ``k`` has all before it."""

_ALL = ~np.uint64(0)

#: Cycles in which no lane takes or gives anything, after which a unit is said not to answer.
PATIENCE = 1000


class NoAnswerError(RuntimeError):
    """The netlist does not take its input, or does not give as many results as it should."""


@dataclass(frozen=True)
class Answers:
    """What came out.

    Attributes:
        results: Planes of each output port of the payload, for each result of a transaction.
        cycles: Clock cycles after reset; 0 where there are no registers.
    """

    results: list[dict[str, np.ndarray]]
    cycles: int


def run_lanes(
    evaluator: Evaluator,
    beat: Beat,
    lanes: int,
    results: int = 1,
    *,
    most_cycles: int | None = None,
) -> Answers:
    """Run every lane until it has given so many results.

    Parameters:
        evaluator: Of a netlist with the two streams' ports, all outputs and next states watched.
        beat: The input.
        lanes: How many there are.
        results: How many results each lane must give.
        most_cycles: A bound on the cycles, for machines that may be broken.

    Raises:
        NoAnswerError: if a lane gives fewer or more, or none for a thousand cycles.
    """
    netlist = evaluator.netlist
    rows = np.zeros((len(netlist.input_nets) + netlist.registers, words_for(lanes)), np.uint64)
    rows[netlist.rows("o_ready")] = _ALL
    if not netlist.registers and "rst" not in netlist.inputs:
        return _combinational(evaluator, beat, rows, lane_mask(lanes))
    return _clocked(evaluator, beat, rows, lane_mask(lanes), results, most_cycles)


def _payload(netlist: GateNetlist) -> dict[str, slice]:
    return {
        port: netlist.rows(port)
        for port in netlist.outputs
        if port not in ("o_valid", "i_ready")
    }  # fmt: skip


def _combinational(
    evaluator: Evaluator, beat: Beat, rows: np.ndarray, mask: np.ndarray
) -> Answers:
    netlist = evaluator.netlist
    planes, _ = beat(0)
    for port, values in planes.items():
        rows[netlist.rows(port)] = values
    rows[netlist.rows("i_valid")] = mask
    out = evaluator(rows)
    for port in ("i_ready", "o_valid"):
        if np.any(out[netlist.rows(port)][0] & mask != mask):
            raise NoAnswerError(f"{netlist.name} has no register and does not set {port} at once")
    return Answers([{port: out[where] for port, where in _payload(netlist).items()}], 0)


def _clocked(
    evaluator: Evaluator,
    beat: Beat,
    rows: np.ndarray,
    mask: np.ndarray,
    results: int,
    most_cycles: int | None,
) -> Answers:
    netlist = evaluator.netlist
    inputs, outputs = len(netlist.input_nets), len(netlist.output_nets)
    rows[inputs:] = np.where(netlist.initial, _ALL, np.uint64(0))[:, None]
    payload = _payload(netlist)
    ready, offer = netlist.rows("i_ready").start, netlist.rows("o_valid").start
    out = np.empty((outputs + netlist.registers, rows.shape[1]), np.uint64)
    if "rst" in netlist.inputs:
        rows[netlist.rows("rst")] = _ALL
        rows[inputs:] = evaluator(rows, out)[outputs:]
        rows[netlist.rows("rst")] = 0
    nothing = np.zeros_like(mask)
    beats = {0: beat(0)}
    sending = {0: beats[0][1] & mask}  # lanes that offer each beat
    given = {0: mask.copy()}  # lanes that have given so many results
    answers = [
        {port: np.zeros((where.stop - where.start, len(mask)), np.uint64)
         for port, where in payload.items()}
        for _ in range(results)
    ]  # fmt: skip
    cycles = idle = 0
    while sending or np.any(given.get(results, nothing) != mask):
        if idle > PATIENCE or (most_cycles is not None and cycles >= most_cycles):
            raise NoAnswerError(f"{netlist.name} does not answer: {_missing(given, results, mask)}")
        valid = _offer(netlist, rows, beats, sending)
        evaluator(rows, out)
        rows[inputs:] = out[outputs:]
        taken, offered = valid & out[ready], out[offer] & mask
        idle = 0 if np.any(taken) or np.any(offered) else idle + 1
        cycles += 1
        if np.any(offered & given.get(results, nothing)):
            raise NoAnswerError(
                f"{netlist.name} gives more than {results} results to one transaction"
            )
        for number in sorted(given, reverse=True):
            here = given[number] & offered
            if not np.any(here):
                continue
            for port, where in payload.items():
                answers[number][port] |= out[where] & here
            _move(given, number, here)
        for number in sorted(sending, reverse=True):
            here = sending[number] & taken
            if not np.any(here):
                continue
            if number + 1 not in beats:
                beats[number + 1] = beat(number + 1)
            _move(sending, number, here, beats[number + 1][1])
    return Answers(answers, cycles)


def _offer(
    netlist: GateNetlist,
    rows: np.ndarray,
    beats: dict[int, tuple[Mapping[str, np.ndarray], np.ndarray]],
    sending: Mapping[int, np.ndarray],
) -> np.ndarray:
    """Put on the input what each lane offers; which lanes offer anything."""
    valid = np.zeros(rows.shape[1], np.uint64)
    for number in [n for n in beats if n not in sending]:
        del beats[number]
    for number, here in sending.items():
        valid |= here
        for port, values in beats[number][0].items():
            where = netlist.rows(port)
            if len(sending) == 1:
                rows[where] = values
            else:
                rows[where] = rows[where] & ~here | values & here
    rows[netlist.rows("i_valid")] = valid
    return valid


def _move(
    places: dict[int, np.ndarray], number: int, here: np.ndarray, exists: np.ndarray | None = None
) -> None:
    """Lanes go on to the next number, those that have one."""
    stay = places[number] & ~here
    going = here if exists is None else here & exists
    if np.any(going):
        places[number + 1] = places.get(number + 1, np.zeros_like(here)) | going
    if np.any(stay):
        places[number] = stay
    else:
        del places[number]


def _missing(given: Mapping[int, np.ndarray], results: int, mask: np.ndarray) -> str:
    few = sum(int(np.bitwise_count(w).sum()) for number, w in given.items() if number < results)
    total = int(np.bitwise_count(mask).sum())
    if not few:
        return "it does not take all of its input"
    return f"{few} of {total} transactions have too few results"
