"""Formats as Amaranth shapes: signals, constants, layouts, streams, memories, simulation, waves."""

import re

import pytest
from amaranth.hdl import Const, Module, Shape, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.sim import Simulator
from expect import refused

from bitwright.hdl.formats import (
    FloatView,
    NumberValue,
    NumberView,
    parse_format,
)

FORMATS = [
    parse_format(name)
    for name in ("e4m3fn", "e5m2", "e4m3fnuz", "e2m1fn", "ue5m3", "e8m0fnu", "binary6p3se", "int8",
                 "uint4", "mxint8")
]
NAMES = ("e4m3fn", "mxint8")


def simulate(module, testbench, vcd=None):
    simulator = Simulator(module)
    simulator.add_testbench(testbench)
    if vcd is None:
        simulator.run()
    else:
        with simulator.write_vcd(str(vcd)):
            simulator.run()


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_a_signal_has_the_format(format):
    signal = Signal(format)
    assert isinstance(signal, NumberView)
    assert signal.shape() is format
    assert Shape.cast(format) == Value.cast(signal).shape()
    assert len(Value.cast(signal)) == format.width
    assert repr(signal) == f"({format.name} (sig signal))"


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_a_constant_has_the_bits_of_its_number(format):
    """RFC 51: from_bits of a constant's bits is a value that makes the same constant."""
    for code in range(1 << format.width):
        value = format.from_bits(code)
        constant = format.const(value)
        bits = Const.cast(constant).value & ((1 << format.width) - 1)
        assert bits == code
        assert format.from_bits(bits) == value
        number = float(value)
        if number == number:
            again = Const.cast(format.const(number)).value & ((1 << format.width) - 1)
            assert again == code


def test_initial_values():
    assert Const.cast(parse_format("e4m3fn").const(None)).value == 0
    assert Value.cast(Signal(parse_format("e4m3fn"), init=-2.5)).init == 0xC2
    assert Value.cast(Signal(parse_format("int8"), init=-3)).init == -3
    with refused("e2m1fn must hold the number exactly; it has no 2.5"):
        parse_format("e2m1fn").const(2.5)
    with refused("A constant of e5m2 must not be a e4m3fn value", TypeError):
        parse_format("e5m2").const(parse_format("e4m3fn").from_bits(1))


def test_assignment_of_another_format_is_refused():
    signal, other = Signal(parse_format("e4m3fn")), Signal(parse_format("e5m2"))
    with refused(
        "A e4m3fn signal must be assigned a e4m3fn, not a e5m2; put a converter between them",
        TypeError,
    ):
        signal.eq(other)


def test_equal_formats_of_other_names_may_be_assigned():
    Signal(parse_format("e5m2fnuz")).eq(Signal(parse_format("binary8p3sf")))


def test_there_is_no_arithmetic():
    one = Signal(parse_format("e4m3fn"))
    for operation in (lambda: one + one, lambda: one * 2, lambda: -one, lambda: one < one):
        with pytest.raises(TypeError):
            operation()


def test_a_view_of_the_wrong_width_is_refused():
    with refused("A e4m3fn signal must be 8 bits, not 7"):
        parse_format("e4m3fn")(Signal(7))


@pytest.mark.parametrize(("name", "code", "fields"), [
    ("e4m3fn", 0b1_0100_101, (1, 0b0100, 0b101)), ("ue5m3", 0b10101_101, (0, 0b10101, 0b101)),
    ("e8m0fnu", 0b11000101, (0, 0b11000101, 0)),
])
def test_fields_of_a_float(name, code, fields):
    format = parse_format(name)
    signal = Signal(format, init=format.from_bits(code))
    assert isinstance(signal, FloatView)
    seen = []

    async def read(context):
        seen.extend(context.get(x) for x in (signal.sign, signal.exponent, signal.mantissa))

    simulate(Module(), read)
    assert tuple(seen) == fields
    assert len(signal.sign) == format.signed
    assert len(signal.magnitude) == format.width - format.signed


