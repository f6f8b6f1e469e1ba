"""A unit behind a serial line: the whole of what a board holds, but for its clock and pins."""

from typing import TYPE_CHECKING, Any

from amaranth.hdl import Module, ResetInserter, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFOBuffered

from ...hdl.unit import Unit
from .control import Control
from .framing import FrameReceiver, FrameSender
from .protocol import BUFFER, IDENTITY_BYTES, VERSION, Status
from .relay import Relay
from .uart import LINE_IN, LINE_OUT, UARTReceiver, UARTTransmitter, check_divisor

__all__ = ["Link"]

_LEAST_BUFFER = 256
_MOST_BUFFER = 1 << 15


class Link(wiring.Component):
    """A unit behind a serial line; what goes over the line is said in `protocol`.

    ::

        rx -> UARTReceiver -> buffer -> Relay -> FrameReceiver -> Control -> unit
        tx <- UARTTransmitter <- FrameSender <- Relay <- Control <- unit

    Bytes from the line wait in one buffer, flags and escapes included. Everything behind it waits
    for what comes next, down to the line out: so if the host has never more than ``buffer`` bytes
    of requests without a reply under way, nothing can overflow, however slow the unit is and
    however wide its results are. There is no buffer for results: they wait in the unit.

    Parameters
    ----------
    unit
        Any unit; the link makes it its submodule.
    identity
        16 bytes that the board answers to ``RESET``, of `identity`.
    divisor
        Clock cycles a bit, 4 to 65535.
    buffer
        Bytes of requests held, a power of two from 256 to 32768.

    Members
    -------
    rx : the line in, asynchronous
    tx : the line out
    """

    # One that was refused, or is only asked about, is no mistake.
    _MustUse__silence = True

    # Made by the constructor, which a checker of types cannot know.
    if TYPE_CHECKING:
        rx: Any
        tx: Any

    def __init__(self, unit: Unit, *, identity: bytes, divisor: int, buffer: int = BUFFER) -> None:
        if not isinstance(identity, bytes) or len(identity) != IDENTITY_BYTES:
            raise ValueError(f"The identity must be {IDENTITY_BYTES} bytes, not {identity!r}")
        check_divisor(divisor)
        powers = [1 << n for n in range(_LEAST_BUFFER.bit_length() - 1, _MOST_BUFFER.bit_length())]
        if buffer not in powers:
            raise ValueError(
                f"The buffer must be a power of two from {_LEAST_BUFFER} to {_MOST_BUFFER} bytes, "
                f"not {buffer!r}"
            )
        self.unit, self.identity, self.divisor, self.buffer = unit, identity, divisor, buffer
        super().__init__({"rx": LINE_IN, "tx": LINE_OUT})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        unit = self.unit
        sizes = [-(-Shape.cast(s.payload.shape()).width // 8) for s in (unit.i, unit.o)]
        facts = bytes([VERSION]) + self.identity
        facts += b"".join(size.to_bytes(2, "little") for size in (*sizes, self.buffer))
        m.submodules.receiver = receiver = UARTReceiver(self.divisor)
        # One register of its own stands behind the memory, whose depth is then a power of two.
        buffer: Any = SyncFIFOBuffered(width=8, depth=self.buffer + 1)
        m.submodules.buffer = buffer
        # Straight from the memory into flip-flops: its outputs are the slowest of the chip.
        m.submodules.from_buffer = from_buffer = Relay(8)
        m.submodules.requests = requests = FrameReceiver()
        m.submodules.control = control = Control(
            vector_bytes=sizes[0],
            result_bytes=sizes[1],
            facts=facts,
            settling=unit.latency + unit.interval + 1,
        )
        m.submodules.unit = ResetInserter(control.restart)(unit)
        m.submodules.replies = replies = FrameSender()
        m.submodules.to_replies = to_replies = Relay(replies.i.payload.shape())
        m.submodules.transmitter = transmitter = UARTTransmitter(self.divisor)

        m.d.comb += [
            receiver.rx.eq(self.rx),
            buffer.w_data.eq(receiver.data),
            buffer.w_en.eq(receiver.valid),
            self.tx.eq(transmitter.tx),
        ]
        wiring.connect(m, from_buffer.i, buffer.r_stream)
        wiring.connect(m, requests.i, from_buffer.o)
        wiring.connect(m, control.request, requests.o)
        wiring.connect(m, to_replies.i, control.reply)
        wiring.connect(m, replies.i, to_replies.o)
        wiring.connect(m, transmitter.i, replies.o)
        m.d.comb += [
            Value.cast(unit.i.payload).eq(control.vector.payload),
            unit.i.valid.eq(control.vector.valid),
            control.vector.ready.eq(unit.i.ready),
            control.result.payload.eq(Value.cast(unit.o.payload)),
            control.result.valid.eq(unit.o.valid),
            unit.o.ready.eq(control.result.ready),
        ]
        # Bytes that got lost before the buffer; the checksum of their frame does not hold either.
        lost = Signal(Shape.cast(Status))
        m.d.comb += control.lost.eq(lost)
        with m.If(receiver.valid & ~buffer.w_rdy):
            m.d.sync += lost.eq(Status.OVERFLOW)
        with m.Elif(receiver.error):
            m.d.sync += lost.eq(Status.NOISE)
        with m.Elif(control.restart):
            m.d.sync += lost.eq(Status.OK)
        return m
