"""A difference, shown from the start: both sides from reset, cycle by cycle, as one formula.

A step of the proof by induction may fail in a state that the unit never comes to. Only what differs
within some cycles from reset is a refutation.
"""

from collections.abc import Mapping, Sequence

from ...gen.port import Port
from .circuit import Bit, Circuit
from .graph import FALSE, TRUE, Graph
from .solve import find
from .values import Cycle, cycle

__all__ = ["trace"]


def trace(
    left: Circuit,
    right: Circuit,
    initial: Mapping[int, int],
    ports: Sequence[Port],
    cycles: int,
    timeout: float,
) -> list[Cycle]:
    """The cycles up to the first one in which an output differs; none where none was found.

    The first cycle has the reset. ``initial`` are the values of registers of the right at the start
    that its netlist says nothing of; without one they are 0, as on the left.
    """
    graph = Graph()
    states = [_start(left, {}), _start(right, initial)]
    steps: list[tuple[dict[str, int], dict[str, int], dict[str, int]]] = []
    free: list[int] = []
    for number in range(cycles):
        inputs: dict[str, int] = {}
        leaves: tuple[dict[Bit, int], dict[Bit, int]] = (dict(states[0]), dict(states[1]))
        for name, bits in left.inputs.items():
            for n, (one, other) in enumerate(zip(bits, right.inputs[name], strict=True)):
                literal = _input(graph, name, number)
                inputs[f"{name}[{n}]"] = leaves[0][one] = leaves[1][other] = literal
                free += [literal] if literal > TRUE else []
        results: list[dict[str, int]] = []
        for side, circuit in enumerate((left, right)):
            leaves[side].update({bit: graph.input() for bit in circuit.unknown})
            free += [leaves[side][bit] for bit in circuit.unknown]
            names = [f"{name}[{n}]" for name, b in circuit.outputs.items() for n in range(len(b))]
            outputs = [bit for bits in circuit.outputs.values() for bit in bits]
            data = [register.data for register in circuit.registers]
            found = circuit.literals(graph, leaves[side], [*outputs, *data])
            results.append(dict(zip(names, found[: len(names)], strict=True)))
            states[side] = {
                register.output: literal
                for register, literal in zip(circuit.registers, found[len(names) :], strict=True)
            }
        steps.append((inputs, results[0], results[1]))
    pairs = [(one[name], other[name]) for _, one, other in steps for name in one]
    values = find(graph, free, pairs, timeout).values
    if values is None:
        return []
    told: list[Cycle] = []
    for inputs, one, other in steps:
        literals = [*inputs.values(), *one.values(), *other.values()]
        bits = graph.simulate(literals, values, 1)
        names = iter(bits)
        given, a, b = (dict(zip(side, names, strict=False)) for side in (inputs, one, other))
        told.append(cycle(ports, given.__getitem__, a, b))
        if a != b:
            break
    return told


def _start(circuit: Circuit, given: Mapping[int, int]) -> dict[Bit, int]:
    return {
        register.output: (FALSE, TRUE)[
            given.get(register.output, 0) if register.initial is None else register.initial
        ]
        for register in circuit.registers
    }


def _input(graph: Graph, name: str, number: int) -> int:
    if name == "clk":
        return FALSE
    if name == "rst":
        return FALSE if number else TRUE
    return graph.input()
