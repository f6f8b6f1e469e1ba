"""Serial line to bytes and back: 8 data bits, no parity, one stop bit, low bit first."""

from typing import TYPE_CHECKING, Any

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["LINE_IN", "LINE_OUT", "UARTReceiver", "UARTTransmitter", "check_divisor"]

#: A serial line as a port: high while it rests.
LINE_IN = In(1, init=1)  # pyright: ignore[reportCallIssue]
LINE_OUT = Out(1, init=1)  # pyright: ignore[reportCallIssue]

_LEAST_DIVISOR = 4
_MOST_DIVISOR = 65535


def check_divisor(divisor: int) -> int:
    """``divisor`` itself, if it is an integer in range.

    Raises:
        ValueError: naming the range.
    """
    if (
        not isinstance(divisor, int)
        or isinstance(divisor, bool)
        or not _LEAST_DIVISOR <= divisor <= _MOST_DIVISOR
    ):
        raise ValueError(
            f"The divisor (clock cycles a bit) must be an integer from {_LEAST_DIVISOR} to "
            f"{_MOST_DIVISOR}, not {divisor!r}"
        )
    return divisor


class UARTReceiver(wiring.Component):
    """Bytes from a serial line.

    Each bit is sampled in its middle, as reckoned from the edge that starts the byte. A start bit
    that is gone by its middle was a spike and is forgotten. A stop bit that is low is reported;
    the next byte then starts after the line was high again, so a line that stays low (a break, or
    a cable pulled) is one error and not many.

    Parameters
    ----------
    divisor
        Clock cycles a bit, 4 to 65535.

    Members
    -------
    rx : the line, asynchronous: the synchroniser is inside
    valid : high for one cycle when ``data`` holds a byte whose stop bit was good
    error : high for one cycle when a stop bit was low; that byte is lost
    """

    # Made by the constructor, which a checker of types cannot know.
    if TYPE_CHECKING:
        rx: Any
        data: Any
        valid: Any
        error: Any

    def __init__(self, divisor: int) -> None:
        self.divisor = check_divisor(divisor)
        super().__init__({"rx": LINE_IN, "data": Out(8), "valid": Out(1), "error": Out(1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        line = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rx, line, init=1)
        timer = Signal(range(self.divisor))
        bit = Signal(3)
        sample = Signal()
        m.d.comb += sample.eq(timer == 0)
        m.d.sync += timer.eq(timer - 1)
        with m.FSM(name="receiver"):
            with m.State("idle"):
                m.d.sync += timer.eq(self.divisor // 2 - 1)
                with m.If(~line):
                    m.next = "start"
            with m.State("start"), m.If(sample):
                m.d.sync += [timer.eq(self.divisor - 1), bit.eq(0)]
                with m.If(line):
                    m.next = "idle"
                with m.Else():
                    m.next = "data"
            with m.State("data"), m.If(sample):
                m.d.sync += [
                    timer.eq(self.divisor - 1),
                    bit.eq(bit + 1),
                    self.data.eq(Cat(self.data[1:], line)),
                ]
                with m.If(bit == 7):
                    m.next = "stop"
            with m.State("stop"), m.If(sample):
                m.d.comb += [self.valid.eq(line), self.error.eq(~line)]
                with m.If(line):
                    m.next = "idle"
                with m.Else():
                    m.next = "low"
            with m.State("low"), m.If(line):
                m.next = "idle"
        return m


class UARTTransmitter(wiring.Component):
    """Bytes onto a serial line, back to back while there are any.

    Parameters
    ----------
    divisor
        Clock cycles a bit, 4 to 65535.

    Members
    -------
    i : bytes; ready when the last stop bit is over
    tx : the line, from a register
    """

    # Made by the constructor, which a checker of types cannot know.
    if TYPE_CHECKING:
        i: Any
        tx: Any

    def __init__(self, divisor: int) -> None:
        self.divisor = check_divisor(divisor)
        super().__init__({"i": In(stream.Signature(8)), "tx": LINE_OUT})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        line = Signal(9, init=0x1FF)  # what is on the line, in its low bit, and what follows
        left = Signal(range(11))  # bits, the present one counted
        timer = Signal(range(self.divisor))
        over = Signal()
        m.d.comb += [
            self.tx.eq(line[0]),
            over.eq(timer == 0),
            self.i.ready.eq((left == 0) | ((left == 1) & over)),
        ]
        m.d.sync += timer.eq(timer - 1)
        with m.If(self.i.ready & self.i.valid):
            m.d.sync += [
                line.eq(Cat(Const(0, 1), self.i.payload)),
                left.eq(10),
                timer.eq(self.divisor - 1),
            ]
        with m.Elif(over & (left != 0)):
            m.d.sync += [
                line.eq(Cat(line[1:], Const(1, 1))),
                left.eq(left - 1),
                timer.eq(self.divisor - 1),
            ]
        return m
