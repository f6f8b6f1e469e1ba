"""Components that more than one test costs or routes."""

from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["MultiplyAccumulate"]


class MultiplyAccumulate(wiring.Component):
    """Logic, a carry chain, registers, and a product that a DSP block can make."""

    a: In(signed(6))
    b: In(signed(6))
    en: In(1)
    total: Out(signed(16))

    def elaborate(self, platform):
        m = Module()
        with m.If(self.en):
            m.d.sync += self.total.eq(self.total + self.a * self.b)
        return m
