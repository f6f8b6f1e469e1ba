"""A circuit of simple gates, flat, with the names that its registers go by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from .graph import FALSE, TRUE, Graph

__all__ = ["Bit", "Cell", "Circuit", "NetlistError", "Register"]

Bit = int | str
"""A net, or a constant: ``0`` or ``1``; in a netlist as read, also ``x`` and ``z``."""


class NetlistError(RuntimeError):
    """A netlist has something that a proof cannot be made of."""


@dataclass(frozen=True)
class Register:
    """One bit of state: its clock, what it takes, its output, and its value at the start."""

    clock: Bit
    inverted: int
    data: Bit
    output: int
    initial: int | None


@dataclass(frozen=True)
class Cell:
    """A cell of the netlist: the nets at its inputs and at its outputs, by pin."""

    name: str
    type: str
    inputs: Mapping[str, Bit]
    outputs: Mapping[str, int]


@dataclass
class Circuit:
    """Nets are numbers; ``gates`` has what drives each, ``names`` the names of those outside.

    A name is that of a wire with the number of the bit, as ``total[3]``. ``unknown`` are nets that
    stand for a value of which the netlist says nothing: a proof must hold for both.
    """

    inputs: dict[str, list[Bit]] = field(default_factory=dict)
    outputs: dict[str, list[Bit]] = field(default_factory=dict)
    gates: dict[int, tuple[str, tuple[Bit, ...]]] = field(default_factory=dict)
    registers: list[Register] = field(default_factory=list)
    names: dict[str, Bit] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    size: int = 0

    def new_net(self) -> int:
        self.size += 1
        return self.size

    def literals(self, graph: Graph, leaves: Mapping[Bit, int], wanted: Iterable[Bit]) -> list[int]:
        """What nets are as functions of the given leaves, inputs and registers.

        Raises:
            NetlistError: at a net without a driver, an unknown value, or a loop.
        """
        known: dict[Bit, int] = {"0": FALSE, "1": TRUE, **leaves}
        wanted = list(wanted)
        for root in wanted:
            path, inside = [root], {root}
            while path:
                bit = path[-1]
                if bit in known:
                    path.pop()
                    inside.discard(bit)
                    continue
                if not isinstance(bit, int) or bit not in self.gates:
                    name = self.name_of(bit)
                    raise NetlistError(f"The net {name} must have a driver, and has none")
                kind, operands = self.gates[bit]
                if kind == "$_MUX_" and known.get(operands[2]) in (FALSE, TRUE):
                    # An enable that is tied: the other side need not be known.
                    kind, operands = "$_BUF_", operands[known[operands[2]] :][:1]
                missing = [operand for operand in reversed(operands) if operand not in known]
                if not missing:
                    known[bit] = _gate(graph, kind, [known[operand] for operand in operands])
                    continue
                if kind == "$_MUX_" and missing[0] in inside and missing[0] == operands[2]:
                    # A table that reads an input it does not depend on, as its own carry may be.
                    missing = [operand for operand in operands[:2] if operand not in known]
                    if not missing and known[operands[0]] == known[operands[1]]:
                        known[bit] = known[operands[0]]
                        continue
                    missing = missing or [operands[2]]
                if missing[0] in inside:
                    raise NetlistError(f"The net {self.name_of(bit)} depends on itself")
                path.append(missing[0])
                inside.add(missing[0])
        return [known[bit] for bit in wanted]

    def name_of(self, bit: Bit) -> str:
        """The shortest name of a net, or its number."""
        names = [name for name, other in self.names.items() if other == bit]
        return min(names, key=lambda name: (len(name), name), default=f"number {bit}")

    def inverted_where(self, output: int, pattern: Mapping[Bit, int]) -> "Circuit":
        """The circuit with a gate's output inverted wherever other nets have the given values."""
        new = replace(self, gates=dict(self.gates))
        hit: Bit = "1"
        for bit, value in pattern.items():
            net = new.new_net()
            new.gates[net] = ("$_AND_" if value else "$_ANDNOT_", (hit, bit))
            hit = net
        moved = new.new_net()
        new.gates[moved] = new.gates[output]
        new.gates[output] = ("$_XOR_", (moved, hit))
        return new


def _gate(graph: Graph, kind: str, operands: list[int]) -> int:
    a, b = operands[0], operands[-1]
    match kind:
        case "$_BUF_":
            return a
        case "$_NOT_":
            return a ^ 1
        case "$_AND_":
            return graph.conjunction(a, b)
        case "$_NAND_":
            return graph.conjunction(a, b) ^ 1
        case "$_OR_":
            return graph.disjunction(a, b)
        case "$_NOR_":
            return graph.disjunction(a, b) ^ 1
        case "$_XOR_":
            return graph.difference(a, b)
        case "$_XNOR_":
            return graph.difference(a, b) ^ 1
        case "$_ANDNOT_":
            return graph.conjunction(a, b ^ 1)
        case "$_ORNOT_":
            return graph.disjunction(a, b ^ 1)
        case _:  # $_MUX_: B where S is 1
            return graph.choice(operands[2], operands[1], a)
