"""A fault planted on purpose: one gate of the netlist inverted, or one bit of one look-up table.

The same proof must then fail. Of the faults, drawn by a seed, the first one is taken that random
patterns show to matter: not every bit of every table is ever read. So a proof that would pass
whatever it is given is found out by means that owe nothing to the solver.
"""

import random
import time
from dataclasses import dataclass

from .circuit import Bit, Cell, Circuit
from .miter import Miter, make_miter
from .solve import ContradictionError, find, random_values

__all__ = ["Fault", "plant"]

# Look-up tables: the pin of the entry read, and the pins that choose it, the lowest first.
_TABLES = {
    "SB_LUT4": ("O", ("I0", "I1", "I2", "I3")),
    "ICESTORM_LC": ("LO", ("I0", "I1", "I2", "I3")),
    "LUT4": ("Z", ("A", "B", "C", "D")),
}
_TRIES = 100
_PATTERNS = 256


@dataclass(frozen=True)
class Fault:
    """What was inverted, and whether the proof failed because of it."""

    cell: str
    type: str
    what: str
    found: bool
    seconds: float


def plant(left: Circuit, right: Circuit, seed: int, timeout: float) -> Fault | None:
    """Plant a fault in ``right`` that matters, and have the solver find it; ``None`` without one.

    Raises:
        ContradictionError: if the solver calls equal what simulation told apart.
    """
    begun = time.monotonic()
    drawn = _draw(left, right, seed)
    if drawn is None:
        return None
    cell, what, miter = drawn
    inputs = list(miter.inputs.values())
    answer = find(miter.graph, inputs, miter.literals, timeout, patterns=False)
    if answer.values is None and not answer.reason:
        raise ContradictionError(f"The solver did not find a planted fault: {cell.name}, {what}")
    seconds = round(time.monotonic() - begun, 2)
    return Fault(cell.name, cell.type, what, answer.values is not None, seconds)


def _draw(left: Circuit, right: Circuit, seed: int) -> tuple[Cell, str, Miter] | None:
    """A fault that random patterns tell from the sound circuit: its cell, what it is, the miter."""
    draw = random.Random(seed)
    states = {register.output for register in right.registers}
    gates = right.gates.keys() - states
    places = [
        (cell, pin, net)
        for cell in right.cells
        for pin, net in cell.outputs.items()
        if net in gates
    ]
    if not places:
        return None
    for number in range(_TRIES):
        cell, pin, net = draw.choice(places)
        pattern: dict[Bit, int] = {}
        what = f"output {pin} inverted"
        table, choosing = _TABLES.get(cell.type, ("", ()))
        if pin == table:
            # Of an input that is tied, the entry has the value it is tied to.
            chosen = [cell.inputs[name] for name in choosing]
            pattern = {bit: draw.getrandbits(1) for bit in chosen if isinstance(bit, int)}
            bits = [int(pattern.get(bit, bit)) for bit in chosen]
            what = f"bit {sum(bit << n for n, bit in enumerate(bits))} of its table inverted"
        miter = make_miter(left, right.inverted_where(net, pattern))
        values = random_values(list(miter.inputs.values()), seed + number, _PATTERNS)
        if any(miter.graph.simulate(miter.outputs, values, _PATTERNS)):
            return cell, what, miter
    return None
