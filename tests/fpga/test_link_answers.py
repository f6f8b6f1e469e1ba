# amaranth: UnusedElaboratable=no
"""What the gates answer to good, damaged and senseless frames, bit by bit at the pins."""

import pytest
from amaranth.hdl import Module, Signal, unsigned
from amaranth.sim import Simulator
from expect import refused
from line import RawHost, frame, levels_of, octets_of

from bitwright.fpga.host.framing import FrameDecoder
from bitwright.fpga.link import Link, identity
from bitwright.fpga.link.protocol import VERSION, Reply, Request, Status
from bitwright.fpga.simulated import SimulatedBoard
from bitwright.gen.generate import generate
from bitwright.hdl.pipeline import Step
from bitwright.hdl.unit import Unit

MULTIPLIER = generate("float-multiplier", {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn"})
#: One byte in, four out.
WIDENING = generate("float-multiplier", {"a": "e2m1fn", "b": "e2m1fn", "o": "fp32"})
ONE, TWO, FOUR = 0x38, 0x40, 0x48  # in e4m3fn


@pytest.fixture(scope="module")
def multiplier():
    with SimulatedBoard(MULTIPLIER, divisor=4) as board:
        yield board


@pytest.fixture
def host(multiplier):
    with RawHost(multiplier.port) as host:
        host.reset()
        yield host


def data(sequence, *octets):
    return frame(Request.DATA, sequence, *octets)


def result(sequence, *octets, status=Status.OK):
    return [bytes([Reply.RESULT, sequence, *octets, status])]


def test_a_reset_is_answered_with_the_identity(host):
    facts = bytes([VERSION]) + identity(MULTIPLIER) + bytes([2, 0, 1, 0, 0, 8])
    for nonce in (0, 0x7D, 0x7E, 0xFF):
        assert host.reset(nonce) == bytes([Reply.IDENTITY, nonce]) + facts


def test_data_is_answered_with_results(host):
    assert host.ask(data(0, ONE, TWO, TWO, TWO)) == result(0, TWO, FOUR)
    assert host.ask(data(1)) == result(1)
    assert host.ask(data(2, ONE, 0x7E, 0x7D, ONE)) == result(2, 0x7E, 0x7D)


def test_sequence_numbers_run_round(host):
    frames = b"".join(data(n & 0xFF, ONE, n & 0x3F) for n in range(300))
    found = []
    for start in range(0, len(frames), 1000):
        found += host.ask(frames[start : start + 1000], replies=0, seconds=0)
        found += host.ask(b"", replies=100, seconds=0.3)
    assert found == [result(n & 0xFF, n & 0x3F)[0] for n in range(300)]


def test_a_reset_starts_the_numbers_afresh(host):
    assert host.ask(data(0, ONE, TWO)) == result(0, TWO)
    host.reset()
    assert host.ask(data(0, ONE, TWO)) == result(0, TWO)


def damaged(octets):
    return octets[:-3] + bytes([octets[-3] ^ 1]) + octets[-2:]


@pytest.mark.parametrize(("octets", "answer"), [
    (damaged(data(0, ONE, TWO)), result(0, TWO, status=Status.CHECKSUM)),
    (damaged(data(5, ONE, TWO)), result(0, status=Status.CHECKSUM)),
    (damaged(frame(Request.RESET, 1)), result(0, status=Status.CHECKSUM)),
    (b"~\x01~", result(0, status=Status.CHECKSUM)),
    (b"~" + bytes([Request.DATA, 0, ONE, TWO]) + b"}~", result(0, status=Status.CHECKSUM)),
    (frame(0x55, 1, 2, 3), result(0, status=Status.UNKNOWN)),
    (frame(), result(0, status=Status.UNKNOWN)),
    (data(1, ONE, TWO), result(0, status=Status.SEQUENCE)),
    (data(255, ONE, TWO), result(0, status=Status.SEQUENCE)),
    (frame(Request.DATA), result(0, status=Status.SEQUENCE)),
    (data(0, ONE, TWO, ONE), result(0, TWO, status=Status.PARTIAL)),
    (data(0, ONE), result(0, status=Status.PARTIAL)),
], ids=str)  # fmt: skip
def test_what_is_wrong_is_said_and_stops_the_board(host, octets, answer):
    assert host.ask(octets) == answer
    refusal, = host.ask(data(answer[0][1], ONE, TWO))
    assert refusal[0] == Reply.RESULT
    assert refusal[2:] == bytes([Status.NOT_READY])
    assert host.reset()[0] == Reply.IDENTITY
    assert host.ask(data(0, ONE, TWO)) == result(0, TWO)


def test_frames_under_way_behind_a_damaged_one_are_refused(host):
    line = data(0, ONE, TWO) + damaged(data(1, ONE, TWO)) + data(2, ONE, TWO) + data(3, ONE, TWO)
    replies = host.ask(line, replies=4)
    assert [reply[-1] for reply in replies] == [
        Status.OK, Status.CHECKSUM, Status.NOT_READY, Status.NOT_READY,
    ]
    assert [len(reply) for reply in replies[2:]] == [3, 3]


def test_a_lost_byte_of_a_vector_is_noticed(host):
    line = bytearray(data(0, ONE, TWO, FOUR, TWO))
    del line[4]
    (reply,) = host.ask(bytes(line))
    assert reply[-1] == Status.CHECKSUM


def test_power_up_needs_a_reset():
    with SimulatedBoard(MULTIPLIER, divisor=4) as board, RawHost(board.port) as host:
        assert host.ask(data(0, ONE, TWO)) == result(0, status=Status.NOT_READY)


@pytest.mark.parametrize(("fault", "status"), [
    ("stop", Status.NOISE), ("flip", Status.CHECKSUM), ("drop", Status.CHECKSUM),
])
def test_noise_on_the_line_is_noticed(fault, status):
    """In the first vector."""
    with (
        SimulatedBoard(MULTIPLIER, divisor=4, faults=[f"{fault}@10"]) as board,
        RawHost(board.port) as host,
    ):
        host.reset()
        (reply,) = host.ask(data(0, ONE, TWO, FOUR, TWO))
        assert reply[-1] == status
        assert host.reset()[0] == Reply.IDENTITY
        assert host.ask(data(0, ONE, TWO)) == result(0, TWO)


def test_more_bytes_than_the_board_can_hold_are_noticed():
    """Results are four times as long as vectors, and the host does not wait for any."""
    with SimulatedBoard(WIDENING, divisor=7, buffer=256) as board, RawHost(board.port) as host:
        host.reset()
        host.ask(data(0, *[0x22] * 1000), replies=0, seconds=0)
        replies = []
        while not replies:  # the frame's own end may be among the bytes lost
            replies = host.ask(b"~", seconds=1)
        assert replies[0][-1] == Status.OVERFLOW
        assert host.reset()[0] == Reply.IDENTITY
        assert host.ask(data(0, 0x22)) == result(0, 0x00, 0x00, 0x80, 0x3F)


class Slow(Unit):
    """Adds one, taking its time: a unit that is not ready for most of the time."""

    reference = "a test"
    interval = 100

    def __init__(self) -> None:
        super().__init__({"a": unsigned(12)}, {"p": unsigned(12)})

    def steps(self):
        return [Step("none", lambda m, values: {"p": values["a"]})]

    @property
    def latency(self):
        return 90

    def elaborate(self, platform):
        m = Module()
        busy, left = Signal(), Signal(range(100))
        m.d.comb += [self.i.ready.eq(~busy), self.o.valid.eq(busy & (left == 0))]
        with m.If(self.i.ready & self.i.valid):
            m.d.sync += [busy.eq(1), left.eq(89), self.o.payload.p.eq(self.i.payload.a + 1)]
        with m.Elif(busy & (left != 0)):
            m.d.sync += left.eq(left - 1)
        with m.Elif(busy & self.o.ready):
            m.d.sync += busy.eq(0)
        return m


def answers(link, octets, cycles):
    """The contents of the frames that a link sends, in Amaranth's simulator."""
    levels = []

    async def drive(ctx):
        for level in levels_of(octets, link.divisor):
            ctx.set(link.rx, level)
            await ctx.tick()

    async def record(ctx):
        for _ in range(10 * link.divisor * len(octets) + cycles):
            *_, level = await ctx.tick().sample(link.tx)
            levels.append(level)

    simulator = Simulator(link)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.add_testbench(record)
    simulator.run()
    return list(FrameDecoder().feed(octets_of(levels, link.divisor)))


def test_a_slow_unit_gets_its_time():
    """It takes two and a half times as long for a vector as the line."""
    link = Link(Slow(), identity=bytes(range(16)), divisor=4, buffer=256)
    numbers = [0, 1, 0x123, 0xFFF, 0x7E, 0x7D]
    vectors = b"".join(number.to_bytes(2, "little") for number in numbers)
    line = frame(Request.RESET, 9) + data(0, *vectors)
    greeting, reply = answers(link, line, 2500)
    assert greeting[:3] == bytes([Reply.IDENTITY, 9, VERSION])
    results = b"".join(((n + 1) & 0xFFF).to_bytes(2, "little") for n in numbers)
    assert reply == bytes([Reply.RESULT, 0]) + results + bytes([Status.OK])


@pytest.mark.parametrize(("arguments", "message"), [
    ({"identity": b"short"}, "The identity must be 16 bytes, not b'short'"),
    ({"buffer": 300},
     "The buffer must be a power of two from 256 to 32768 bytes, not 300"),
    ({"buffer": 128},
     "The buffer must be a power of two from 256 to 32768 bytes, not 128"),
    ({"divisor": 2},
     "The divisor (clock cycles a bit) must be an integer from 4 to 65535, not 2"),
])  # fmt: skip
def test_wrong_parameters_are_refused(arguments, message):
    with refused(message):
        Link(Slow(), **{"identity": bytes(16), "divisor": 12, **arguments})
