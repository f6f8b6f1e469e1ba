"""What the registers of a pipeline can hold together, and when it does not matter what they hold.

In a state that nobody can bring about, a gate may do much that it never does. Two things are known
of pipelines, and both are proven here for the netlist in hand before they are used:

* *Idle* registers: while a stage holds nothing, or a sum is NaN, the registers that would hold it
  do not matter (`find_idle`).
* *History*: all stages move together, or, while the result waits, none does. So the state is, but
  for idle registers, what so many moves make of some state, as many as one likes. What was offered
  in a move and not taken is offered still.

So a mutant is equivalent if, in every state that has such a history, and with anything in the idle
registers, it answers the same and leaves the same in all registers that are not idle then. For let
two states be alike if they differ in idle registers only: the unit and its mutant begin in the same
state and stay in states that are alike, since each step of the mutant is alike to the unit's from
the same state, and the unit's steps from states that are alike are alike. After a reset the history
is one in which nothing was offered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .clauses import literal
from .controls import find_controls
from .detect import Seen, own_variables
from .frames import Clause, Frame, equal, follows
from .gates import GateNetlist
from .idle import Idle, find_idle
from .serial_invariants import offers_stay
from .solver import Solver

__all__ = ["Pipeline", "all_equal", "find_pipelines", "waiting", "waits"]

_CONFLICTS = 2_000


@dataclass(frozen=True)
class Pipeline:
    """What was proven.

    Attributes:
        idle: For the number of a register, the literals that make it idle: of its stage's control
            register, and of flags.
        seen: What is watched: a register's next value only where it is not idle then.
        given: What the state keeps to, except in a cycle of reset.
        moves: Of how many its history is; 0 where none was proven.
    """

    idle: Idle
    seen: Seen
    given: Sequence[Clause]
    moves: int


def find_pipelines(
    netlist: GateNetlist,
    seen: Seen,
    given: Sequence[Clause],
    moves: int,
    invariants: Sequence[Clause] = (),
    watching: int = 0,
) -> Iterator[Pipeline]:
    """Prove what can be proven of a netlist with a buffer behind each register; if flags make
    registers idle, first without them.

    Parameters:
        netlist: Which.
        seen: When outputs and next values count.
        given: What all inputs keep to.
        moves: Of how many the history shall be.
        invariants: What all states that can be reached keep to, with their inputs.
        watching: So many registers, the last ones, may make any other one idle.
    """
    controls = find_controls(netlist)
    moving = moves > 0 and waits(netlist, given)
    for idle, now, kept in find_idle(netlist, controls, seen, given, invariants, watching):
        if moving and _starts(netlist, controls, idle, moves):
            work = _at_work(netlist, controls, idle, kept, watching)
            before = _history(netlist, [*kept, *work], idle, moves)
            yield Pipeline(idle, now, [*kept, *before], moves)
        else:
            yield Pipeline(idle, now, kept, 0)


def _at_work(
    netlist: GateNetlist,
    controls: Mapping[int, bool],
    idle: Idle,
    given: Sequence[Clause],
    watching: int,
) -> list[Clause]:
    """That something is offered or under way, if moves in which that is not so can be left out
    because the state stays, but for idle registers; or that nothing was offered since the reset."""
    own = netlist.registers - watching
    if not watching:
        return []
    (valid,) = (literal(net) for net in netlist.inputs["i_valid"])
    still = [valid, *(literal(int(netlist.state[k])) * (-1 if one else 1)
                      for k, one in controls.items() if k < own)]  # fmt: skip
    resets = [literal(net) for net in netlist.inputs.get("rst", ())]
    with Solver() as solver:
        solver.add(Frame(netlist, 0).clauses())
        solver.add(given)
        solver.add([-k] for k in [*still, *resets])
        differ = []
        spare = netlist.nets
        for k, (a, b) in enumerate(
            zip(netlist.state.tolist(), netlist.next_state.tolist(), strict=True)
        ):
            spare += 1
            x, y = literal(a), literal(b)
            solver.add([[-spare, x, y], [-spare, -x, -y]])
            solver.add([-spare, -free] for free in idle.get(k, ()))
            differ.append(spare)
        # What watches may begin to see that it is at work.
        solver.add([differ])
        if solver.solve([], _CONFLICTS) is not False:
            return []
    return [[*still, -literal(int(netlist.state[own]))]]


def waiting(netlist: GateNetlist) -> list[Clause]:
    """That the result is not taken, and there is no reset."""
    (valid,), (ready,) = netlist.outputs["o_valid"], netlist.inputs["o_ready"]
    resets = [[-literal(net)] for net in netlist.inputs.get("rst", ())]
    return [[literal(valid)], [-literal(ready)], *resets]


def waits(netlist: GateNetlist, given: Sequence[Clause]) -> bool:
    """Whether the state stays while the result waits, and nothing is taken then."""
    frame = Frame(netlist, 0)
    with Solver() as solver:
        solver.add(frame.clauses())
        solver.add(given)
        solver.add(waiting(netlist))
        pairs = [(frame(a), frame(b)) for a, b in
                 zip(netlist.state.tolist(), netlist.next_state.tolist(), strict=True)]  # fmt: skip
        pairs += [(bit, literal(0)) for bit in frame.port("i_ready")]
        return all_equal(solver, pairs, netlist.nets)


def all_equal(solver: Solver, pairs: Sequence[tuple[int, int]], spare: int) -> bool:
    """Whether two literals of each pair are always the same; variables from ``spare`` on are free.
    """
    differ = [spare + 1 + k for k in range(len(pairs))]
    for x, (a, b) in zip(differ, pairs, strict=True):
        solver.add([[-x, a, b], [-x, -a, -b]])
    solver.add([differ])
    return solver.solve([], _CONFLICTS) is False


def _starts(
    netlist: GateNetlist, controls: Mapping[int, bool], idle: Idle, moves: int
) -> bool:
    """Whether a reset, and the initial values, lead to a state that stays as it is, but for idle
    registers, while nothing is offered."""
    reset = Frame(netlist, 0)
    with Solver() as solver:
        solver.add(reset.clauses())
        solver.add([[k] for k in reset.port("rst")])
        wrong = [reset(netlist.next_state[k]) * (-1 if one else 1) for k, one in controls.items()]
        solver.add([wrong])
        if solver.solve([], _CONFLICTS) is not False:
            return False
    frames = [Frame(netlist, netlist.nets * k) for k in range(moves + 1)]
    with Solver() as solver:
        for k, frame in enumerate(frames):
            solver.add(frame.clauses())
            for port in netlist.inputs:
                sign = 1 if port == "o_ready" else -1
                solver.add([[sign * bit] for bit in frame.port(port)])
            if k:
                solver.add(follows(frames[k - 1], frame))
        solver.add(
            [[frames[0](netlist.state[k]) * (1 if one else -1)] for k, one in controls.items()]
        )
        begins = {
            literal(int(netlist.driven[k])) * (1 if one else -1) for k, one in controls.items()
        }
        pairs = [
            (frames[0](net), frames[-1](net))
            for k, net in enumerate(netlist.state.tolist())
            if begins.isdisjoint(idle.get(k, ()))
        ]
        return all_equal(solver, pairs, netlist.nets * len(frames))


def _history(
    netlist: GateNetlist, given: Sequence[Clause], idle: Idle, moves: int
) -> list[Clause]:
    """So many moves, the last of which leads to the state, but for idle registers and resets."""
    own = own_variables(netlist)
    frames = [Frame(netlist, own + netlist.nets * k) for k in range(moves)]
    made: list[Clause] = []
    for k, frame in enumerate(frames):
        made += frame.clauses()
        made += (frame.moved(clause) for clause in given)
        made += ([-bit] for bit in frame.port("rst"))
        (valid,), (ready,) = frame.port("o_valid"), frame.port("o_ready")
        made.append([-valid, ready])
        if k:
            made += follows(frames[k - 1], frame)
            made += offers_stay(frames[k - 1], frame)
    made += offers_stay(frames[-1], Frame(netlist, 0))
    resets = [literal(net) for net in netlist.inputs.get("rst", ())]
    for k, (state, following) in enumerate(
        zip(netlist.state.tolist(), netlist.next_state.tolist(), strict=True)
    ):
        free = [*resets, *idle.get(k, ())]
        made += ([*clause, *free] for clause in equal(literal(state), frames[-1](following)))
    return made
