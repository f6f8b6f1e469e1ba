"""A string of bits in pieces of one size, handed on in pieces of another.

What comes in is held by its sender until its last bit is used. What leaves is gathered in the
register that offers it, each bit in its place; beside that only those bits are kept that a piece
has left when it completed another one.
"""

from collections.abc import Sequence
from functools import reduce
from math import gcd
from operator import or_
from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from ..pipeline import Step, pipelined, wire

__all__ = ["Gearbox"]

# By place, and then by phase, the bit that comes there.
_Sources = dict[int, dict[int, Value]]


class _Phase(NamedTuple):
    """What one cycle of the schedule does: ``held`` bits are there from pieces before, and the
    first ``start`` bits of this piece have been used."""

    held: int
    start: int
    emits: bool
    takes: bool


def _schedule(taken: int, given: int) -> list[_Phase]:
    """One period: until the first bit of a piece taken is the first bit of one given again."""
    phases, held, start = [], 0, 0
    while not phases or held or start:
        emits = held + taken - start >= given
        after = start + given - held if emits else taken
        takes = not emits or taken - after < given
        phases.append(_Phase(held, start, emits, takes))
        if takes:
            held, start = (taken - after if emits else held + taken - start), 0
        else:
            held, start = 0, after
    return phases


class Gearbox:
    """Takes pieces of one size and gives pieces of another, the lowest bit first.

    Parameters
    ----------
    source, taken
        What a piece that is taken is called, and its bits.
    target, given
        The same of a piece that is given.

    Attributes
    ----------
    clocked : bool
        Whether there is more than one phase, and so a state.
    interval : int
        Cycles for which a piece is held at the most.
    period : int
        Pieces taken until the schedule starts again.
    """

    def __init__(self, source: str, taken: int, target: str, given: int):
        self._source, self._target, self._given = source, target, given
        self._phases = _schedule(taken, given)
        self.clocked = len(self._phases) > 1
        self.interval = -(-taken // given)
        self.period = given // gcd(taken, given)

    def check_stages(self, stages: int) -> None:
        """Refuse a combinational unit where there is a state.

        Raises:
            ValueError: saying why there must be a stage.
        """
        if self.clocked and stages == 0:
            raise ValueError(
                "The number of pipeline stages must be at least 1, not 0: with elements that "
                "straddle words, or several beats a word, the unit has a clock"
            )

    def connect(
        self,
        m: Module,
        steps: Sequence[Step],
        stages: int,
        piece: Value,
        valid: Value,
        ready: Value,
    ) -> tuple[dict[str, Any], Value, Value]:
        """A unit's connections: the phases one after the other, while the sender holds the piece,
        and behind them the steps, which find what leaves as ``values["bits"]``."""
        if not self.clocked:
            outputs, offered, moves = pipelined(m, steps, stages, {"bits": piece}, valid, ready)
            return outputs, offered, moves
        phases, room = self._phases, Signal(name="room")
        phase = Signal(range(len(phases)), name="phase")
        at = [wire(m, f"at{k}", phase == k) for k in range(len(phases))]
        emits = wire(m, "emits", _any(at, [p.emits for p in phases]))
        takes = wire(m, "takes", _any(at, [p.takes for p in phases]))
        gathered = Signal(self._given, name=self._target, reset_less=True)
        complete = Signal(name=f"{self._target}_valid")
        left = Signal(self._most_left, name="left", reset_less=True)
        with m.If(room):
            m.d.sync += complete.eq(valid & emits)
        moved = room & valid
        with m.If(moved):
            m.d.sync += phase.eq(Mux(at[-1], 0, phase + 1))
        for register, sources in (
            (gathered, self._gathered(piece, left)),
            (left, self._left(piece)),
        ):
            for low, high, choices in _runs(sources):
                chosen = [(at[k], Cat(bits)) for k, bits in choices]
                load: Value = Cat(here for here, _ in chosen).any()
                # A bit may be anything until its phase is over, unless it is offered or read in it.
                if any(phases[k - 1].emits for k, _ in choices):
                    load = load & moved
                with m.If(load):
                    m.d.sync += register[low:high].eq(_select(chosen))
        # The register that gathers is the first stage.
        outputs, offered, moves = pipelined(
            m, steps, stages - 1, {"bits": gathered}, complete, ready
        )
        m.d.comb += room.eq(moves | ~complete)
        return outputs, offered, wire(m, f"{self._source}_done", takes & room)

    def _gathered(self, piece: Value, left: Value) -> _Sources:
        """What leaves, by its places: from the piece at hand, and first of all from what was left.
        What is there already stays where it is."""
        sources: _Sources = {}
        for k, phase in enumerate(self._phases):
            if self._phases[k - 1].emits:
                for place in range(phase.held):
                    sources.setdefault(place, {})[k] = left[place]
            ours = piece[phase.start :][: self._given - phase.held]
            for n, bit in enumerate(ours):
                sources.setdefault(phase.held + n, {})[k] = bit
        return sources

    def _left(self, piece: Value) -> _Sources:
        """What a piece has left when it is done with and has completed another."""
        sources: _Sources = {}
        for k, phase in enumerate(self._phases):
            if phase.emits and phase.takes:
                for n, bit in enumerate(piece[phase.start + self._given - phase.held :]):
                    sources.setdefault(n, {})[k] = bit
        return sources

    @property
    def _most_left(self) -> int:
        phases = self._phases
        return max((p.held for k, p in enumerate(phases) if phases[k - 1].emits), default=0)


def _runs(sources: _Sources) -> list[tuple[int, int, list[tuple[int, list[Value]]]]]:
    """Neighbouring places that change in the same phases, from one and up to another, and in each
    of these phases to what."""
    runs: list[list[int]] = []
    for place in sorted(sources):
        phases = sources[place].keys()
        if runs and runs[-1][-1] == place - 1 and sources[place - 1].keys() == phases:
            runs[-1].append(place)
        else:
            runs.append([place])
    return [
        (run[0], run[-1] + 1, [(k, [sources[n][k] for n in run]) for k in sources[run[0]]])
        for run in runs
    ]


def _any(at: Sequence[Value], holds: Sequence[bool]) -> Value:
    if all(holds):
        return Const(1, 1)
    return Cat(here for here, yes in zip(at, holds, strict=True) if yes).any()


def _select(choices: Sequence[tuple[Value, Value]]) -> Value:
    """The value whose bit is set; one of them is."""
    if len(choices) == 1:
        return choices[0][1]
    return reduce(or_, (value & here.replicate(len(value)) for here, value in choices))
