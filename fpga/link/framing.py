"""Frames in gates: flags, escapes and checksum, after RFC 1662."""

from typing import TYPE_CHECKING, Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.crc import Processor
from amaranth.lib.crc.catalog import CRC16_IBM_3740
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out

from .protocol import ESCAPE, FLAG, INVERTED

__all__ = ["FrameReceiver", "FrameSender"]


class FrameReceiver(wiring.Component):
    """The contents of frames from a line's bytes.

    A frame's two last bytes are its checksum, which only the flag behind them shows; so two bytes
    are always held back. Flags without anything between are no frame. A frame too short for a
    checksum, or that ends in an escape, is damaged. One byte a cycle.

    Members
    -------
    i : bytes of the line
    o : a frame's content, byte by byte in ``data``; then once ``end``, and ``good`` if the
        checksum held
    """

    # Made by the constructor, which a checker of types cannot know.
    if TYPE_CHECKING:
        i: Any
        o: Any

    def __init__(self) -> None:
        content = StructLayout({"data": 8, "end": 1, "good": 1})
        super().__init__({"i": In(stream.Signature(8)), "o": Out(stream.Signature(content))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        crc: Any = Processor(CRC16_IBM_3740())
        m.submodules.crc = crc
        older, newer = Signal(8), Signal(8)
        held = Signal(range(3))
        escaped = Signal()
        m.d.comb += [
            crc.data.eq(Mux(escaped, self.i.payload ^ INVERTED, self.i.payload)),
            self.o.payload.data.eq(older),
            self.o.payload.good.eq(crc.match_detected & (held == 2) & ~escaped),
        ]
        with m.If(self.i.valid):
            with m.If(self.i.payload == FLAG):
                m.d.comb += [
                    self.o.payload.end.eq(1),
                    self.o.valid.eq((held != 0) | escaped),
                    self.i.ready.eq(~self.o.valid | self.o.ready),
                    crc.start.eq(self.i.ready),
                ]
                with m.If(self.i.ready):
                    m.d.sync += [held.eq(0), escaped.eq(0)]
            with m.Elif(self.i.payload == ESCAPE):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += escaped.eq(1)
            with m.Else():
                m.d.comb += [
                    self.o.valid.eq(held == 2),
                    self.i.ready.eq(~self.o.valid | self.o.ready),
                    crc.valid.eq(self.i.ready),
                ]
                with m.If(self.i.ready):
                    m.d.sync += [escaped.eq(0), older.eq(newer), newer.eq(crc.data)]
                    with m.If(held != 2):
                        m.d.sync += held.eq(held + 1)
        return m


class FrameSender(wiring.Component):
    """Frames for the line from their contents: flag, bytes with escapes, checksum, flag.

    The flag opens a frame as soon as its first byte is offered; the bytes may come at any pace.

    Members
    -------
    i : a frame's content, byte by byte in ``data``; then once ``end``
    o : bytes for the line
    """

    # Made by the constructor, which a checker of types cannot know.
    if TYPE_CHECKING:
        i: Any
        o: Any

    def __init__(self) -> None:
        content = StructLayout({"data": 8, "end": 1})
        super().__init__({"i": In(stream.Signature(content)), "o": Out(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        crc: Any = Processor(CRC16_IBM_3740())
        m.submodules.crc = crc
        byte = Signal(8)
        escaped = Signal()
        special = Signal()
        sent = Signal()  # the byte itself, not the escape before it, goes in this cycle
        m.d.comb += [
            crc.data.eq(byte),
            special.eq(((byte == FLAG) | (byte == ESCAPE)) & ~escaped),
            self.o.payload.eq(Mux(special, ESCAPE, Mux(escaped, byte ^ INVERTED, byte))),
            sent.eq(self.o.valid & self.o.ready & ~special),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += escaped.eq(special)
        with m.FSM(name="sender"):
            with m.State("open"), m.If(self.i.valid):
                m.d.comb += [self.o.payload.eq(FLAG), self.o.valid.eq(1), crc.start.eq(1)]
                with m.If(self.o.ready):
                    m.next = "content"
            with m.State("content"):
                m.d.comb += [
                    byte.eq(self.i.payload.data),
                    self.o.valid.eq(self.i.valid & ~self.i.payload.end),
                    self.i.ready.eq(sent),
                    crc.valid.eq(sent),
                ]
                with m.If(self.i.valid & self.i.payload.end):
                    m.next = "high"
            with m.State("high"):
                m.d.comb += [byte.eq(crc.crc[8:]), self.o.valid.eq(1)]
                with m.If(sent):
                    m.next = "low"
            with m.State("low"):
                m.d.comb += [byte.eq(crc.crc[:8]), self.o.valid.eq(1)]
                with m.If(sent):
                    m.next = "close"
            with m.State("close"):
                m.d.comb += [self.o.payload.eq(FLAG), self.o.valid.eq(1)]
                m.d.comb += self.i.ready.eq(self.o.ready)
                with m.If(self.o.ready):
                    m.next = "open"
        return m
