"""What the board does with each request: checks it, runs the unit on it, answers it."""

from typing import TYPE_CHECKING, Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Shape, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out

from .protocol import Reply, Request, Status

__all__ = ["Control"]

_STATUS = Shape.cast(Status)


class Control(wiring.Component):
    """One request after the other: its kind, its argument, its content, then its reply.

    A ``DATA`` frame that is expected is answered while it comes in: each vector goes to the unit
    when its last byte is there, results leave as they come, and the reply closes when the frame
    has ended and nothing has come for ``settling`` cycles. All other requests take effect only
    when they have ended well. Vector and result stand in registers.

    Parameters
    ----------
    vector_bytes, result_bytes
        Bytes of the unit's payloads.
    facts
        What the board says of itself after a reset.
    settling
        Cycles after which a unit that offers nothing has nothing left: more than its latency.

    Members
    -------
    request, reply : contents of frames, as of `FrameReceiver` and `FrameSender`
    vector, result : streams to and from the unit
    lost : why bytes were lost on their way into frames since the last restart, or ``OK``
    restart : high for one cycle to reset the unit, and ``lost``
    """

    # Made by the constructor, which a checker of types cannot know.
    if TYPE_CHECKING:
        request: Any
        reply: Any
        vector: Any
        result: Any
        lost: Any
        restart: Any

    def __init__(
        self, *, vector_bytes: int, result_bytes: int, facts: bytes, settling: int
    ) -> None:
        self.vector_bytes, self.result_bytes = vector_bytes, result_bytes
        self.facts, self.settling = facts, settling
        content = {"data": 8, "end": 1}
        super().__init__(
            {
                "request": In(stream.Signature(StructLayout({**content, "good": 1}))),
                "reply": Out(stream.Signature(StructLayout(content))),
                "vector": Out(stream.Signature(8 * vector_bytes)),
                "result": In(stream.Signature(8 * result_bytes)),
                "lost": In(_STATUS),
                "restart": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        request, reply = self.request, self.reply
        byte, end, good = request.payload.data, request.payload.end, request.payload.good
        filled = Signal(range(self.vector_bytes + 1))  # bytes of the vector that are there
        left = Signal(range(self.result_bytes + 1))  # bytes of the result still to be sent
        drained = self._unit_side(m, filled, left)

        running = Signal()  # nothing went wrong since the last reset
        expected = Signal(8)  # sequence number
        kind, argument = Signal(8), Signal(8)
        identifies, streams = Signal(), Signal()  # which reply it is
        status = Signal(_STATUS)
        facts = Array(Const(octet, 8) for octet in self.facts)
        index = Signal(range(len(facts)))

        def say(octet: Any) -> None:
            m.d.comb += [reply.valid.eq(1), reply.payload.data.eq(octet)]

        def judge(otherwise: Any) -> None:
            """End the frame with a status; any but OK stops the board until it is reset."""
            verdict = Signal(_STATUS, name="verdict")
            m.d.comb += verdict.eq(Mux(good, otherwise, Status.CHECKSUM))
            with m.If(~running):
                m.d.comb += verdict.eq(Status.NOT_READY)
            with m.Elif(self.lost != Status.OK):
                m.d.comb += verdict.eq(self.lost)
            m.d.comb += request.ready.eq(1)
            m.d.sync += [status.eq(verdict), running.eq(verdict == Status.OK)]

        with m.FSM(name="control"):
            with m.State("kind"), m.If(request.valid):
                m.d.comb += request.ready.eq(~end)
                m.d.sync += [kind.eq(Mux(end, 0, byte)), identifies.eq(0), streams.eq(0)]
                m.next = "argument"
            with m.State("argument"), m.If(request.valid):
                m.d.comb += request.ready.eq(~end)
                m.d.sync += argument.eq(byte)
                m.next = "refused"
                with m.If((kind == Request.DATA) & running & (byte == expected) & ~end):
                    m.d.sync += streams.eq(1)
                    m.next = "reply"
            with m.State("refused"), m.If(request.valid):
                m.d.comb += request.ready.eq(1)
                with m.If(end):
                    m.next = "reply"
                    with m.If(good & (kind == Request.RESET)):
                        m.d.comb += self.restart.eq(1)
                        m.d.sync += [running.eq(1), expected.eq(0), identifies.eq(1)]
                    with m.Else():
                        judge(Mux(kind == Request.DATA, Status.SEQUENCE, Status.UNKNOWN))
            with m.State("reply"):
                say(Mux(identifies, Reply.IDENTITY, Reply.RESULT))
                with m.If(reply.ready):
                    m.next = "reply argument"
            with m.State("reply argument"):
                say(Mux(identifies, argument, expected))
                m.d.sync += index.eq(0)
                with m.If(reply.ready):
                    m.next = "status"
                    with m.If(identifies):
                        m.next = "identity"
                    with m.Elif(streams):
                        m.next = "stream"
            with m.State("identity"):
                say(facts[index])
                with m.If(reply.ready):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index == len(facts) - 1):
                        m.next = "end"
            with m.State("stream"):
                with m.If(request.valid & ~end & ~self.vector.valid):
                    m.d.comb += request.ready.eq(1)
                    m.d.sync += self.vector.payload.eq(Cat(self.vector.payload, byte)[8:])
                    m.d.sync += filled.eq(filled + 1)
                with m.If(left != 0):
                    say(self._result[:8])
                    with m.If(reply.ready):
                        m.d.sync += [self._result.eq(self._result[8:]), left.eq(left - 1)]
                with m.If(drained):
                    judge(Mux(filled == 0, Status.OK, Status.PARTIAL))
                    m.d.sync += [filled.eq(0), expected.eq(expected + 1)]
                    m.next = "status"
            with m.State("status"):
                say(status)
                with m.If(reply.ready):
                    m.next = "end"
            with m.State("end"):
                m.d.comb += [reply.valid.eq(1), reply.payload.end.eq(1)]
                with m.If(reply.ready):
                    m.next = "kind"
        return m

    def _unit_side(self, m: Module, filled: Signal, left: Signal) -> Signal:
        """Offer whole vectors, take results; whether a frame that has ended is through."""
        self._result = Signal(8 * self.result_bytes, reset_less=True)
        m.d.comb += [
            self.vector.valid.eq(filled == self.vector_bytes),
            self.result.ready.eq(left == 0),
        ]
        with m.If(self.vector.valid & self.vector.ready):
            m.d.sync += filled.eq(0)
        with m.If(self.restart):
            m.d.sync += left.eq(0)
        with m.Elif(self.result.valid & self.result.ready):
            m.d.sync += [self._result.eq(self.result.payload), left.eq(self.result_bytes)]
        quiet = Signal(range(self.settling + 1))
        drained = Signal()
        m.d.comb += drained.eq(quiet == self.settling)
        ended = self.request.valid & self.request.payload.end
        with m.If(self.vector.valid | self.result.valid | (left != 0) | ~ended):
            m.d.sync += quiet.eq(0)
        with m.Elif(~drained):
            m.d.sync += quiet.eq(quiet + 1)
        return drained
