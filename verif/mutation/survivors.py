"""What is to be thought of the mutants that no vector killed: a SAT solver is asked.

It finds values that show a mutant, or proves that there are none: then the mutant does the same as
the unit. Of a unit without clock such values are a vector more, which is tried on the golden model
and on all that still survive. Of one with a clock they begin in a state, which may be one that the
unit never comes to; so at first only the proofs count. Then a pipeline of single operands is asked
about as if it had no clock, which finds operands too; and any other is asked again about the states
that it can come to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...gen.generate import Generated
from ...hdl.unit import Unit
from ..compare import element
from ..netlist import Fault, GateNetlist, codes_of, first_seen
from ..netlist.bits import planes_from
from ..netlist.control_states import control_states
from ..netlist.controls import find_controls
from ..netlist.detect import Detector
from ..netlist.pipelines import find_pipelines
from ..netlist.retimed import Retimed, retimed
from ..netlist.serial_invariants import find_invariants
from ..netlist.serial_monitor import with_monitor
from ..verify import golden
from .legal import legal_inputs, seen_outputs
from .vectors import Vectors

__all__ = ["Settled", "settle"]

# Conflicts a question may cost: most are decided at once, the others are asked again.
_ROUNDS = (100, 1_000)
# Conflicts that the questions about one unit may cost together.
_MOST = 100_000
# Gates of all moves of a history that is as long as a sum.
_MOST_HISTORY = 16_000


@dataclass(frozen=True, eq=False)
class Settled:
    """What became of the survivors.

    Attributes:
        proven: Of each of them, whether nothing shows it.
        shown: Of each of them, the number of the vector that does, or -1.
        vectors: What was found, in that order; where there is no clock.
        operands: What was found, by field; where there is one.
    """

    proven: np.ndarray
    shown: np.ndarray
    vectors: Vectors | None = None
    operands: Mapping[str, np.ndarray] | None = None


def settle(
    generated: Generated,
    netlist: GateNetlist,
    faults: Sequence[Fault],
    *,
    backend: str | None = None,
) -> Settled:
    """Ask about mutants that no vector killed.

    Raises:
        ContradictionError: if the solver contradicts a simulation.
        UnsoundError: if the golden model does not agree on a vector that was found.
    """
    unit = generated.unit
    proven = np.zeros(len(faults), bool)
    shown = np.full(len(faults), -1, np.int64)
    if not faults:
        return Settled(proven, shown)
    given, seen = list(legal_inputs(unit, netlist)), seen_outputs(netlist)
    controls = find_controls(netlist) if netlist.registers else {}
    controlled = [*given, *control_states(netlist, controls, given)]
    detector = Detector(netlist, seen, controlled)
    stems = np.array([detector.way(fault).stem for fault in faults])
    order = np.argsort(stems, kind="stable")
    columns: list[np.ndarray] = []
    if not netlist.registers:

        def show(number: int, values: np.ndarray) -> None:
            _show(netlist, faults, values, shown, len(columns), backend)
            columns.append(values)

        _ask(faults, order, detector, proven, shown, show)
        if not columns:
            return Settled(proven, shown)
        found = _inputs(unit, netlist, np.array(columns))
        want = golden(generated.name, unit, found)
        return Settled(proven, shown, Vectors.of(generated, netlist, found, want, backend))
    nothing = np.full(len(faults), -1)
    _ask(faults, order, detector, proven, nothing)
    pipeline = None
    if unit.stateless and not np.all(proven):
        pipeline = retimed(netlist, given, unit.latency)
    if pipeline is not None:

        def note(number: int, values: np.ndarray) -> None:
            shown[number] = len(columns)
            columns.append(values)

        _ask(faults, order, pipeline, proven, shown, note)
    if not np.all(proven | (shown >= 0)):
        watched = with_monitor(netlist, unit.beats, unit.latency)
        whole = watched.netlist
        every = [*controlled, *watched.given]
        for states in find_pipelines(
            whole, seen_outputs(whole), every, _moves(unit, whole),
            find_invariants(whole, every, watched.guesses), watched.registers,
        ):  # fmt: skip
            last = Detector(whole, states.seen, states.given)
            _ask([watched.moved(fault) for fault in faults], order, last, proven, shown)
            if np.all(proven | (shown >= 0)):
                break
    operands = _inputs(unit, netlist, np.array(columns)) if columns else None
    return Settled(proven, nothing, operands=operands)


def _moves(unit: Unit, netlist: GateNetlist) -> int:
    """Of how many the history is to be: as many as a sum takes, where those are few."""
    moves = unit.latency + unit.interval * unit.beats
    return moves if moves * netlist.gates <= _MOST_HISTORY else unit.latency


def _ask(
    faults: Sequence[Fault],
    order: np.ndarray,
    detector: Detector | Retimed,
    proven: np.ndarray,
    shown: np.ndarray,
    show: Callable[[int, np.ndarray], None] = lambda *_: None,
) -> None:
    """Ask about all that are neither proven nor shown, as far as the budget goes."""
    left = order
    for conflicts in _ROUNDS:
        undecided = []
        for number in left.tolist():
            if proven[number] or shown[number] >= 0:
                continue
            if detector.conflicts >= _MOST:
                return
            answer = detector.ask(faults[number], conflicts)
            proven[number] = answer.visible is False
            if answer.visible is None:
                undecided.append(number)
            elif answer.values is not None:
                show(number, answer.values)
        left = np.array(undecided, np.int64)


def _show(
    netlist: GateNetlist,
    faults: Sequence[Fault],
    values: np.ndarray,
    shown: np.ndarray,
    number: int,
    backend: str | None,
) -> None:
    """Note which of those that still survive a vector shows."""
    left = np.flatnonzero(shown < 0)
    planes = values.astype(np.uint64)[:, None]
    seen = first_seen(
        netlist, [faults[f] for f in left.tolist()], planes, np.ones(1, np.uint64), backend=backend
    )
    shown[left[seen >= 0]] = number


def _inputs(unit: Unit, netlist: GateNetlist, columns: np.ndarray) -> dict[str, np.ndarray]:
    """Codes of the fields, from rows that begin with the bits of the ports up to the last field."""
    planes = planes_from(columns.T)
    # The bits of `rst`, which stands first, are no part of an operand.
    skipped = len(netlist.inputs.get("rst", ()))
    inputs = {}
    for name, spec in unit.i.payload.shape():
        _, width, elements = element(spec.shape)
        rows = netlist.rows(f"i_{name}")
        chosen = planes[rows.start - skipped : rows.stop - skipped]
        codes = codes_of(chosen, len(columns), width, elements)
        # As stimuli are: golden models subtract codes from one another.
        inputs[name] = codes.astype(object if width > 62 else np.int64)
    return inputs
