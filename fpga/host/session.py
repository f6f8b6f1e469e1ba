"""One session with a board: who is there, then frames out and replies in, none of them believed
before it is whole."""

import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from ..link.protocol import FLAG, IDENTITY_BYTES, VERSION, Reply, Request, Status
from .errors import LinkError
from .framing import FrameDecoder, encode_frame
from .port import Port

__all__ = ["PATIENCE", "BoardIdentity", "DataFrame", "Session"]

_FLAGS = bytes([FLAG, FLAG])
_ATTEMPTS = 3
#: Seconds without a byte after which no more results are expected.
PATIENCE = 3.0
#: The same of a greeting, and of what may follow a damaged reply.
GREETING = 1.0
AFTERMATH = 0.3
#: Seconds after which a port that only ever brings something else is given up.
BABBLE = 10.0
_BITS = 10  # of a byte on the line: start, eight, stop

_REASONS: dict[int, str] = {
    Status.CHECKSUM: "a frame reached the board damaged (its checksum is wrong)",
    Status.UNKNOWN: "the board was sent a request that it does not know",
    Status.SEQUENCE: "a frame to the board was lost or came twice (its number is wrong)",
    Status.NOISE: "there was noise on the line to the board (a byte without its stop bit)",
    Status.PARTIAL: "a frame reached the board without the end of its last vector",
    Status.OVERFLOW: "bytes came faster than the board could take them (its buffer ran over)",
    Status.NOT_READY: "the board was restarted during the session: check its power and cable",
}


@dataclass(frozen=True)
class BoardIdentity:
    """What a board says of itself."""

    identity: bytes
    vector_bytes: int
    result_bytes: int
    buffer: int


class DataFrame(NamedTuple):
    """Vectors that travel together, and how many results they give."""

    vectors: bytes
    results: int


