"""The states that the few control registers of a unit can be in together.

A counter of 21 phases has five bits, and never counts beyond; a stage is never full before the one
that fills it was. A solver that knows of no reset tries all of these states, too, and then finds a
difference where nobody will ever see one. So the states that resets and steps lead to are
enumerated: registers that no reset sets may hold anything, as may all inputs, so there may be more
of them than the unit comes to, but never fewer.
"""

from collections.abc import Mapping, Sequence

from .clauses import literal, netlist_clauses
from .frames import Clause
from .gates import GateNetlist
from .solver import Solver

__all__ = ["control_states"]

_MOST_CONTROLS = 10
_CONFLICTS = 2_000


def control_states(
    netlist: GateNetlist, controls: Mapping[int, bool], given: Sequence[Clause] = ()
) -> list[Clause]:
    """Clauses that all states keep to, except in a cycle of reset; none where that is not known.

    Parameters:
        netlist: Which.
        controls: Numbers of the registers, with what they hold initially.
        given: What all inputs keep to.
    """
    registers = sorted(controls)
    if not 1 < len(registers) <= _MOST_CONTROLS or "rst" not in netlist.inputs:
        return []
    now = [literal(int(netlist.state[k])) for k in registers]
    following = [literal(int(netlist.next_state[k])) for k in registers]
    (reset,) = (literal(net) for net in netlist.inputs["rst"])
    found = {tuple(controls[k] for k in registers)}
    with Solver() as solver:
        solver.add(netlist_clauses(netlist))
        solver.add(given)
        if not _reach(solver, [reset], following, found):
            return []
        waiting, seen = list(found), set(found)
        while waiting:
            state = waiting.pop()
            before = [k if one else -k for k, one in zip(now, state, strict=True)]
            if not _reach(solver, [-reset, *before], following, found):
                return []
            waiting += found - seen
            seen |= found
    return [
        [*(-k if number >> place & 1 else k for place, k in enumerate(now)), reset]
        for number in range(1 << len(now))
        if tuple(bool(number >> place & 1) for place in range(len(now))) not in found
    ]


def _reach(
    solver: Solver, assumed: Sequence[int], following: Sequence[int], found: set[tuple[bool, ...]]
) -> bool:
    """Add the states that one step can lead to; False if that was not decided.

    What was found once stays forbidden as an answer, whatever the next question assumes.
    """
    for state in found:
        _forbid(solver, following, state)
    while answer := solver.solve(assumed, _CONFLICTS):
        true = solver.true()
        state = tuple(k in true for k in following)
        found.add(state)
        _forbid(solver, following, state)
    return answer is False


def _forbid(solver: Solver, following: Sequence[int], state: Sequence[bool]) -> None:
    solver.add([[-k if one else k for k, one in zip(following, state, strict=True)]])
