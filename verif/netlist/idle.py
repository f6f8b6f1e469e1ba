"""Registers that do not matter while another one says so: *idle* ones.

While a stage holds nothing, that is while its control register is as after a reset, the other
registers of the stage do not matter; nor what a sum holds while a flag says that it is NaN. Change
one of them, and no output changes, and in the next cycle only registers that are idle then. Guesses
are proven all together: with each of them alone a register is inverted.

All that makes a flag idle makes idle what it stands for. So, of registers that are idle, one after
the other can be changed, first those that are no flags, and the others stay idle.
"""

from collections.abc import Iterator, Mapping, Sequence

from .clauses import literal
from .controls import guess_idle
from .detect import Detector, Seen
from .faults import OUTPUT, Fault, Kind
from .flags import guess_flags
from .frames import Clause
from .gates import GateNetlist

__all__ = ["Idle", "find_idle"]

_CONFLICTS = 2_000

Idle = Mapping[int, Sequence[int]]
"""For the number of a register, literals each of which makes it idle."""

Weighed = tuple[Seen, Sequence[Clause], Sequence[tuple[int, int]]]


def find_idle(
    netlist: GateNetlist,
    controls: Mapping[int, bool],
    seen: Seen,
    given: Sequence[Clause],
    invariants: Sequence[Clause],
    watching: int,
) -> Iterator[tuple[Idle, Seen, Sequence[Clause]]]:
    """What is idle when; what is watched then: next values only where they are not idle; and what
    is given: of idle registers, nothing. First by control registers alone, which leaves more
    given; then by flags, too, if there are any.

    Parameters:
        netlist: With a buffer behind each register.
        controls: Numbers of the registers that a reset sets, with what they hold then.
        seen: When outputs and next values count.
        given: What all inputs keep to.
        invariants: What all states that can be reached keep to, with their inputs.
        watching: So many registers, the last ones, may make any other one idle.
    """
    guesses = guess_idle(netlist, controls, watching)
    while True:
        idle: Idle = {register: literals[:1] for register, literals in guesses.items() if literals}
        now, kept, wrong = _weighed(netlist, seen, given, invariants, idle)
        if not wrong:
            break
        for register, _ in wrong:
            guesses[register].pop(0)
    yield idle, now, kept
    flagged: Idle = guess_flags(netlist, controls, idle)
    while flagged:
        both = {k: [*idle.get(k, ()), *flagged.get(k, ())] for k in sorted({*idle, *flagged})}
        wrong = _stray(netlist, both)
        if not wrong:
            now, kept, wrong = _weighed(netlist, seen, given, invariants, both)
            if not wrong:
                yield both, now, kept
                return
        left = _without(flagged, wrong)
        flagged = left if left != flagged else {}


def _weighed(
    netlist: GateNetlist,
    seen: Seen,
    given: Sequence[Clause],
    invariants: Sequence[Clause],
    idle: Idle,
) -> Weighed:
    """What is watched if registers are idle so, and given; and what is wrong about it."""
    now = _watched(netlist, seen, idle)
    kept = [*given, *_but_for_idle(netlist, idle, invariants)]
    detector = Detector(netlist, now, kept)
    wrong = []
    for register, literals in idle.items():
        fault = Fault(register, OUTPUT, Kind.INVERTED)
        wrong += [(register, x) for x in literals
                  if detector.ask(fault, _CONFLICTS, [x]).visible is not False]  # fmt: skip
    return now, kept, wrong


def _stray(netlist: GateNetlist, idle: Idle) -> list[tuple[int, int]]:
    """Where a register is idle by a flag, and not by all that makes the flag itself idle.

    Flags in a circle, too: each would have to be idle by itself.
    """
    number = {literal(int(net)): k for k, net in enumerate(netlist.driven[: netlist.registers])}
    return [(k, x) for k, literals in idle.items() for x in literals
            if not set(idle.get(number[abs(x)], ())) <= set(literals)]  # fmt: skip


def _without(flagged: Idle, wrong: Sequence[tuple[int, int]]) -> Idle:
    left = {k: [x for x in literals if (k, x) not in wrong] for k, literals in flagged.items()}
    return {k: literals for k, literals in left.items() if literals}


def _watched(netlist: GateNetlist, seen: Seen, idle: Idle) -> Seen:
    """The same, with the next values of idle registers only where they are not idle then."""
    following = {
        literal(int(netlist.driven[k])): literal(int(net))
        for k, net in enumerate(netlist.next_state)
    }
    outputs = set(netlist.output_nets.tolist())
    found = {net: list(when) for net, when in seen.items() if net in outputs}
    for k, net in enumerate(netlist.next_state.tolist()):
        awake = [-following[x] if x > 0 else following[-x] for x in idle.get(k, ())]
        found.setdefault(net, []).append(awake)
    return found


def _but_for_idle(
    netlist: GateNetlist, idle: Idle, clauses: Sequence[Clause]
) -> list[Clause]:
    """Clauses that say nothing of idle registers."""
    free = {literal(int(net)): idle.get(k, ()) for k, net in enumerate(netlist.state)}
    return [[*c, *(y for x in c for y in free.get(abs(x), ()))] for c in clauses]
