"""From elements of any few bits to words of memory, back to back."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..formats import NumberFormat, parse_format
from ..pipeline import Step
from ..unit import Unit, check_positive
from .gearbox import Gearbox
from .storage import CONTAINER, container_format, stored_at

__all__ = ["Packer"]


class Packer(Unit):
    """Packs elements of 1 to 8 bits back to back into words of memory: ``unpacker`` backwards.

    The words are one string of bits, the lowest bit of the first word first; element ``n`` is bits
    ``n * k`` to ``n * k + k - 1`` of it, for elements of ``k`` bits. A beat has ``lanes`` elements;
    a word leaves as soon as its last bit is there. The stream is counted from reset and comes back
    to its start after ``beats_together`` beats, so whole periods leave nothing behind; elements
    that do not fill a word wait for more, and who wants them out fills up with others.

    Latency is ``stages`` cycles from the beat that completes a word. Throughput is one word a cycle
    where beats are at least as wide as words, else one beat a cycle.

    A word is gathered in the register that offers it, each element where it belongs; beside that,
    only those bits are kept that a beat has left when it completed a word. Measured in gate
    equivalents, smallest, with the delay in FO4, fastest; beside it the usual packer, a buffer of a
    word and nearly a beat more, into which beats are shifted to where it ends:

    ===========================  ===========  =============
    elements and words           this unit    buffer
    ===========================  ===========  =============
    8 of 3 to 32 bits            511, 13.0    583, 11.9
    4 of 3 to 32 bits            470, 13.9    461, 12.0
    8 of 5 to 32 bits            670, 13.5    814, 12.3
    8 of 6 to 64 bits            979, 13.4    1,136, 12.2
    8 of 3 to 8 bits             121, 11.0    324, 12.1
    8 of 4 to 128 bits           974, 11.9    1,337, 11.4
    ===========================  ===========  =============

    To keep a word's first bits apart and to offer it from a register behind, as the unpacker did
    before, took 580, 648, 665, 1,115, 119 and 1,680 gates.

    Parameters
    ----------
    a
        Format of the elements, at most 8 bits wide.
    lanes
        Elements a beat.
    width
        Bits of a word.
    high
        Integers come in the high part of bytes, as ``unpacker`` hands them out; the bits below them
        are not looked at.
    interleaved
        Of each four elements the middle two are stored in the other order, as COMET has it (from
        the top: W3, W1, W2, W0).
    stages
        Pipeline registers, behind the choice of bits; at least one where there is a schedule.

    Members
    -------
    i.a : elements, or bytes with them
    o.p : word
    """

    reference = "arXiv 2504.12984 (Tilus); arXiv 2410.12168 (COMET), for int4 in bytes"
    fixed_interval = False

    def __init__(
        self,
        *,
        a: NumberFormat = parse_format("uint3"),
        lanes: int = 8,
        width: int = 32,
        high: bool = False,
        interleaved: bool = False,
        stages: int = 1,
    ) -> None:
        check_positive("width of an element", a.width, most=CONTAINER)
        check_positive("number of lanes", lanes, most=64)
        check_positive("width of a word", width, most=512)
        self.element_format = container_format(a) if high else a
        # The exchange of two places is its own inverse.
        self._lanes = [stored_at(n, lanes, interleaved=interleaved) for n in range(lanes)]
        self._gearbox = Gearbox("beat", lanes * a.width, "word", width)
        self._gearbox.check_stages(stages)
        self.interval, self.beats_together = self._gearbox.interval, self._gearbox.period
        inputs = {"a": ArrayLayout(self.element_format, lanes)}
        super().__init__(inputs, {"p": unsigned(width)}, stages=stages)

    @property
    def stateless(self) -> bool:
        return not self._gearbox.clocked

    def steps(self) -> list[Step]:
        return [Step("hand_out", self._hand_out)]

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """The schedule's cycles, one after the other, while the sender holds the beat."""
        elements = [Value.cast(inputs["a"][lane]) for lane in self._lanes]
        beat = Cat(element[-self.parameters.a.width :] for element in elements)
        return self._gearbox.connect(m, self._steps, self.stages, beat, valid, ready)

    def _hand_out(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        return {"p": values["bits"]}
