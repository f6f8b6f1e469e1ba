"""Frames: software against itself, against the standard's check value, and against the gates."""

import random

import pytest
from amaranth.sim import Simulator
from hypothesis import given
from hypothesis import strategies as st

from bitwright.fpga.host.framing import FrameDecoder, encode_frame
from bitwright.fpga.link.framing import FrameReceiver, FrameSender
from bitwright.fpga.link.protocol import ESCAPE, FLAG

# Flags and escapes are what framing is about: make them frequent.
OCTETS = st.one_of(st.sampled_from([FLAG, ESCAPE, 0x5D, 0x5E, 0x20]), st.integers(0, 255))
CONTENT = st.lists(OCTETS, min_size=1, max_size=40).map(bytes)


def decoded(*parts):
    decoder = FrameDecoder()
    return [content for part in parts for content in decoder.feed(part)]


def test_the_checksum_is_crc_16_ibm_3740():
    """Check value of the RevEng catalogue; flags and escapes as in RFC 1662."""
    assert encode_frame(b"123456789") == b"~123456789\x29\xb1~"
    assert encode_frame(b"}~")[:5] == b"~}]}^"


@given(st.lists(CONTENT, max_size=5), st.integers(1, 7))
def test_whatever_is_sent_arrives_however_it_is_divided(contents, size):
    line = b"".join(map(encode_frame, contents))
    assert decoded(*(line[n : n + size] for n in range(0, len(line), size))) == contents


@given(st.lists(CONTENT, max_size=5))
def test_one_flag_between_frames_is_enough(contents):
    line = b"".join(encode_frame(content)[1:] for content in contents)
    assert decoded(line) == contents


@given(CONTENT, st.data())
def test_no_single_wrong_bit_gives_another_frame(content, data):
    line = bytearray(encode_frame(content))
    position = data.draw(st.integers(0, len(line) - 1))
    line[position] ^= 1 << data.draw(st.integers(0, 7))
    assert set(decoded(bytes(line), b"~")) <= {None, content}


@given(CONTENT, st.data())
def test_no_lost_byte_gives_another_frame(content, data):
    line = bytearray(encode_frame(content))
    del line[data.draw(st.integers(0, len(line) - 1))]
    assert set(decoded(bytes(line), b"~")) <= {None, content}


@pytest.mark.parametrize("line", [b"~a~", b"~ab~", b"~abc}~", b"~a}}bc~", b"abc~"])
def test_what_is_no_frame_is_reported(line):
    assert decoded(line) == [None]


def test_flags_alone_are_nothing():
    assert decoded(b"~~~", b"~") == []


def drawn_contents(rng, count):
    alphabet = [FLAG, ESCAPE, 0x5E, 0x00, *range(0, 256, 37)]
    return [bytes(rng.choices(alphabet, k=rng.randint(1, 12))) for _ in range(count)]


def streamed(dut, items, *, gaps, stalls, set_payload, get_payload, seed, patience=40):
    """What leaves a component with streams ``i`` and ``o`` after these items entered it."""
    draw = random.Random(seed).random
    taken = []

    async def feed(ctx):
        for item in items:
            while draw() < gaps:
                await ctx.tick()
            set_payload(ctx, dut.i.payload, item)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)

    async def drain(ctx):
        quiet = 0
        while quiet < patience:
            ctx.set(dut.o.ready, int(draw() >= stalls))
            _, _, valid, ready, *payload = await ctx.tick().sample(
                dut.o.valid, dut.o.ready, *get_payload(dut.o.payload)
            )
            quiet = 0 if valid else quiet + 1
            if valid and ready:
                taken.append(tuple(payload))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.add_testbench(drain)
    simulator.run()
    return taken


@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.5, 0), (0, 0.7)])
def test_gates_send_what_software_sends(gaps, stalls):
    contents = drawn_contents(random.Random(1), 12)
    items = [item for c in contents for item in [*((octet, 0) for octet in c), (0, 1)]]

    def put(ctx, payload, item):
        ctx.set(payload.data, item[0])
        ctx.set(payload.end, item[1])

    taken = streamed(
        FrameSender(), items, gaps=gaps, stalls=stalls, seed=2,
        set_payload=put, get_payload=lambda payload: [payload],
    )  # fmt: skip
    assert bytes(octet for (octet,) in taken) == b"".join(map(encode_frame, contents))


@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.5, 0), (0, 0.7)])
def test_gates_receive_what_software_receives(gaps, stalls):
    """Good frames and damaged ones, in any mixture."""
    rng = random.Random(3)
    line = bytearray()
    for content in drawn_contents(rng, 40):
        octets = bytearray(encode_frame(content))
        if rng.random() < 0.5:
            octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)
        line += octets
    line += b"~a~~ab~~abc}~~"
    taken = streamed(
        FrameReceiver(), line, gaps=gaps, stalls=stalls, seed=4,
        set_payload=lambda ctx, payload, octet: ctx.set(payload, octet),
        get_payload=lambda payload: [payload.data, payload.end, payload.good],
    )  # fmt: skip
    contents, current = [], bytearray()
    for data, end, good in taken:
        if end:
            contents.append(bytes(current) if good else None)
            current.clear()
        else:
            current.append(data)
    assert contents == decoded(bytes(line))
    assert None in contents
    assert any(contents)
