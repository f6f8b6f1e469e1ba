"""A register in a stream that cuts every path through it."""

from typing import TYPE_CHECKING, Any

from amaranth.hdl import Module
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Relay"]


class Relay(wiring.Component):
    """Passes a stream on through one register, every other cycle at most.

    ``valid`` and ``payload`` come from registers and ``ready`` from one gate behind a register.
    Half the rate is enough wherever bytes come from a line or go to one: that takes 40 cycles a
    byte or more.

    Parameters
    ----------
    shape
        Of the payload.

    Members
    -------
    i, o : the stream before and after
    """

    # Made by the constructor, which a checker of types cannot know.
    if TYPE_CHECKING:
        i: Any
        o: Any

    def __init__(self, shape: Any) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += self.i.ready.eq(~self.o.valid)
        with m.If(self.i.ready & self.i.valid):
            m.d.sync += [self.o.payload.eq(self.i.payload), self.o.valid.eq(1)]
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        return m
