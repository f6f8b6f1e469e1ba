"""Gate estimates: the mapped netlist computes the unit, and the figures are sane."""

import json
import random
import re
from functools import cache

import pytest
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, ClockSignal, Module, ResetSignal, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bitwright.gen.cost import KIND, estimate
from bitwright.gen.cost.cells import CELLS, FLIP_FLOPS
from bitwright.gen.cost.gates import estimate_gates, map_gates
from bitwright.gen.cost.netlist import read_netlist
from bitwright.gen.yosys import YosysError


class Multiply(wiring.Component):
    def __init__(self, shape_of, bits):
        shape = shape_of(bits)
        super().__init__({"a": In(shape), "b": In(shape), "p": Out(shape_of(2 * bits))})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.p.eq(self.a * self.b)
        return m


class Add(wiring.Component):
    def __init__(self, bits):
        super().__init__({"a": In(bits), "b": In(bits), "s": Out(bits + 1)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.s.eq(self.a + self.b)
        return m


class Accumulate(wiring.Component):
    def __init__(self, bits, *, total=24, product=False):
        self.product = product
        super().__init__({
            "a": In(signed(bits)), "b": In(signed(bits)), "en": In(1), "total": Out(signed(total)),
        })

    def elaborate(self, platform):
        m = Module()
        term = Signal(signed(2 * len(self.a)))
        m.d.comb += term.eq(self.a * self.b if self.product else self.a + self.b)
        with m.If(self.en):
            m.d.sync += self.total.eq(self.total + term)
        return m


class AsynchronousReset(wiring.Component):
    clk: In(1)
    rst: In(1)
    d: In(1)
    q: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain(async_reset=True)
        m.d.comb += [ClockSignal().eq(self.clk), ResetSignal().eq(self.rst)]
        m.d.sync += self.q.eq(self.d)
        return m


def text(component):
    return rtlil.convert(component, name="unit", emit_src=False)


@cache
def recipes(kind, *arguments):
    return estimate_gates(text(kind(*arguments)), "unit")[0]["recipes"]


def evaluate(netlist, inputs, mask):
    """All outputs of a combinational netlist, one bit of the words per vector."""
    value = {bit: inputs[name] for name, bit in netlist.inputs.items()} | {"0": 0, "1": mask}
    waiting = list(netlist.instances)
    while waiting:
        ready = [i for i in waiting if all(i.pins[p] in value for p in CELLS[i.cell].pins)]
        assert ready
        for i in ready:
            code = CELLS[i.cell].function.replace("!", "~").replace("*", "&").replace("+", "|")
            pins = {pin: value[i.pins[pin]] for pin in CELLS[i.cell].pins}
            value[i.pins["Y"]] = eval(code, {}, pins) & mask
        waiting = [i for i in waiting if i.pins["Y"] not in value]
    return {name: value[bit] for name, bit in netlist.outputs.items()}


@pytest.mark.parametrize("recipe", ["area", "speed"])
@pytest.mark.parametrize(("shape_of", "bits"), [(signed, 4), (signed, 8), (int, 4), (int, 6)])
def test_the_mapped_netlist_multiplies(shape_of, bits, recipe):
    mapped = netlists(shape_of, bits)[recipe]
    draw = random.Random(1)
    half = 1 << bits - 1
    low, high = (-half, half - 1) if shape_of is signed else (0, 2 * half - 1)
    corners = [(a, b) for a in (low, -1 % high, 0, 1, high) for b in (low, 0, 1, high)]
    pairs = corners + [(draw.randint(low, high), draw.randint(low, high)) for _ in range(2000)]
    inputs = {
        f"{port}[{i}]": sum((pair[side] >> i & 1) << n for n, pair in enumerate(pairs))
        for side, port in enumerate("ab") for i in range(bits)
    }
    got = evaluate(mapped, inputs, (1 << len(pairs)) - 1)
    for i in range(2 * bits):
        want = sum((a * b >> i & 1) << n for n, (a, b) in enumerate(pairs))
        assert got[f"p[{i}]"] == want, f"bit {i}"


@cache
def netlists(shape_of, bits):
    texts = map_gates(text(Multiply(shape_of, bits)), "unit")
    return {r: read_netlist(t, "unit", {*CELLS, *FLIP_FLOPS}) for r, t in texts.items()}


def test_a_wider_adder_is_larger_and_slower():
    narrow, wide = recipes(Add, 8), recipes(Add, 16)
    for recipe in ("area", "speed"):
        assert 1.6 < wide[recipe]["area"] / narrow[recipe]["area"] < 2.6
        assert wide[recipe]["delay"] > narrow[recipe]["delay"]
    # A ripple-carry adder takes five to seven gate equivalents a bit.
    assert 5 * 16 < wide["area"]["area"] < 7 * 16


def test_the_recipes_live_up_to_their_names():
    both = recipes(Multiply, signed, 8)
    assert both["area"]["area"] < both["speed"]["area"]
    assert both["speed"]["delay"] < both["area"]["delay"]


def test_registers_are_counted_and_their_paths_told_apart():
    small = recipes(Accumulate, 8)["area"]
    assert small["cells"]["DFFRE_X1"] == 24
    assert small["area_sequential"] == pytest.approx(24 * FLIP_FLOPS["DFFRE_X1"].area, abs=0.01)
    assert small["area"] == pytest.approx(
        small["area_sequential"] + small["area_combinational"], abs=0.02
    )
    delays = small["delays"]
    assert delays["input_to_output"] is None
    assert small["delay"] == max(v for v in delays.values() if v is not None)
    path = small["critical_path"]
    assert re.match(r"(a|b|en|rst|total)\b", path["start"])
    assert re.match(r"total\[\d+\]$", path["end"])
    assert path["steps"][-1]["arrival"] < small["delay"]


def test_a_product_is_not_fused_into_the_accumulator():
    fused = estimate_gates(text(Accumulate(8, product=True)), "unit")[0]["recipes"]["area"]
    apart = recipes(Multiply, signed, 8)["area"]["area"] + recipes(Accumulate, 8)["area"]["area"]
    assert fused["area"] < apart


def test_the_estimate_says_what_it_is_and_is_ready_for_json():
    result = estimate(text(Add(4)), "unit")
    assert json.loads(json.dumps(result)) == result
    assert result["kind"] == KIND
    assert list(result) == ["kind", "top", "gates", "tools"]
    assert re.match(r"\d+\.\d+", result["tools"]["yosys"])
    assert set(result["gates"]["library"]) == {"name", "digest"}


def test_a_unit_of_wires_costs_nothing():
    class Wire(wiring.Component):
        a: In(3)
        y: Out(3)

        def elaborate(self, platform):
            m = Module()
            m.d.comb += self.y.eq(self.a)
            return m

    area = recipes(Wire)["area"]
    assert (area["area"], area["cells"], area["delay"]) == (0, {}, 0.4)


def test_an_asynchronous_reset_is_refused():
    with pytest.raises(YosysError, match=r"selection is not empty: t:\$_DFF_\?\?\?_"):
        estimate_gates(text(AsynchronousReset()), "unit")


@pytest.mark.parametrize("top", ["", "a b", "x;y", "7x"])
def test_a_top_that_is_no_identifier_is_refused(top):
    with pytest.raises(ValueError, match=r"^The top module's name must be an identifier, not "):
        estimate(text(Add(4)), top)
