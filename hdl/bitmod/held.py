"""What one pipeline hands to another that works on it for several cycles."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Module, Signal, Value

from ..pipeline import Step, pipelined, serial

__all__ = ["Held"]


class Held:
    """Values in a register, taken as soon as it is free.

    Parameters
    ----------
    values
        What is held.
    offered
        Whether they are there.
    taken
        Set where they could be taken now.
    """

    def __init__(self, m: Module, values: Mapping[str, Any], offered: Value, taken: Signal):
        self._values = {
            n: Signal(len(x), name=f"group_{n}", reset_less=True) for n, x in values.items()
        }
        self._full, self._done = Signal(name="group_valid"), Signal(name="group_scaled")
        m.d.comb += taken.eq(~self._full | self._done)
        with m.If(taken):
            m.d.sync += self._full.eq(offered)
            with m.If(offered):
                m.d.sync += [register.eq(values[n]) for n, register in self._values.items()]

    def worked_on(
        self, m: Module, cycles: int, steps: Sequence[Step], stages: int, ready: Value
    ) -> tuple[dict[str, Any], Value]:
        """What the steps make of the values, shown to them for as many cycles, and its ``valid``;
        ``ready`` is that of the result."""
        moves = Signal(name="scale_moves")
        values, done = serial(m, cycles, self._values, self._full, moves)
        outputs, offered, move = pipelined(m, steps, stages, values, self._full, ready)
        m.d.comb += [moves.eq(move), self._done.eq(done)]
        return outputs, offered