class Session:
    """Conversation over an open port; the rules are those of `link.protocol`.

    Parameters
    ----------
    port
        The open port.
    patience
        Seconds without a byte from the board after which an answer counts as lost.
    """

    def __init__(self, port: Port, *, patience: float = PATIENCE) -> None:
        self._port, self._patience = port, patience
        self._decoder = FrameDecoder()

    def start(self) -> BoardIdentity:
        """Reset unit and link; what the board is.

        Whatever an earlier session left on the line or in the board is flushed and ignored.

        Raises:
            LinkError: if nothing answers, or something else does.
        """
        before, damaged = self._port.received, False
        for _ in range(_ATTEMPTS):
            nonce = secrets.randbelow(256)
            self._port.write(_FLAGS + encode_frame(bytes([Request.RESET, nonce])))
            for body in self._bodies(GREETING, limit=BABBLE):
                damaged |= body is None
                if body and body[:2] == bytes([Reply.IDENTITY, nonce]):
                    return _identity(body[2:])
        where = f"on the port '{self._port.name}' at {self._port.baud:,} baud"
        count = self._port.received - before
        if not count:
            raise LinkError(
                f"Nothing answers {where}: is this the board's port, is the board powered, "
                "and was it flashed with what `bitwright build` made?"
            )
        kind = "in damaged frames" if damaged else "but no frame of bitwright"
        raise LinkError(
            f"What answers {where} cannot be understood ({count:,} bytes, {kind}): "
            "is the rate the one that the board was built for, and is it the board's port?"
        )

    def exchange(
        self, frames: Iterable[DataFrame], board: BoardIdentity, take: Callable[[bytes], None]
    ) -> None:
        """Send all frames, keeping as many under way as the board can hold, and hand the results
        of each to ``take``, in order.

        Raises:
            LinkError: at the first frame or reply that is lost, damaged or not as it must be.
        """
        waiting: deque[tuple[int, int]] = deque()  # bytes and results of frames without a reply
        under_way = done = good = 0
        replies = self._bodies(self._patience + board.buffer * _BITS / self._port.baud)

        def take_reply() -> None:
            nonlocal under_way, done, good
            size, results = waiting.popleft()
            try:
                octets = self._reply(replies, board, done & 0xFF, results * board.result_bytes)
            except LinkError as error:
                raise LinkError(f"{error}; {good:,} results had come well before") from None
            take(octets)
            under_way, done, good = under_way - size, done + 1, good + results

        for number, frame in enumerate(frames):
            encoded = encode_frame(bytes([Request.DATA, number & 0xFF]) + frame.vectors)
            while waiting and under_way + len(encoded) > board.buffer:
                take_reply()
            self._port.write(encoded)
            waiting.append((len(encoded), frame.results))
            under_way += len(encoded)
        while waiting:
            take_reply()

    def _reply(
        self, replies: Iterator[bytes | None], board: BoardIdentity, sequence: int, size: int
    ) -> bytes:
        """The results in the next reply, if all is as it must be."""
        try:
            body = next(replies)
        except StopIteration:
            self._explain_silence(board)
        if body is None:
            self._explain_damage()
        if len(body) < 3 or body[0] != Reply.RESULT:
            raise LinkError(f"The board gave a reply that was not asked for (0x{body[:8].hex()})")
        if body[-1] != Status.OK:
            raise LinkError(_complaint(body[-1]))
        if body[1] != sequence:
            raise LinkError(f"A reply is missing: number {body[1]} came instead of {sequence}")
        results = body[2:-1]
        if len(results) != size:
            raise LinkError(
                f"The board answered {len(results)} bytes of results to a frame that gives {size}"
            )
        return results

    def _explain_damage(self) -> NoReturn:
        """A reply came damaged; perhaps the replies after it say why."""
        for body in self._bodies(AFTERMATH, limit=GREETING):
            if body and body[0] == Reply.RESULT and body[-1] != Status.OK:
                raise LinkError(_complaint(body[-1]))
        raise LinkError("A reply from the board was damaged on the line (its checksum is wrong)")

    def _explain_silence(self, board: BoardIdentity) -> NoReturn:
        """A reply is missing: what the board says of it, if it still says anything."""
        self._port.write(_FLAGS)  # ends a frame whose end was lost
        for body in self._bodies(GREETING, limit=BABBLE):
            if body and body[0] == Reply.RESULT and body[-1] != Status.OK:
                raise LinkError(_complaint(body[-1]))
        try:
            now = self.start()
        except LinkError:
            raise LinkError(
                "The board stopped answering: is it still powered and connected?"
            ) from None
        if now.identity != board.identity:
            raise LinkError("The board was flashed with another bitstream during the session")
        raise LinkError("A frame or its reply was lost on the line; the board itself still answers")

    def _bodies(self, patience: float, *, limit: float = math.inf) -> Iterator[bytes | None]:
        """Frames as they come, None for a damaged one, until for ``patience`` seconds no byte has
        come, or ``limit`` seconds are over."""
        end = time.monotonic() + limit
        deadline = time.monotonic() + patience
        while time.monotonic() < end:
            # A read after the deadline counts: the host itself may have been held up.
            late = time.monotonic() > deadline
            octets = self._port.read()
            if octets:
                yield from self._decoder.feed(octets)
                deadline = time.monotonic() + patience
            elif late:
                return


def _identity(facts: bytes) -> BoardIdentity:
    version, identity, sizes = facts[:1], facts[1 : 1 + IDENTITY_BYTES], facts[1 + IDENTITY_BYTES :]
    if version != bytes([VERSION]) or len(sizes) != 6:
        raise LinkError(
            f"The board speaks version {version.hex()} of the link's protocol, not {VERSION:02x}: "
            "build and flash it again with this version of bitwright"
        )
    return BoardIdentity(identity, *(int.from_bytes(sizes[n : n + 2], "little") for n in (0, 2, 4)))


def _complaint(status: int) -> str:
    reason = _REASONS.get(status, f"the board gave the unknown status {status}")
    return f"The test was stopped: {reason}"
