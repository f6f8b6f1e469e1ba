"""A netlist at several clock cycles: copies of its variables, one cycle after the other."""

from collections.abc import Sequence

from .clauses import literal, netlist_clauses
from .gates import GateNetlist

__all__ = ["Clause", "Frame", "equal", "follows"]

Clause = list[int]


class Frame:
    """A copy of the netlist's variables, which begin after ``offset``."""

    def __init__(self, netlist: GateNetlist, offset: int) -> None:
        self.netlist, self.offset = netlist, offset

    def __call__(self, net: int) -> int:
        return literal(int(net)) + self.offset

    def moved(self, clause: Sequence[int]) -> Clause:
        """A clause about the netlist, about this copy of it."""
        return [k + self.offset if k > 0 else k - self.offset for k in clause]

    def port(self, name: str) -> list[int]:
        n = self.netlist
        return [self(net) for net in (n.inputs.get(name) or n.outputs.get(name) or ())]

    def clauses(self) -> list[Clause]:
        return [self.moved(clause) for clause in netlist_clauses(self.netlist)]


def equal(a: int, b: int) -> list[Clause]:
    """Two literals are the same."""
    return [[-a, b], [a, -b]]


def follows(before: Frame, after: Frame) -> list[Clause]:
    """The state of one cycle is what the cycle before leaves."""
    n = before.netlist
    return [
        clause
        for state, following in zip(n.state.tolist(), n.next_state.tolist(), strict=True)
        for clause in equal(after(state), before(following))
    ]
