"""A stretch of combinational logic, recorded instead of built, so that it can be cut afterwards."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from amaranth.hdl import Const, Signal, Value

from .expression import Concat, Slice, Statement, fitted, is_operator, needs, operands

__all__ = ["Bit", "Datapath", "Node", "signals"]

Bit = tuple[int, int] | None
"""A node by its place in the list, and which bit of it; None for a constant."""


@dataclass(frozen=True)
class Node:
    """An operator or, without operands, an input. What lies between nodes is wires."""

    value: Value
    name: str
    operands: Sequence[Sequence[Bit]] = ()


class Datapath:
    """Stands where steps expect a module, and keeps their assignments.

    Attributes
    ----------
    d : namespace
        ``d.comb`` takes assignments of whole signals, each signal once.
    outputs : dict of Value
        What the last step returned.
    late : collection of Signal
        Inputs that are there in the last stage only: the state that a sum returns to.
    """

    def __init__(self) -> None:
        self.d = _Domains(self)
        self.outputs: dict[str, Value] = {}
        self.late: Collection[Signal] = ()
        self._assigned: dict[int, tuple[Signal, Value]] = {}
        self._nodes: list[Node] = []
        self._bits: dict[int, list[Bit]] = {}

    def assign(self, statement: Any) -> None:
        """Keep one assignment.

        Raises:
            TypeError: if it is conditional, partial, or the second of its signal.
        """
        signal = getattr(statement, "lhs", None)
        if not isinstance(signal, Signal) or id(signal) in self._assigned:
            raise TypeError(f"A step must assign whole signals, once each, not {statement!r}")
        self._assigned[id(signal)] = signal, fitted(statement.rhs, signal.shape())

    def close(self, outputs: Mapping[str, Any]) -> None:
        """End the recording; ``outputs`` are what leaves the datapath."""
        self.outputs = {name: Value.cast(value) for name, value in outputs.items()}
        ordered: dict[int, tuple[Signal, Value]] = {}
        for key in self._assigned:
            self._order(key, ordered, set())
        self._assigned = ordered

    def _order(self, key: int, ordered: dict[int, tuple[Signal, Value]], above: set[int]) -> None:
        """Append an assignment behind those that it reads; else they stay as they were made."""
        if key in ordered or key not in self._assigned:
            return
        signal, value = self._assigned[key]
        if key in above:
            raise TypeError(f"A step must not make a loop, as it does of '{signal.name}'")
        for read in signals(value):
            self._order(read, ordered, above | {key})
        ordered[key] = signal, value

    def definition(self, signal: Signal) -> Value | None:
        """What is assigned to a signal, of its shape; None for an input."""
        found = self._assigned.get(id(signal))
        return found[1] if found else None

    @property
    def definitions(self) -> Iterator[tuple[Signal, Value]]:
        """Signals with what is assigned to them, operands before results."""
        yield from self._assigned.values()

    @cached_property
    def nodes(self) -> Sequence[Node]:
        """Operators and inputs, operands before results."""
        for signal, _ in self._assigned.values():
            self._trace(signal, signal.name)
        for name, value in self.outputs.items():
            self._trace(value, name)
        return self._nodes

    @cached_property
    def readers(self) -> Sequence[dict[int, set[int]]]:
        """For each node, by bits of it, the operators that read it; one behind the last stands for
        the outputs."""
        readers: list[dict[int, set[int]]] = [{} for _ in self.nodes]

        def read(bits: Iterable[Bit], reader: int) -> None:
            for bit in bits:
                if bit is not None:
                    readers[bit[0]].setdefault(bit[1], set()).add(reader)

        for value in self.outputs.values():
            read(self.bits(value), len(self.nodes))
        for number in reversed(range(len(self.nodes))):
            node, wanted = self.nodes[number], readers[number]
            for part, needed in zip(node.operands, needs(node.value, set(wanted)), strict=True):
                read((bit for place, bit in enumerate(part) if place in needed), number)
        return readers

    def bits(self, value: Value) -> list[Bit]:
        """Where each bit of an expression comes from, through wires and inverters."""
        _ = self.nodes
        return self._bits[id(value)]

    def _trace(self, value: Value, name: str) -> list[Bit]:
        known = self._bits.get(id(value))
        if known is None:
            known = self._bits[id(value)] = self._origins(value, name)
        return known

    def _origins(self, value: Value, name: str) -> list[Bit]:
        if isinstance(value, Const):
            return [None] * len(value)
        if isinstance(value, Signal):
            definition = self.definition(value)
            if definition is not None:
                return self._trace(definition, value.name)
            return self._node(Node(value, value.name))
        parts = [self._trace(operand, name) for operand in operands(value)]
        if isinstance(value, Slice):
            return parts[0][value.start : value.stop]
        if isinstance(value, Concat):
            return [bit for part in parts for bit in part]
        if is_operator(value):
            return self._node(Node(value, name, parts))
        return parts[0]

    def _node(self, node: Node) -> list[Bit]:
        self._nodes.append(node)
        return [(len(self._nodes) - 1, place) for place in range(len(node.value))]


class _Domains:
    """So that ``m.d.comb += ...`` means what it does in a module."""

    def __init__(self, datapath: Datapath):
        self._comb = _Statements(datapath)

    @property
    def comb(self) -> "_Statements":
        return self._comb

    @comb.setter
    def comb(self, statements: "_Statements") -> None:
        assert statements is self._comb


class _Statements:
    def __init__(self, datapath: Datapath):
        self._datapath = datapath

    def __iadd__(self, statements: Any) -> "_Statements":
        if isinstance(statements, Statement):
            statements = [statements]
        for statement in statements:
            self._datapath.assign(statement)
        return self


def signals(value: Value) -> list[int]:
    """The identities of all signals in an expression, in the order of reading."""
    found: dict[int, None] = {}
    seen: set[int] = set()
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, Signal):
            found[id(value)] = None
        elif id(value) not in seen:
            seen.add(id(value))
            todo.extend(reversed(operands(value)))
    return list(found)
