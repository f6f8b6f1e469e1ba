"""Values that show a fault, or the proof that none do.

The sound netlist's clauses stand in a solver once. For each stem the gates beyond it are added a
second time, as they are when the stem's value is another, and every fault of its region is one
question: values of the sound netlist that bring the change to the stem, and a path from there on
which the two differ up to a net that is watched. (T. Larrabee, "Test Pattern Generation Using
Boolean Satisfiability", IEEE Transactions on Computer-Aided Design, 1992; the paths of differences
as in P. Stephan, R. Brayton and A. Sangiovanni-Vincentelli, "Combinational Test Generation Using
Satisfiability", 1996.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .clauses import gate_clauses, literal, netlist_clauses
from .faults import Fault, first_seen
from .gates import GateNetlist
from .sensitized import Regions, Sensitized
from .solver import ContradictionError, Solver

__all__ = ["CONFLICTS", "Answer", "Detector", "Seen", "own_variables"]

CONFLICTS = 10_000
"""What a question may cost, if nothing else is said."""

Seen = Mapping[int, Sequence[Sequence[int]]]
"""Watched nets, and when they are: where all literals of one of the sequences are true."""


@dataclass(frozen=True)
class Answer:
    """Whether a fault can be seen, ``None`` where that was not decided.

    Attributes:
        values: ``uint8``, of all input bits and then of the registers, that show it.
    """

    visible: bool | None
    values: np.ndarray | None = None


def own_variables(netlist: GateNetlist) -> int:
    """How many variables a `Detector` takes from 1 on."""
    return 3 * netlist.nets


class Detector:
    """A netlist's faults, one question after the other; those of one stem best together.

    Registers may hold anything but for what ``given`` says.

    Parameters:
        netlist: The sound one.
        seen: What is watched; by default all outputs and the registers' next values, always.
        given: Clauses, over the nets' variables of `literal`, that all values keep to. Variables of
            their own begin after `own_variables`.
        solver: Its name, as python-sat has it.
    """

    def __init__(
        self,
        netlist: GateNetlist,
        seen: Seen | None = None,
        given: Sequence[Sequence[int]] = (),
        *,
        solver: str | None = None,
    ) -> None:
        self._netlist = netlist
        if seen is None:
            nets = np.concatenate([netlist.output_nets, netlist.next_state])
            seen = {net: [()] for net in nets.tolist()}
        self._seen = seen
        self._regions = Regions(netlist, seen)
        self._solver = Solver() if solver is None else Solver(solver)
        self._solver.add(netlist_clauses(netlist))
        self._solver.add(given)
        self._operands = netlist.operands.tolist()
        self._ops = netlist.op.tolist()
        self._driven = netlist.driven.tolist()
        # Variables: the sound nets, the same with the change, where they differ; then all others.
        own = own_variables(netlist)
        self._spare = max((abs(k) for clause in given for k in clause), default=own)
        self._spare = max(self._spare, own)
        self._unequal: dict[tuple[int, int], int] = {}
        self._stem = -1
        self._active = 0
        self._sources = np.concatenate([netlist.input_nets, netlist.state])

    @property
    def conflicts(self) -> int:
        """What all questions together have cost."""
        return self._solver.conflicts

    def way(self, fault: Fault) -> Sensitized:
        """The fault's way to its stem."""
        return self._regions.way(fault)

    def ask(
        self, fault: Fault, conflicts: int = CONFLICTS, assumed: Sequence[int] = ()
    ) -> Answer:
        """Whether anything shows the fault where the literals ``assumed`` are true.

        Raises:
            ContradictionError: if the values found do not show it.
        """
        way = self.way(fault)
        self._prepare(way.stem)
        unequal = [self._differ(*pair) for pair in way.unequal]
        found = self._solver.solve(
            [self._active, *assumed, *way.literals, *unequal], conflicts
        )
        if not found:
            return Answer(found)
        true = self._solver.true()
        values = np.array([literal(net) in true for net in self._sources.tolist()], np.uint8)
        planes = values.astype(np.uint64)[:, None]
        if first_seen(self._netlist, [fault], planes, np.ones(1, np.uint64))[0] < 0:
            raise ContradictionError(f"The solver's values do not show the fault {fault}")
        return Answer(True, values)

    def _fresh(self) -> int:
        self._spare += 1
        return self._spare

    def _differ(self, one: int, other: int) -> int:
        """A literal that is true only where two nets differ."""
        if (one, other) not in self._unequal:
            self._unequal[one, other] = x = self._fresh()
            a, b = literal(one), literal(other)
            self._solver.add([[-x, a, b], [-x, -a, -b]])
        return self._unequal[one, other]

    def _prepare(self, stem: int) -> None:
        """Let the solver see what is beyond a stem, in place of what it saw before.

        The changed nets' variables serve every stem: all clauses that hold them, those learned from
        them too, hold the literal that says that their stem is not asked about any more.
        """
        if stem == self._stem:
            return
        if self._active:
            self._solver.add([[-self._active]])
        self._stem, self._active = stem, self._fresh()
        off = -self._active
        nets = self._netlist.nets
        beyond = self._regions.beyond(stem)
        changed = {stem, *(self._driven[gate] for gate in beyond)}
        leads: dict[int, list[int]] = {net: [] for net in changed}
        add = self._solver.add
        for gate in beyond:
            y = self._driven[gate]
            ins = [literal(n) + nets if n in changed else literal(n) for n in self._operands[gate]]
            add([*c, off] for c in gate_clauses(self._ops[gate], literal(y) + nets, *ins))
            for net in set(self._operands[gate]):
                if net in changed:
                    leads[net].append(literal(y) + 2 * nets)
        for net in changed:
            sound, other, differ = (literal(net) + k * nets for k in range(3))
            ends = [self._all(literals, off) for literals in self._seen.get(net, ())]
            add([
                [-differ, sound, other, off], [-differ, -sound, -other, off],
                [-differ, *leads[net], *ends, off],
            ])  # fmt: skip
        add([[literal(stem) + 2 * nets, off]])

    def _all(self, literals: Sequence[int], off: int) -> int:
        """A literal that is true only where all of these are."""
        if len(literals) == 1:
            return literals[0]
        x = self._fresh() if literals else literal(1)
        self._solver.add([-x, other, off] for other in literals)
        return x
