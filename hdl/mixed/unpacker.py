"""From words of memory to elements of any few bits, which may straddle the words."""

from collections.abc import Mapping, Sequence
from functools import reduce
from math import gcd
from operator import or_
from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..formats import IntegerFormat, NumberFormat, parse_format
from ..pipeline import Step, pipelined, wire
from ..unit import Unit, check_positive

__all__ = ["Unpacker"]

_CONTAINER = 8  # bits, of elements in the high part of bytes


class _Phase(NamedTuple):
    """What one cycle of the schedule does: ``held`` bits are there from words before, and the first
    ``start`` bits of this word have been used."""

    held: int
    start: int
    emits: bool
    takes: bool

    def source(self, place: int, word: Value, left: Value) -> Value:
        """The bit at a place of the elements of this cycle."""
        if place < self.held:
            return left[place]
        place += self.start - self.held
        return word[place] if place < len(word) else Const(0, 1)


def _schedule(word: int, beat: int) -> list[_Phase]:
    """One period: until a word's first bit is a beat's first bit again."""
    phases, held, start = [], 0, 0
    while not phases or held or start:
        emits = held + word - start >= beat
        after = start + beat - held if emits else word
        takes = not emits or word - after < beat
        phases.append(_Phase(held, start, emits, takes))
        if takes:
            held, start = (word - after if emits else held + word - start), 0
        else:
            held, start = 0, after
    return phases


