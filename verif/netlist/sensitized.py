"""What must hold for a fault to reach the stem of its region without fanout.

A net that one pin alone reads, and that nobody watches, can only be seen through the gate that
reads it. So a fault's way is certain up to the *stem*, the first net that several pins read or that
is watched; and the values that let it pass on that way are literals. Many faults share a stem, and
beyond it all of them are one question: is it seen that the stem's value is another?
"""

from collections.abc import Collection
from dataclasses import dataclass

from .clauses import literal
from .faults import OUTPUT, Fault, Kind, fanout
from .gates import GateNetlist, Op

__all__ = ["Regions", "Sensitized"]

# What the other pin must hold for a change of one to pass; none for XOR.
_OTHER = {
    Op.AND: (1, 1), Op.NAND: (1, 1), Op.OR: (-1, -1), Op.NOR: (-1, -1),
    Op.ANDNOT: (-1, 1), Op.ORNOT: (1, -1),
}  # fmt: skip


@dataclass(frozen=True)
class Sensitized:
    """A stem, and what makes the fault's change arrive there.

    Attributes:
        stem: The net.
        literals: That all must be true of the sound netlist.
        unequal: Pairs of nets that must differ.
    """

    stem: int
    literals: tuple[int, ...]
    unequal: tuple[tuple[int, int], ...]


class Regions:
    """The ways of faults in a netlist.

    Parameters:
        netlist: Which.
        watched: Nets that are seen themselves.

    Attributes:
        starts, readers: Gates that read each net, as `fanout` gives them.
    """

    def __init__(self, netlist: GateNetlist, watched: Collection[int]) -> None:
        self.starts, self.readers = (part.tolist() for part in fanout(netlist))
        self._watched = watched
        self._ops = netlist.op.tolist()
        self._operands = netlist.operands.tolist()
        self._driven = netlist.driven.tolist()

    def way(self, fault: Fault) -> Sensitized:
        """What a fault needs to change its stem."""
        gate, pin, kind = fault
        literals: list[int] = []
        unequal: list[tuple[int, int]] = []
        net = self._driven[gate] if pin == OUTPUT else self._operands[gate][pin]
        if kind != Kind.INVERTED:
            literals.append(literal(net) if kind == Kind.STUCK_AT_0 else -literal(net))
        if pin != OUTPUT:
            self._pass(gate, pin, literals, unequal)
            net = self._driven[gate]
        while net not in self._watched and self.starts[net + 1] - self.starts[net] == 1:
            gate = self.readers[self.starts[net]]
            self._pass(gate, self._operands[gate].index(net), literals, unequal)
            net = self._driven[gate]
        return Sensitized(net, tuple(literals), tuple(unequal))

    def _pass(
        self, gate: int, pin: int, literals: list[int], unequal: list[tuple[int, int]]
    ) -> None:
        """What lets a change of one pin through."""
        op, (a, b, s) = self._ops[gate], self._operands[gate]
        if op == Op.MUX and pin == 2:
            unequal.append((a, b))
        elif op == Op.MUX:
            literals.append(literal(s) if pin else -literal(s))
        elif op in _OTHER:
            literals.append(literal((b, a)[pin]) * _OTHER[Op(op)][pin])

    def beyond(self, stem: int) -> list[int]:
        """The gates that a change of the stem can reach."""
        seen = set(self.readers[self.starts[stem] : self.starts[stem + 1]])
        waiting = list(seen)
        while waiting:
            net = self._driven[waiting.pop()]
            for reader in self.readers[self.starts[net] : self.starts[net + 1]]:
                if reader not in seen:
                    seen.add(reader)
                    waiting.append(reader)
        return sorted(seen)
