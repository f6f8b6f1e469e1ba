"""The one formula of a proof: two circuits, equal inputs, equal states, pairs to compare.

A circuit with registers is compared by what its outputs and its registers' next values are as
functions of its inputs and its present values. Registers of one side are known on the other by the
names of their nets. There each may be a register, a constant or a function of registers, such as
one that stands for two, or an inverted one; the pair says that this stays so from one cycle to the
next. Together with equal initial values, or with first cycles whose outputs are equal and which end
so, that is equality for ever. (C. van Eijk, "Sequential Equivalence Checking Based on Structural
Similarities", IEEE TCAD 19 (2000).)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .circuit import Bit, Circuit, NetlistError, Register
from .correspondence import find_images, names_of
from .graph import Graph

__all__ = ["Miter", "Pair", "make_miter"]


@dataclass(frozen=True)
class Pair:
    """Two functions that must be equal, and what they are of: ``o_p[3]``, ``next total[0]``."""

    name: str
    left: int
    right: int


@dataclass
class Miter:
    """``inputs`` are the free variables by name, among them the present values of registers.

    ``unmatched`` are registers of either side that the other has nothing for: free variables there.
    ``different`` names registers whose known initial values are not the same; ``initial`` has the
    left's values for those registers of the right whose netlist does not give any. ``images`` are
    the nets of the right that the left's registers are.
    """

    graph: Graph = field(default_factory=Graph)
    inputs: dict[str, int] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    registers: int = 0
    unmatched: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    initial: dict[int, int] = field(default_factory=dict)
    images: dict[int, Bit] = field(default_factory=dict)

    @property
    def literals(self) -> list[tuple[int, int]]:
        """The two functions of each pair."""
        return [(pair.left, pair.right) for pair in self.pairs]

    @property
    def words(self) -> list[list[tuple[int, int]]]:
        """The pairs of each output or register of more than one bit, the lowest bit first."""
        words: dict[str, list[tuple[int, int]]] = {}
        for pair in self.pairs:
            words.setdefault(pair.name[: pair.name.rindex("[")], []).append((pair.left, pair.right))
        return [word for word in words.values() if len(word) > 1]

    @property
    def outputs(self) -> list[int]:
        """For each pair, a literal that is 1 where the two differ."""
        return [self.graph.difference(pair.left, pair.right) for pair in self.pairs]

    @property
    def gates(self) -> tuple[int, int]:
        """The AND gates of each side."""
        return (
            self.graph.gates(pair.left for pair in self.pairs),
            self.graph.gates(pair.right for pair in self.pairs),
        )


def make_miter(left: Circuit, right: Circuit) -> Miter:
    """Both circuits in one graph.

    Raises:
        NetlistError: if their ports differ, or a register has another clock than the port ``clk``.
    """
    _check_ports(left, right)
    miter = Miter()
    leaves: tuple[dict[Bit, int], dict[Bit, int]] = ({}, {})
    for name, bits in left.inputs.items():
        for n, (a, b) in enumerate(zip(bits, right.inputs[name], strict=True)):
            leaves[0][a] = leaves[1][b] = _variable(miter, f"{name}[{n}]")
    for side, circuit in enumerate((left, right)):
        for n, bit in enumerate(circuit.unknown):
            leaves[side][bit] = _variable(miter, f"unknown {side}.{n}")
    names = names_of(left)
    for register in right.registers:
        name = _register_name(right, register)
        leaves[1][register.output] = _variable(miter, name)
    images = miter.images = find_images(left, right, names)
    functions = right.literals(miter.graph, leaves[1], images.values())
    of = dict(zip(images, functions, strict=True))
    seen = set(images.values())
    miter.unmatched = [
        _register_name(right, register)
        for register in right.registers
        if register.output not in seen
    ]
    for register in left.registers:
        name = names[register.output][0]
        if register.output not in of:
            of[register.output] = _variable(miter, name)
            miter.unmatched.append(name)
        leaves[0][register.output] = of[register.output]
    _check_clocks(miter.graph, left, leaves[0])
    _check_clocks(miter.graph, right, leaves[1])
    for name, bits in left.outputs.items():
        one = left.literals(miter.graph, leaves[0], bits)
        other = right.literals(miter.graph, leaves[1], right.outputs[name])
        miter.pairs += [
            Pair(f"{name}[{n}]", a, b) for n, (a, b) in enumerate(zip(one, other, strict=True))
        ]
    _compare_states(miter, left, right, leaves, images, names)
    return miter


def _check_ports(left: Circuit, right: Circuit) -> None:
    for what in ("inputs", "outputs"):
        one, other = (
            {name: len(bits) for name, bits in getattr(side, what).items()}
            for side in (left, right)
        )
        if one != other:
            raise NetlistError(f"Both sides must have the same {what}, not {one} and {other}")


def _variable(miter: Miter, name: str) -> int:
    while name in miter.inputs:
        name += "'"
    miter.inputs[name] = miter.graph.input()
    return miter.inputs[name]


def _register_name(circuit: Circuit, register: Register) -> str:
    return circuit.name_of(register.output)


def _check_clocks(graph: Graph, circuit: Circuit, leaves: Mapping[Bit, int]) -> None:
    if not circuit.registers:
        return
    (clock,) = (leaves[bit] for bit in circuit.inputs.get("clk", []))
    found = circuit.literals(graph, leaves, [register.clock for register in circuit.registers])
    for register, literal in zip(circuit.registers, found, strict=True):
        if literal ^ register.inverted != clock:
            name = _register_name(circuit, register)
            raise NetlistError(f"The register {name} must have the clock clk, and has another")


def _compare_states(
    miter: Miter,
    left: Circuit,
    right: Circuit,
    leaves: tuple[dict[Bit, int], dict[Bit, int]],
    images: Mapping[int, Bit],
    names: Mapping[int, list[str]],
) -> None:
    """Pairs for the next value of every register that both sides have, and their initial values."""
    graph = miter.graph
    following: dict[int, int] = dict(
        zip(
            (register.output for register in right.registers),
            right.literals(graph, leaves[1], [register.data for register in right.registers]),
            strict=True,
        )
    )
    matched = [register for register in left.registers if register.output in images]
    miter.registers = len(matched)
    data = left.literals(graph, leaves[0], [register.data for register in matched])
    wanted = [images[register.output] for register in matched]
    # What is a function of registers is next that function of their next values; where inputs
    # take part, of next inputs, which may be anything.
    later: dict[Bit, int] = {**following}
    if any(isinstance(bit, int) and bit not in following for bit in wanted):
        later |= _next_inputs(miter, right)
    then = right.literals(graph, later, wanted)
    for register, one, other in zip(matched, data, then, strict=True):
        miter.pairs.append(Pair(f"next {names[register.output][0]}", one, other))
    start: dict[Bit, int] = {
        register.output: graph.input() if register.initial is None else register.initial
        for register in right.registers
    }
    free = {bit: graph.input() for bit in later if bit not in start}
    begin = right.literals(graph, {**free, **start}, wanted)
    for register, literal in zip(matched, begin, strict=True):
        if register.initial is not None and literal == 1 - register.initial:
            miter.different.append(names[register.output][0])
    unknown = {r.output for r in right.registers if r.initial is None}
    for register in matched:
        image = images[register.output]
        if isinstance(image, int) and image in unknown and register.initial is not None:
            miter.initial[image] = register.initial


def _next_inputs(miter: Miter, circuit: Circuit) -> dict[Bit, int]:
    variables: dict[Bit, int] = {
        bit: _variable(miter, f"next {name}[{n}]")
        for name, bits in circuit.inputs.items()
        for n, bit in enumerate(bits)
    }
    for n, bit in enumerate(circuit.unknown):
        variables[bit] = _variable(miter, f"next unknown {n}")
    return variables
