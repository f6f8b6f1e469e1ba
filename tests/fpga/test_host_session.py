"""The conversation against a board in software that keeps the rules, or breaks one."""

import pytest
from expect import refused

from bitwright.fpga.host import LinkError
from bitwright.fpga.host.framing import FrameDecoder, encode_frame
from bitwright.fpga.host.session import BoardIdentity, DataFrame, Session
from bitwright.fpga.link.protocol import VERSION, Reply, Request, Status

WHO = bytes(range(16))
BUFFER = 256
BOARD = BoardIdentity(WHO, 2, 1, BUFFER)
FACTS = bytes([VERSION]) + WHO + bytes([2, 0, 1, 0, 0, 1])


class Board:
    """Answers the sums of byte pairs; ``misbehave`` may change any reply, given its number.

    It is slow: each read brings the answer to one request, so that the host must wait.
    """

    name, baud = "a board in software", 1_000_000

    def __init__(self, misbehave=lambda number, body: body, facts=FACTS):
        self._misbehave, self._facts = misbehave, facts
        self._decoder = FrameDecoder()
        self._requests, self._number = [], 0
        self.received = self.under_way = self.most = self.together = 0

    def write(self, octets):
        bodies = list(self._decoder.feed(octets))
        self._requests += [(body, len(octets)) for body in bodies]
        self.under_way += len(octets) * bool(bodies)
        self.most = max(self.most, self.under_way)
        self.together = max(self.together, len(self._requests))

    def read(self):
        if not self._requests:
            return b""
        body, size = self._requests.pop(0)
        self.under_way -= size
        kind, argument, rest = body[0], body[1], body[2:]
        if kind == Request.RESET:
            self._number = 0
            reply = bytes([Reply.IDENTITY, argument]) + self._facts
        else:
            sums = bytes(a + b & 0xFF for a, b in zip(rest[::2], rest[1::2], strict=True))
            reply = self._misbehave(
                self._number, bytes([Reply.RESULT, argument]) + sums + bytes([Status.OK])
            )
            self._number += 1
        octets = encode_frame(reply) if reply else b""
        self.received += len(octets)
        return octets


def frames(count, pairs=20):
    return [DataFrame(bytes((n + k) & 0xFF for k in range(2 * pairs)), pairs) for n in range(count)]


def results_of(board, given, patience=0.2):
    session, taken = Session(board, patience=patience), []
    session.exchange(given, session.start(), taken.append)
    return taken


def test_results_come_in_order_and_the_board_is_never_overrun():
    board = Board()
    given = frames(600)
    want = [bytes(a + b & 0xFF for a, b in zip(f.vectors[::2], f.vectors[1::2], strict=True))
            for f in given]  # fmt: skip
    assert results_of(board, given) == want
    assert board.most <= BUFFER
    assert board.together >= 4


def test_a_frame_beyond_the_buffer_travels_alone():
    board = Board()
    assert len(results_of(board, frames(5, pairs=400))) == 5
    assert board.together == 1


def test_no_frames_need_no_answer():
    assert results_of(Board(), []) == []


def third(change):
    """Replies of which the third is changed."""
    return lambda number, body: change(body) if number == 2 else body


@pytest.mark.parametrize(("change", "says"), [
    (lambda body: bytes([Reply.IDENTITY]) + body[1:],
     "The board gave a reply that was not asked for (0x8102010305070901)"),
    (lambda body: b"\x00", "The board gave a reply that was not asked for (0x00)"),
    (lambda body: bytes([body[0], 3]) + body[2:],
     "A reply is missing: number 3 came instead of 2"),
    (lambda body: body[:-2] + body[-1:],
     "The board answered 19 bytes of results to a frame that gives 20"),
    (lambda body: body[:-1] + bytes([99]),
     "The test was stopped: the board gave the unknown status 99"),
    *((lambda body, status=status: body[:-1] + bytes([status]), f"The test was stopped: {words}")
      for status, words in {
          Status.SEQUENCE: "a frame to the board was lost or came twice (its number is wrong)",
          Status.PARTIAL: "a frame reached the board without the end of its last vector",
          Status.UNKNOWN: "the board was sent a request that it does not know",
          Status.OVERFLOW:
              "bytes came faster than the board could take them (its buffer ran over)",
      }.items()),
    (lambda body: b"", "A frame or its reply was lost on the line; the board itself still answers"),
])  # fmt: skip
def test_replies_that_are_not_as_they_must_be(change, says):
    given = [DataFrame(bytes([0, 1, 1, 2, 2, 3, 3, 4, 4, 5, *range(30)]), 20)] * 3
    board = Board(third(change))
    with refused(f"{says}; 40 results had come well before", LinkError):
        results_of(board, given)


@pytest.mark.parametrize(("facts", "says"), [
    (bytes([VERSION + 1]) + FACTS[1:], f"version {VERSION + 1:02x}"),
    (FACTS + b"?", f"version {VERSION:02x}"),
    (b"", "version "),
])  # fmt: skip
def test_another_version_of_the_protocol(facts, says):
    with refused(
        f"The board speaks {says} of the link's protocol, not {VERSION:02x}: "
        "build and flash it again with this version of bitwright",
        LinkError,
    ):
        Session(Board(facts=facts)).start()


def test_a_reply_that_never_comes_while_others_do():
    with refused("A reply is missing: number 3 came instead of 2; 40 results had come well before",
                 LinkError):
        results_of(Board(third(lambda body: b"")), frames(5))


def test_another_bitstream_in_the_middle():
    board = Board()

    def vanish(number, body):
        if number < 2:
            return body
        board._facts = FACTS[:1] + bytes(16) + FACTS[17:]
        return b""

    board._misbehave = vanish
    with refused(
        "The board was flashed with another bitstream during the session; "
        "40 results had come well before",
        LinkError,
    ):
        results_of(board, frames(5))