@pytest.mark.parametrize("name", NAMES)
def test_simulation_gets_and_sets_numbers(name):
    format = parse_format(name)
    m = Module()
    source, sink, preset = Signal(format), Signal(format), Signal(format)
    m.d.comb += [sink.eq(source), preset.eq(-1.5)]

    async def run(context):
        for number in (0, 1, -1.25, 0.5):
            context.set(source, number)
            assert context.get(sink) == format.from_bits(format.encode(number))
            assert float(context.get(sink)) == number
        context.set(source, format.from_bits(0x81))
        assert context.get(sink).code == 0x81
        assert float(context.get(preset)) == -1.5

    simulate(m, run)


def test_values():
    e4m3fn, e5m2 = parse_format("e4m3fn"), parse_format("e5m2")
    nan, zero, minus = (e4m3fn.from_bits(c) for c in (0x7F, 0, 0x80))
    assert repr(e4m3fn.from_bits(0xC2)) == "e4m3fn(-2.5, 0xc2)"
    assert nan == e4m3fn.from_bits(0x7F)  # as bits
    assert zero != minus
    assert zero != e5m2.from_bits(0)
    assert zero != 0
    assert len({zero, minus, e4m3fn.from_bits(0x100)}) == 2
    assert isinstance(zero, NumberValue)


@pytest.mark.parametrize("name", NAMES)
def test_inside_layouts_streams_and_memories(name):
    format = parse_format(name)
    layout = data.StructLayout({"scale": format, "lanes": data.ArrayLayout(format, 3)})
    assert layout.size == 4 * format.width
    block = Signal(layout, init={"scale": 1, "lanes": [0.5, -1.5, 0]})
    port = stream.Signature(layout).create()
    m = Module()
    m.submodules.memory = memory = Memory(shape=format, depth=4, init=[1, -0.5, 0, 1.5])
    read = memory.read_port(domain="comb")
    m.d.comb += [port.payload.eq(block), read.addr.eq(1)]

    async def run(context):
        assert isinstance(port.payload.lanes[1], NumberView)
        assert float(context.get(port.payload.lanes[1])) == -1.5
        assert float(context.get(port.payload.scale)) == 1
        assert float(context.get(read.data)) == -0.5
        context.set(block.lanes[2], -1)
        assert [float(context.get(port.payload).lanes[i]) for i in range(3)] == [0.5, -1.5, -1]

    simulate(m, run)


def test_a_member_of_an_interface():
    format = parse_format("e4m3fn")
    component = wiring.Signature({"x": wiring.In(format, init=-2.5)}).create()
    assert component.x.shape() is format
    assert Value.cast(component.x).init == 0xC2


@pytest.mark.parametrize("name", NAMES)
def test_waves_show_numbers(name, tmp_path):
    format = parse_format(name)
    signal = Signal(format, name="weight")
    m = Module()
    copy = Signal(format, name="copy")
    m.d.comb += copy.eq(signal)

    async def run(context):
        for number in (1.5, -1.25):
            context.set(signal, number)
            await context.delay(1e-9)

    simulate(m, run, tmp_path / "waves.vcd")
    text = (tmp_path / "waves.vcd").read_text()
    assert re.search(r"^s-1\.25 ", text, re.MULTILINE)
    assert re.search(r"^s1\.5 ", text, re.MULTILINE)


def test_text_in_a_simulation(capsys):
    from amaranth.hdl import Format, Print

    m = Module()
    m.d.sync += Print(Format("{} {:x} {}", Signal(parse_format("e4m3fn"), init=-2.5),
                             Signal(parse_format("e4m3fn"), init=-2.5),
                             Signal(parse_format("bf16"), init=1)))
    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.run_until(1e-6)
    assert capsys.readouterr().out.splitlines()[0] == "-2.5 c2 3f80"

