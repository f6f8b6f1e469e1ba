"""From words of memory to elements of any few bits, which may straddle the words."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..formats import NumberFormat, parse_format
from ..pipeline import Step
from ..unit import Unit, check_positive
from .gearbox import Gearbox
from .storage import CONTAINER, container_format, stored_at

__all__ = ["Unpacker"]


class Unpacker(Unit):
    """Cuts words of memory into elements of 1 to 8 bits, packed back to back.

    The words are one string of bits, the lowest bit of the first word first; element ``n`` is bits
    ``n * k`` to ``n * k + k - 1`` of it, for elements of ``k`` bits. A beat has ``lanes`` elements
    and starts where the one before ended, wherever that is in a word: any width goes with any
    other. The stream is counted from reset and comes back to its start after ``beats_together``
    words, so whole periods leave nothing behind; bits that do not fill a beat wait for more.

    Latency is ``stages`` cycles from the word that completes a beat. Throughput is one beat a cycle
    where words are at least as wide as beats, else one word a cycle.

    The sender holds a word until its last bit is used. A beat is gathered in the register that
    offers it; beside that only what straddles is kept: fewer bits than a beat has. Measured in gate
    equivalents, smallest, with the delay in FO4, fastest; beside it the usual gearbox, a buffer
    into which words are shifted to where it ends:

    ===========================  ===========  =============
    words and elements           this unit    buffer
    ===========================  ===========  =============
    32 bits to 8 of 3            478, 13.1    530, 13.7
    32 bits to 4 of 3            313, 13.2    533, 12.8
    32 bits to 8 of 5            742, 14.3    856, 14.1
    64 bits to 8 of 6            919, 13.8    1,030, 14.2
    8 bits to 8 of 3             210, 10.6    392, 11.3
    128 bits to 8 of 4           416, 12.3    1,238, 12.7
    ===========================  ===========  =============

    A ring of one bit a phase, in place of a counter, was 1 to 7 % larger and up to 12 % faster in
    an earlier form.

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
        check_positive("width of an element", o.width, most=CONTAINER)
        check_positive("number of lanes", lanes, most=64)
        check_positive("width of a word", width, most=512)
        self.element_format = container_format(o) if high else o
        self._places = [stored_at(n, lanes, interleaved=interleaved) for n in range(lanes)]
        self._gearbox = Gearbox("word", width, "beat", lanes * o.width)
        self._gearbox.check_stages(stages)
        self.interval, self.beats_together = self._gearbox.interval, self._gearbox.period
        outputs = {"p": ArrayLayout(self.element_format, lanes)}
        super().__init__({"a": unsigned(width)}, outputs, stages=stages)

    @property
    def stateless(self) -> bool:
        return not self._gearbox.clocked

    def steps(self) -> list[Step]:
        return [Step("order", self._order)]

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """The schedule's cycles, one after the other, while the sender holds the word."""
        return self._gearbox.connect(
            m, self._steps, self.stages, Value.cast(inputs["a"]), valid, ready
        )

    def _order(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The elements of a beat's bits."""
        p, width = self.parameters, self.parameters.o.width
        elements = []
        for place in self._places:
            element = values["bits"][place * width : (place + 1) * width]
            elements.append(Cat(Const(0, CONTAINER - width), element) if p.high else element)
        return {"p": Cat(*elements)}
