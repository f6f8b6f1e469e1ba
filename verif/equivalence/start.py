"""Both sides from their beginning, cycle by cycle, as one formula.

A step of the proof by induction may fail in a state that the unit never comes to. Only what differs
within some cycles from reset is a refutation. And its registers need not correspond from the first
moment on: one that synthesis knows to take a constant has another value before its first clock, and
nobody reads it then. It suffices that they do after some cycles, if until then no output differs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any, NamedTuple

from ...gen.port import Port
from .circuit import Bit, Circuit
from .graph import FALSE, TRUE, Graph
from .miter import Miter
from .solve import find
from .values import Cycle, cycle

__all__ = ["settled_after", "trace"]


class _Step(NamedTuple):
    """One cycle: the ports' bits by name, and the nets of inputs and registers on both sides."""

    inputs: dict[str, int]
    left: dict[str, int]
    right: dict[str, int]
    leaves: tuple[dict[Bit, int], dict[Bit, int]]


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
    free: list[int] = []

    def port(name: str, number: int) -> int:
        if name == "clk":
            return FALSE
        if name == "rst":
            return FALSE if number else TRUE
        return _fresh(graph, free)

    states = _states(left, {}, lambda: FALSE), _states(right, initial, lambda: FALSE)
    steps = list(islice(_steps(graph, (left, right), states, port, free), cycles))
    pairs = [(step.left[name], step.right[name]) for step in steps for name in step.left]
    values = find(graph, free, pairs, timeout).values
    if values is None:
        return []
    told: list[Cycle] = []
    for step in steps:
        sides = step[:3]
        literals = [literal for side in sides for literal in side.values()]
        names = iter(graph.simulate(literals, values, 1))
        given, a, b = (dict(zip(side, names, strict=False)) for side in sides)
        told.append(cycle(ports, given.__getitem__, a, b))
        if a != b:
            break
    return told


def settled_after(
    left: Circuit, right: Circuit, miter: Miter, cycles: int, timeout: float
) -> int | None:
    """The first cycle, of so many, at whose beginning the registers correspond as in ``miter``,
    whatever the ports hold, and before which no output differs; none where none is known.

    A register of whose beginning neither side says anything may hold anything.
    """
    graph = Graph()
    free: list[int] = []

    def anything(*_: Any) -> int:
        return _fresh(graph, free)

    states = _states(left, {}, anything), _states(right, miter.initial, anything)
    outputs: list[tuple[int, int]] = []
    steps = _steps(graph, (left, right), states, anything, free)
    for number, step in enumerate(islice(steps, cycles + 1)):
        images = right.literals(graph, step.leaves[1], miter.images.values())
        registers = zip((step.leaves[0][bit] for bit in miter.images), images, strict=True)
        if number:
            found = find(graph, free, [*outputs, *registers], timeout)
            if found.values is None:
                return None if found.reason else number
        outputs += ((step.left[name], step.right[name]) for name in step.left)
    return None


def _steps(
    graph: Graph,
    sides: tuple[Circuit, Circuit],
    states: tuple[dict[Bit, int], dict[Bit, int]],
    port: Callable[[str, int], int],
    free: list[int],
) -> Iterator[_Step]:
    """Cycle after cycle from the given states on; ``port`` makes an input's bit in a cycle."""
    for number in count():
        inputs: dict[str, int] = {}
        leaves = dict(states[0]), dict(states[1])
        for name, bits in sides[0].inputs.items():
            for n, (one, other) in enumerate(zip(bits, sides[1].inputs[name], strict=True)):
                inputs[f"{name}[{n}]"] = leaves[0][one] = leaves[1][other] = port(name, number)
        outputs: list[dict[str, int]] = []
        later: list[dict[Bit, int]] = []
        for own, circuit in zip(leaves, sides, strict=True):
            own.update({bit: _fresh(graph, free) for bit in circuit.unknown})
            names = [f"{name}[{n}]" for name, b in circuit.outputs.items() for n in range(len(b))]
            ends = [bit for bits in circuit.outputs.values() for bit in bits]
            data = [register.data for register in circuit.registers]
            found = circuit.literals(graph, own, [*ends, *data])
            outputs.append(dict(zip(names, found[: len(names)], strict=True)))
            registers = (register.output for register in circuit.registers)
            later.append(dict(zip(registers, found[len(names) :], strict=True)))
        yield _Step(inputs, outputs[0], outputs[1], leaves)
        states = later[0], later[1]


def _states(
    circuit: Circuit, given: Mapping[int, int], unknown: Callable[[], int]
) -> dict[Bit, int]:
    """What registers hold at first, as literals; ``given`` is for those whose netlist is silent."""
    states: dict[Bit, int] = {}
    for register in circuit.registers:
        value = given.get(register.output) if register.initial is None else register.initial
        states[register.output] = unknown() if value is None else (FALSE, TRUE)[value]
    return states


def _fresh(graph: Graph, free: list[int]) -> int:
    free.append(graph.input())
    return free[-1]