class Unpacker(Unit):
    """Cuts words of memory into elements of 1 to 8 bits, packed back to back.

    The words are one string of bits, the lowest bit of the first word first; element ``n`` is bits
    ``n * k`` to ``n * k + k - 1`` of it, for elements of ``k`` bits. A beat has ``lanes`` elements
    and starts where the one before ended, wherever that is in a word: any width goes with any
    other. The stream is counted from reset and comes back to its start after ``beats_together``
    words, so whole periods leave nothing behind; bits that do not fill a beat wait for more.

    Latency is ``stages`` cycles from the word that completes a beat. Throughput is one beat a cycle
    where words are at least as wide as beats, else one word a cycle.

    The sender holds a word until its last bit is used, so only what straddles is kept here: fewer
    bits than a beat has. Measured in gate equivalents, smallest, with the delay in FO4, fastest;
    beside it the usual gearbox, a buffer into which words are shifted to where it ends:

    ===========================  ===========  =============
    words and elements           this unit    buffer
    ===========================  ===========  =============
    32 bits to 8 of 3            485, 12.1    530, 13.7
    32 bits to 4 of 3            315, 13.3    533, 12.8
    32 bits to 8 of 5            860, 15.3    856, 14.1
    64 bits to 8 of 6            909, 13.4    1,030, 14.2
    8 bits to 8 of 3             392, 12.0    392, 11.3
    128 bits to 8 of 4           411, 11.9    1,238, 12.7
    ===========================  ===========  =============

    A ring of one bit a phase, in place of a counter, was 1 to 7 % larger and up to 12 % faster.

    Parameters
    ----------
    o
        Format of the elements, at most 8 bits wide.
    lanes
        Elements a beat.
    width
        Bits of a word.
    high
        Integers stand in the high part of bytes, with zeros below them, as COMET turns int4 into
        int8 without extending signs: the byte is a multiple of the element, and the format of ``p``
        says by a binary point which. It costs nothing.
    interleaved
        Of each four elements the middle two are stored in the other order, as COMET has it (from
        the top: W3, W1, W2, W0), and put right. It costs nothing.
    stages
        Pipeline registers, behind the choice of bits; at least one where there is a schedule.

    Members
    -------
    i.a : word
    o.p : elements, or bytes with them
    """

    reference = "arXiv 2504.12984 (Tilus); arXiv 2410.12168 (COMET), for int4 in bytes"
    fixed_interval = False

    def __init__(
        self,
        *,
        o: NumberFormat = parse_format("uint3"),
        lanes: int = 8,
        width: int = 32,
        high: bool = False,
        interleaved: bool = False,
        stages: int = 1,
    ) -> None:
        check_positive("width of an element", o.width, most=_CONTAINER)
        check_positive("number of lanes", lanes, most=64)
        check_positive("width of a word", width, most=512)
        self.element_format = o
        if high:
            if not isinstance(o, IntegerFormat):
                raise ValueError(f"Elements in the high part of bytes must be integers, not '{o}'")
            free = _CONTAINER - o.width
            self.element_format = IntegerFormat(_CONTAINER, o.signed, o.fraction + free)
        if interleaved and lanes % 4:
            raise ValueError(
                f"The number of interleaved lanes must be a multiple of 4, not {lanes}"
            )
        self._beat = lanes * o.width
        self._phases = _schedule(width, self._beat)
        if len(self._phases) > 1 and stages == 0:
            raise ValueError(
                "The number of pipeline stages must be at least 1, not 0: with elements that "
                "straddle words, or several beats a word, the unit has a clock"
            )
        self.interval = -(-width // self._beat)
        self.beats_together = self._beat // gcd(width, self._beat)
        outputs = {"p": ArrayLayout(self.element_format, lanes)}
        super().__init__({"a": unsigned(width)}, outputs, stages=stages)

    @property
    def stateless(self) -> bool:
        return len(self._phases) == 1

    def steps(self) -> list[Step]:
        return [Step("order", self._order)]

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """The schedule's cycles, one after the other, while the sender holds the word."""
        word = Value.cast(inputs["a"])
        phases, room = self._phases, Signal(name="room")
        if len(phases) == 1:
            chosen: Value = word
            emits, takes = Const(1, 1), Const(1, 1)
        else:
            phase = Signal(range(len(phases)), name="phase")
            left = Signal(max(p.held for p in phases), name="left", reset_less=True)
            at = [wire(m, f"at{k}", phase == k) for k in range(len(phases))]
            emits = wire(m, "emits", _any(at, [p.emits for p in phases]))
            takes = wire(m, "takes", _any(at, [p.takes for p in phases]))
            beats = [
                Cat(p.source(place, word, left) for place in range(self._beat)) for p in phases
            ]
            chosen = wire(m, "chosen", _select(at, beats))
            rests = [self._rest(p, word, chosen, len(left)) for p in phases]
            with m.If(valid & (room | ~emits)):
                m.d.sync += phase.eq(Mux(at[-1], 0, phase + 1))
                if len(left):
                    with m.If(takes):
                        m.d.sync += left.eq(_select(at, rests))
        offered = wire(m, "beat_valid", valid & emits)
        outputs, offered, moves = pipelined(
            m, self._steps, self.stages, {"bits": chosen}, offered, ready
        )
        m.d.comb += room.eq(moves)
        return outputs, offered, wire(m, "word_done", takes & (room | ~emits))

    def _rest(self, phase: _Phase, word: Value, chosen: Value, width: int) -> Value | None:
        """What a word leaves for the next beat, if it is taken; None where it does not matter."""
        after = phase.start + self._beat - phase.held
        rest = word[after:] if phase.emits else chosen
        if not phase.takes or not len(rest):
            return None
        return Cat(rest, Const(0, width))[:width]

    def _order(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The elements of a beat's bits."""
        p, width = self.parameters, self.parameters.o.width
        elements = []
        for lane in range(p.lanes):
            # Of each four elements the middle two are stored in the other order.
            place = lane ^ 3 if p.interleaved and lane % 4 in (1, 2) else lane
            element = values["bits"][place * width : (place + 1) * width]
            elements.append(Cat(Const(0, _CONTAINER - width), element) if p.high else element)
        return {"p": Cat(*elements)}


def _any(at: Sequence[Value], holds: Sequence[bool]) -> Value:
    if all(holds):
        return Const(1, 1)
    return Cat(here for here, yes in zip(at, holds, strict=True) if yes).any()


def _select(at: Sequence[Value], values: Sequence[Value | None]) -> Value:
    """The value whose bit is set."""
    found = [(here, v) for here, v in zip(at, values, strict=True) if v is not None]
    return reduce(or_, (v & here.replicate(len(v)) for here, v in found))
