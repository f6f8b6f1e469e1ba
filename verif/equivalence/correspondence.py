"""Which net of the other side each register is: by name, or guessed where the name is gone.

A guess is not taken on trust: that it holds from one cycle to the next is among what is proven.
"""

import random
from collections.abc import Mapping, Sequence

from .circuit import Bit, Circuit, Register
from .graph import Graph

__all__ = ["find_images", "names_of"]

_PATTERNS = 1024
_ALL = (1 << _PATTERNS) - 1


def names_of(circuit: Circuit) -> dict[int, list[str]]:
    """All names of each register, the best first: that of a wire, not that of a port."""
    ports = {f"{n}[" for n in (*circuit.inputs, *circuit.outputs)}
    names: dict[int, list[str]] = {register.output: [] for register in circuit.registers}
    for name, bit in circuit.names.items():
        if isinstance(bit, int) and bit in names:
            names[bit].append(name)
    for found in names.values():
        found.sort(key=lambda n: (n[: n.rindex("[") + 1] in ports, n.startswith("$"), len(n), n))
    return {bit: found or [f"number {bit}"] for bit, found in names.items()}


def find_images(
    left: Circuit, right: Circuit, names: Mapping[int, Sequence[str]]
) -> dict[int, Bit]:
    """For registers of the left, what they are on the right, as far as that is found."""
    images = _by_name(left, right, names)
    if len(images) < len(left.registers):
        patterns = _Patterns(left)
        images |= patterns.constants(images)
        images |= patterns.doubles(images)
    return images


def _by_name(
    left: Circuit, right: Circuit, names: Mapping[int, Sequence[str]]
) -> dict[int, Bit]:
    """The net that has one of the names: a register's, if there is one, before any other."""
    states = {register.output for register in right.registers}
    images: dict[int, Bit] = {}
    for register in left.registers:
        # The Verilog has no dollar signs in names.
        known = [*names[register.output], *(n.replace("$", "_") for n in names[register.output])]
        found = [right.names[name] for name in known if name in right.names]
        found.sort(key=lambda bit: bit not in states)
        if found:
            images[register.output] = found[0]
    return images


class _Patterns:
    """A circuit's registers at random inputs and random present values."""

    def __init__(self, circuit: Circuit) -> None:
        self._registers = circuit.registers
        self._graph, draw = Graph(), random.Random(0)
        bits = [bit for bits in circuit.inputs.values() for bit in bits] + circuit.unknown
        states = [register.output for register in circuit.registers]
        leaves: dict[Bit, int] = {bit: self._graph.input() for bit in (*bits, *states)}
        data = [register.data for register in circuit.registers]
        self._data = dict(zip(states, circuit.literals(self._graph, leaves, data), strict=True))
        self._present = {state: leaves[state] for state in states}
        self._values = {literal: draw.getrandbits(_PATTERNS) for literal in leaves.values()}

    def _next(self, outputs: Sequence[int], changed: Mapping[int, int]) -> list[int]:
        """What the registers take, some present values being given."""
        values = self._values | {self._present[state]: word for state, word in changed.items()}
        return self._graph.simulate([self._data[output] for output in outputs], values, _PATTERNS)

    def _others(self, images: Mapping[int, Bit]) -> list[Register]:
        return [r for r in self._registers if r.output not in images and r.initial is not None]

    def constants(self, images: Mapping[int, Bit]) -> dict[int, Bit]:
        """Registers that, wherever they all have their initial values, keep them.

        Those that do by themselves, then those that do if these do, until there are no more.
        """
        found: dict[int, Bit] = {}
        fixed: dict[int, int] = {}
        while True:
            others = self._others({**images, **found})
            words = self._next([register.output for register in others], fixed)
            more = {
                register.output: register.initial
                for register, word in zip(others, words, strict=True)
                if not self._leaves(register, word)
            }
            if not more:
                return found
            found |= {output: str(value) for output, value in more.items()}
            fixed |= {output: -value & _ALL for output, value in more.items() if value is not None}

    def _leaves(self, register: Register, word: int) -> int:
        """The patterns in which a register has its initial value and takes another."""
        present = self._values[self._present[register.output]]
        if register.initial == 0:
            return word & ~present
        return ~word & present

    def doubles(self, images: Mapping[int, Bit]) -> dict[int, Bit]:
        """Registers that, wherever they have the value of a known one, take the same as it."""
        zeros = dict.fromkeys(self._present, 0)
        known = [register for register in self._registers if register.output in images]
        by_word: dict[int, list[Register]] = {}
        for register, word in zip(
            known, self._next([r.output for r in known], zeros), strict=True
        ):
            by_word.setdefault(word, []).append(register)
        found: dict[int, Bit] = {}
        others = self._others(images)
        for register, word in zip(
            others, self._next([r.output for r in others], zeros), strict=True
        ):
            for twin in by_word.get(word, []):
                value = self._values[self._present[twin.output]]
                pair = [register.output, twin.output]
                one, other = self._next(pair, {register.output: value})
                if one == other and register.initial == twin.initial:
                    found[register.output] = images[twin.output]
                    break
        return found
