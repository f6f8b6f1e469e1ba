"""The solver of large questions: a SAT sweep, both sides becoming one graph from the inputs on.

Simulation guesses which nodes of the two sides are equal; SAT proves a guess or gives the values
that tell the two apart, which are simulated next; equal nodes become one, and what is made of them
is mostly equal by structure then. So no question to SAT is large, though the outputs are. (A.
Mishchenko, S. Chatterjee, R. Brayton and N. Een, "Improvements to Combinational Equivalence
Checking", ICCAD 2006.)

A guess that takes more conflicts than allowed is left alone. Where that leaves an output undecided,
what has become of the graph is swept again with more patience, until the time is over.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..netlist.solver import ContradictionError, Solver
from .graph import FALSE, TRUE, Graph

__all__ = ["NAME", "Answer", "solve"]

NAME = "SAT sweep"
_PATTERNS = 1024
_MORE = 64  # patterns about each counterexample: itself, and with one bit in 32 changed
_CONFLICTS = 50  # for a guess in the first round, ten times as many in each further one
_AN_OUTPUT = 4  # questions of so many conflicts for an output; the clock is looked at between them

Pair = tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """``differ`` is whether a pair can differ, by ``values``; ``None`` where not decided."""

    differ: bool | None
    values: Mapping[int, int] = field(default_factory=dict)
    reason: str = ""


class _OutOfTimeError(Exception):
    pass


def solve(
    graph: Graph,
    inputs: Sequence[int],
    pairs: Sequence[Pair],
    timeout: float,
    seed: int = 0,
    *,
    rounds: int | None = None,
) -> Answer:
    """Values of the inputs at which a pair of literals differs, sought for ``timeout`` seconds.

    It is also left undecided after so many ``rounds``, where they are given.

    Raises:
        ValueError: if a pair depends on a variable that is not among the inputs.
        ContradictionError: if the solver calls equal what simulation tells apart.
    """
    end = time.monotonic() + timeout
    names = list(inputs)
    reason = f"the solver came to no end within {timeout:g} seconds"
    patience = 1
    while rounds is None or patience < 10**rounds:
        with Solver() as solver:
            try:
                sweep = _Sweep(graph, inputs, pairs, solver, patience, end, seed)
                values = sweep.pairs_asked()
            except _OutOfTimeError:
                break
        if values is not None:
            return Answer(True, dict(zip(names, values, strict=True)))
        if not sweep.open:
            return Answer(False)
        graph, inputs, pairs = sweep.graph, sweep.inputs, sweep.open
        patience *= 10
    return Answer(None, reason=reason)


class _Sweep:
    """One round: ``graph`` is what the given one becomes, with equal nodes made one.

    Each of its nodes has a word of simulated patterns, and belongs to the left side (1), the right
    side (2) or both. Only nodes of different sides are compared in the first round, for equal ones
    on one side are of little use, and can be hard.
    """

    def __init__(
        self,
        given: Graph,
        inputs: Sequence[int],
        pairs: Sequence[Pair],
        solver: Solver,
        patience: int,
        end: float,
        seed: int,
    ) -> None:
        self.graph = Graph()
        self.open: list[Pair] = []
        self._solver, self._patience, self._end = solver, patience, end
        self._draw = random.Random(seed)
        self._width = _PATTERNS
        self._words, self._sides, self._same = [0], [3], {}
        self._classes: dict[int, list[int]] = {}
        self._known = {FALSE}  # nodes whose clauses the solver has
        solver.add([[-_variable(FALSE)]])
        became = {FALSE: FALSE}
        for literal in inputs:
            became[literal >> 1] = self.graph.input()
            self._words.append(self._draw.getrandbits(_PATTERNS))
            self._sides.append(3)
        self.inputs = [became[literal >> 1] for literal in inputs]
        self._nodes = list(range(len(self._words)))
        self._classify()
        left, right = (set(given.cone(side)) for side in zip(*pairs, strict=True))
        for node in sorted(left | right):
            if node not in became:
                operands = given.operands(node)
                if operands is None:
                    raise ValueError(f"The variable n{node} must be among the inputs, and is not")
                a, b = (became[literal >> 1] ^ literal & 1 for literal in operands)
                became[node] = self._gate(a, b, (node in left) + 2 * (node in right))
        self._pairs = [
            (became[a >> 1] ^ a & 1, became[b >> 1] ^ b & 1) for a, b in pairs
        ]

    def _gate(self, a: int, b: int, side: int) -> int:
        """The conjunction of two literals, or what is proven to be equal."""
        literal = self.graph.conjunction(a, b)
        node, inverted = literal >> 1, literal & 1
        if node < len(self._words):
            same = self._same.get(node, 2 * node)
            self._sides[same >> 1] |= side
            return same ^ inverted
        self._words.append(self._word(a) & self._word(b))
        self._sides.append(side)
        equal = self._equal(node)
        if equal is not None:
            self._same[node] = equal
            self._sides[equal >> 1] |= side
            return equal
        self._nodes.append(node)
        self._classes.setdefault(self._class(node), []).append(node)
        return literal

    def _equal(self, node: int) -> int | None:
        """The literal of an older node that is proven to be equal to this one."""
        side, tried = self._sides[node], set[int]()
        while len(tried) < self._patience:
            for other in self._classes.get(self._class(node), ()):
                sides = side, self._sides[other]
                across = sides[0] | sides[1] == 3 and sides != (3, 3)
                if other not in tried and (across or self._patience > 1):
                    break
            else:
                return None
            literal = 2 * other ^ (self._words[node] ^ self._words[other]) & 1
            values = self._ask(2 * node, literal, _CONFLICTS * self._patience)
            if values is True:
                return literal
            if values is None:
                tried.add(other)
            else:
                self._simulate(values)
        return None

    def pairs_asked(self) -> list[int] | None:
        """The values of inputs at which some pair differs; those not decided become `open`."""
        def agree(pair: Pair) -> bool:
            return self._word(pair[0]) == self._word(pair[1])

        for a, b in sorted(set(self._pairs), key=agree):
            for _ in range(_AN_OUTPUT) if a != b else ():
                values = self._ask(a, b, _CONFLICTS * self._patience)
                if values is not None:
                    break
            else:
                self.open += [(a, b)] if a != b else []
                continue
            if values is not True:
                return values
            if not agree((a, b)):
                raise ContradictionError("The solver calls equal what simulation tells apart")
        return None

    def _ask(self, a: int, b: int, conflicts: int) -> list[int] | Literal[True] | None:
        """The values of the inputs at which two literals differ, True if there are none."""
        if time.monotonic() > self._end:
            raise _OutOfTimeError
        self._learn(a, b)
        for one, other in ((a, b ^ 1), (a ^ 1, b)):
            if FALSE in (one, other):
                continue
            found = self._solver.solve([_variable(one), _variable(other)], conflicts)
            if found:
                true = self._solver.true()
                return [int(_variable(literal) in true) for literal in self.inputs]
            if found is None:
                return None
        return True

    def _learn(self, *literals: int) -> None:
        """The solver knows all that these depend on."""
        waiting = [literal >> 1 for literal in literals]
        while waiting:
            node = waiting.pop()
            operands = None if node in self._known else self.graph.operands(node)
            self._known.add(node)
            if operands is not None:
                y, (a, b) = _variable(2 * node), map(_variable, operands)
                self._solver.add([[-y, a], [-y, b], [y, -a, -b]])
                waiting += [literal >> 1 for literal in operands]

    def _simulate(self, values: Sequence[int]) -> None:
        """More patterns for all nodes: those about a counterexample."""
        mask = (1 << _MORE) - 1
        given: dict[int, int] = {}
        for literal, value in zip(self.inputs, values, strict=True):
            changed = mask - 1
            for _ in range(5):
                changed &= self._draw.getrandbits(_MORE)
            given[literal] = -value & mask ^ changed
        literals = range(0, 2 * len(self._words), 2)
        for node, word in enumerate(self.graph.simulate(literals, given, _MORE)):
            self._words[node] |= word << self._width
        self._width += _MORE
        self._classify()

    def _classify(self) -> None:
        self._classes = {}
        for node in self._nodes:
            self._classes.setdefault(self._class(node), []).append(node)

    def _class(self, node: int) -> int:
        """What nodes have in common that were never seen to differ, one perhaps inverted."""
        word = self._words[node]
        return word ^ (1 << self._width) - 1 if word & TRUE else word

    def _word(self, literal: int) -> int:
        word = self._words[literal >> 1]
        return word ^ (1 << self._width) - 1 if literal & 1 else word


def _variable(literal: int) -> int:
    """The solver's name of a literal."""
    number = (literal >> 1) + 1
    return -number if literal & 1 else number
