# amaranth: UnusedElaboratable=no
"""The serial line at its pins: rates, spikes, breaks."""

import pytest
from amaranth.sim import Simulator
from expect import refused
from line import levels_of, octets_of

from bitwright.fpga.link.uart import UARTReceiver, UARTTransmitter

OCTETS = bytes([0x00, 0xFF, 0x55, 0xAA, 0x7E, 0x01, 0x80, 0x00])


def received(levels, divisor):
    """What a receiver makes of a line: its bytes, None for an error."""
    dut = UARTReceiver(divisor)
    events = []

    async def drive(ctx):
        for level in [*levels, *[1] * (2 * divisor + 4)]:
            ctx.set(dut.rx, level)
            _, _, valid, error, data = await ctx.tick().sample(dut.valid, dut.error, dut.data)
            assert not (valid and error)
            if valid or error:
                events.append(data if valid else None)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()
    return events


def sent(octets, divisor, gap=0):
    """The levels that a transmitter makes of bytes, in each cycle."""
    dut = UARTTransmitter(divisor)
    levels = []

    async def feed(ctx):
        for octet in octets:
            ctx.set(dut.i.payload, octet)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
            for _ in range(gap):
                await ctx.tick()

    async def record(ctx):
        for _ in range((len(octets) * 10 + 2) * divisor + len(octets) * gap):
            *_, level = await ctx.tick().sample(dut.tx)
            levels.append(level)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.add_testbench(record)
    simulator.run()
    return levels


@pytest.mark.parametrize("divisor", [4, 5, 7, 12, 25])
def test_bytes_go_out_back_to_back(divisor):
    levels = sent(OCTETS, divisor)
    start = levels.index(0)
    line = levels[start : start + len(OCTETS) * 10 * divisor]
    assert line == levels_of(OCTETS, divisor)
    assert set(levels[:start] + levels[start + len(line) :]) == {1}


def test_the_line_rests_between_bytes():
    assert octets_of(sent(OCTETS, 6, gap=100), 6) == OCTETS


@pytest.mark.parametrize("divisor", [4, 5, 7, 12, 25])
def test_bytes_come_in_back_to_back(divisor):
    assert bytes(received(levels_of(OCTETS, divisor), divisor)) == OCTETS


@pytest.mark.parametrize("stretch", [0.96, 1.04])
@pytest.mark.parametrize("divisor", [12, 50])
def test_rates_may_differ_by_four_percent(divisor, stretch):
    assert bytes(received(levels_of(OCTETS, divisor, stretch=stretch), divisor)) == OCTETS


def test_a_low_stop_bit_is_an_error_and_the_next_byte_is_not():
    levels = [*levels_of(b"\x55", 8, stop=0), *[1] * 8, *levels_of(b"\xaa", 8)]
    assert received(levels, 8) == [None, 0xAA]


def test_a_break_is_one_error():
    levels = [*[0] * 500, *[1] * 8, *levels_of(b"\xaa", 8)]
    assert received(levels, 8) == [None, 0xAA]


@pytest.mark.parametrize("width", [1, 2, 3])
def test_a_spike_is_forgotten(width):
    levels = [*[0] * width, *[1] * 8, *levels_of(b"\xaa", 8)]
    assert received(levels, 8) == [0xAA]


@pytest.mark.parametrize("kind", [UARTReceiver, UARTTransmitter])
@pytest.mark.parametrize("divisor", [3, 65536, 4.0, True])
def test_divisors_out_of_range_are_refused(kind, divisor):
    with refused(
        "The divisor (clock cycles a bit) must be an integer from 4 to 65535, "
        f"not {divisor!r}"
    ):
        kind(divisor)
