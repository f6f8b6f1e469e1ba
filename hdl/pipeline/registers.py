"""A scheduled datapath, built: every operator in its stage, and registers for what crosses cuts."""

from collections.abc import Collection

from amaranth.hdl import Cat, Const, Module, Signal, Value

from .datapath import Datapath
from .expression import Concat, Slice, Statement, is_operator, operands, rebuilt
from .schedule import Schedule

__all__ = ["Registers"]

# Amaranth builds an expression anew wherever it is used, be it for one bit of it: an operator that
# is used so, and any expression of more than so many operators and wires, becomes a signal.
_LARGEST = 16


class Registers:
    """The datapath's combinational part goes to the module at once; the registers' assignments are
    handed out stage by stage, because only the caller knows when a stage moves.

    ``first`` is the number of the first stage, for the names of its registers. ``moving`` are the
    inputs that do not stay as they are while the stages wait, by identity; ``None`` for all.
    """

    def __init__(
        self,
        m: Module,
        datapath: Datapath,
        schedule: Schedule,
        first: int,
        moving: Collection[int] | None = None,
    ):
        self._datapath, self._schedule, self._first = datapath, schedule, first
        self._made: dict[tuple[int, int], Value] = {}
        self._names = {id(node.value): node.name for node in datapath.nodes}
        self._used: set[str] = set()
        self._m, self._sizes = m, dict[int, tuple[Value, int]]()
        self._assignments: dict[tuple[int, bool], list[Statement]] = {}
        self._moving = set[int]()
        for number, node in enumerate(datapath.nodes):
            sources = {bit[0] for part in node.operands for bit in part if bit}
            if moving is None or id(node.value) in moving or not self._moving.isdisjoint(sources):
                self._moving.add(number)
        for signal, value in datapath.definitions:
            m.d.comb += signal.eq(self._in_stage(value, schedule.stage(signal)))
        self.outputs = {
            name: self._in_stage(value, schedule.stages) for name, value in datapath.outputs.items()
        }
        """What leaves the last stage."""

    def assignments(self, stage: int, *, staying: bool = False) -> list[Statement]:
        """What the registers at the end of a stage take over when it moves; or those which may do
        so at any time, for what they hold stays."""
        return self._assignments.get((stage, staying), [])

    def _in_stage(self, value: Value, stage: int) -> Value:
        """The value as it is in a stage, not earlier than that which makes it."""
        if isinstance(value, Const):
            return value
        known = self._made.get((id(value), stage))
        if known is None:
            known = self._make(value, stage)
            if self._size(known) > _LARGEST:
                known = self._shared(known)
            self._made[id(value), stage] = known
        return known

    def _make(self, value: Value, stage: int) -> Value:
        if isinstance(value, Slice):
            return self._slice(value.value, value.start, value.stop, stage)
        definition = self._datapath.definition(value) if isinstance(value, Signal) else None
        if definition is not None:
            # A name stands for what it names, which alone is held.
            return (
                value if stage == self._schedule.stage(value) else self._in_stage(definition, stage)
            )
        made_here = isinstance(value, Signal) or is_operator(value)
        if made_here and stage > self._schedule.stage(value):
            return self._register(value, stage)
        return rebuilt(value, lambda operand: self._in_stage(operand, stage))

    def _slice(self, value: Value, start: int, stop: int, stage: int) -> Value:
        """Some bits of a value: of wires side by side, only those that are meant need be there."""
        if start == stop:
            return Const(0, 0)
        if isinstance(value, Slice):
            return self._slice(value.value, value.start + start, value.start + stop, stage)
        if isinstance(value, Concat):
            parts, place = [], 0
            for part in value.parts:
                low, high = max(start - place, 0), min(stop - place, len(part))
                if low < high:
                    parts.append(self._slice(part, low, high, stage))
                place += len(part)
            return Cat(*parts)
        if isinstance(value, Signal) and stage != self._schedule.stage(value):
            definition = self._datapath.definition(value)
            if definition is not None:
                return self._slice(definition, start, stop, stage)
        elif not isinstance(value, Signal | Const) and not is_operator(value):
            inner = self._slice(operands(value)[0], start, stop, stage)
            return rebuilt(value, lambda _: inner)[: stop - start]
        whole = self._in_stage(value, stage)
        if (start, stop) == (0, len(whole)):
            return whole
        if is_operator(whole):
            whole = self._made[id(value), stage] = self._shared(whole)
        return whole[start:stop]

    def _size(self, value: Value) -> int:
        """Operators and wires of an expression, what is shared counted as often as it is used."""
        if isinstance(value, Signal | Const):
            return 0
        if id(value) not in self._sizes:
            # With the value, so that its identity stays its own.
            self._sizes[id(value)] = value, 1 + sum(map(self._size, operands(value)))
        return self._sizes[id(value)][1]

    def _shared(self, value: Value) -> Value:
        """The same value as a signal without a name."""
        signal = Signal(value.shape(), name="")
        self._m.d.comb += signal.eq(value)
        return signal

    def _unused(self, name: str) -> str:
        """The name itself, or with a number behind it where it is taken."""
        free, number = name, 1
        while free in self._used:
            number += 1
            free = f"{name}_{number}"
        self._used.add(free)
        return free

    def _register(self, value: Value, stage: int) -> Value:
        """What was there in the stage before, held: those bits that somebody still reads."""
        before = self._in_stage(value, stage - 1)
        places = self._schedule.held(value, stage)
        if not places:
            return Const(0, before.shape())
        number = self._first + stage - 1
        name = self._names[id(value)]
        low, high = places[0], places[-1]
        slices = len(places) < len(before) and len(places) == high - low + 1
        full = f"stage{number}_{name}"
        if slices:
            full += f"_{high}" if high == low else f"_{high}_{low}"
        full = self._unused(full)
        node = next(bit for bit in self._datapath.bits(value) if bit)[0]
        assignments = self._assignments.setdefault((number, node not in self._moving), [])
        if len(places) == len(before):
            held = Signal(before.shape(), name=full, reset_less=True)
            assignments.append(held.eq(before))
            return held
        held = Signal(len(places), name=full, reset_less=True)
        taken = before[low : high + 1] if slices else Cat(before[place] for place in places)
        assignments.append(held.eq(taken))
        if slices:
            whole: Value = Cat(Const(0, low), held, Const(0, len(before) - high - 1))
        else:
            position = {place: held[n] for n, place in enumerate(places)}
            whole = Cat(position.get(n, Const(0, 1)) for n in range(len(before)))
        return whole.as_signed() if before.shape().signed else whole
