"""The one door to the SAT solver that works inside this process: python-sat's.

A netlist has hundreds of questions that share nearly all their clauses. A solver that stays, and
keeps what it learned, answers each in milliseconds, where Yosys takes a second to start. Of those
that accept a budget, Glucose 4 was the quickest here (G. Audemard and L. Simon, "Predicting
Learnt Clauses Quality in Modern SAT Solvers", IJCAI 2009).

What it finds is simulated wherever it is used. That it finds nothing is believed; the tests compare
it with all inputs of random netlists.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from pysat import solvers

__all__ = ["ContradictionError", "Solver"]

_NAME = "glucose4"


class ContradictionError(RuntimeError):
    """The solver said what simulation shows to be false."""


class Solver:
    """Clauses over variables 1, 2, ...; a literal is a variable or its negative.

    Parameters:
        name: Of the solver, as python-sat has it.
    """

    def __init__(self, name: str = _NAME) -> None:
        self._solver: Any = solvers.Solver(name)
        self._add = self._solver.add_clause

    def __enter__(self) -> "Solver":
        return self

    def __exit__(self, *_: object) -> None:
        self._solver.delete()

    @property
    def conflicts(self) -> int:
        """Those of all questions so far."""
        return self._solver.accum_stats()["conflicts"]

    def add(self, clauses: Iterable[Sequence[int]]) -> None:
        """Clauses that hold from now on."""
        for clause in clauses:
            self._add(clause)

    def solve(self, assumed: Sequence[int], conflicts: int) -> bool | None:
        """Whether all clauses can hold together with the literals ``assumed``; None if that took
        more ``conflicts`` to tell: a budget that gives the same answer on every machine."""
        self._solver.conf_budget(conflicts)
        return self._solver.solve_limited(assumptions=list(assumed))

    def true(self) -> set[int]:
        """The variables that are true in the solution found last."""
        return {literal for literal in self._solver.get_model() if literal > 0}
