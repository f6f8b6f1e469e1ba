"""A unit alone on an FPGA: registers around its netlist, so that two pins are enough.

A unit has more ports than a device has pins, and a combinational one has no clock. So its mapped
netlist gets registers at cell level: one chain of them, shifted in from one pin, drives the inputs
(reset included), and every output ends in a register. Nothing is synthesized again, and a register
needs no LUT: what is counted is the unit, and the frequency is that of the unit between registers.
The chain itself reaches 228 MHz on an iCE40UP5K, some 350 on a GW1NR-9C and 800 on an LFE5U-85F;
a figure near these says that the unit is faster than can be told.
"""

import json
from typing import Any

from ..gowin import timed
from .devices import FAMILIES

__all__ = ["PREFIX", "harnessed"]

PREFIX = "harness$"
"""What the names of the harness's cells and nets begin with; the port's bit follows."""


def harnessed(netlist: str, top: str, family: str) -> tuple[str, int]:
    """Put the harness around module ``top`` of a netlist in Yosys's JSON.

    Returns the new netlist, whose ports are ``clk`` and ``serial``, and its number of registers
    more.

    Raises:
        ValueError: if the unit has a port that is neither input nor output, or no port at all.
    """
    kind = FAMILIES[family]
    document = json.loads(netlist)
    module = document["modules"][top]
    cells, nets = module["cells"], module["netnames"]
    ports: dict[str, dict[str, Any]] = module["ports"]
    wrong = sorted(name for name, port in ports.items() if port["direction"] == "inout")
    if wrong or not ports:
        what = f"no two-way port, but has {', '.join(wrong)}" if wrong else "a port, but has none"
        raise ValueError(f"A unit to be routed must have {what}")
    unused = 1 + max(
        (bit for owner in (nets, ports) for item in owner.values() for bit in item["bits"]
         if isinstance(bit, int)),
        default=1,
    )  # fmt: skip

    def net(name: str) -> int:
        # nextpnr for Gowin times no path between nets without names.
        nonlocal unused
        unused += 1
        nets[name] = {"hide_name": 0, "bits": [unused - 1], "attributes": {}}
        return unused - 1

    def cell(name: str, type: str, parameters: Any, inputs: Any, output: tuple[str, int]) -> None:
        connections = {pin: [bit] for pin, bit in (*inputs.items(), output)}
        directions = {pin: "output" if pin == output[0] else "input" for pin in connections}
        cells[name] = {
            "hide_name": 0,
            "type": type,
            "parameters": dict(parameters),
            "attributes": {"keep": "00000000000000000000000000000001"},
            "port_directions": directions,
            "connections": connections,
        }

    def register(name: str, data: int, out: int) -> None:
        inputs = {kind.clock: clock, kind.data: data}
        cell(name, kind.register, kind.parameters, inputs, ("Q", out))

    given = ports.pop("clk", None)
    clock = given["bits"][0] if given else net(f"{PREFIX}clock")
    serial = net(f"{PREFIX}serial")
    pins = {"clk": clock, "serial": serial}
    if kind.buffer:
        for name, inner in pins.items():
            nets.pop(name, None)
            pins[name] = net(name)
            cell(f"{PREFIX}{name}_buffer", kind.buffer, {}, {"I": pins[name]}, ("O", inner))
        if given:
            nets[f"{PREFIX}clock"] = {"hide_name": 0, "bits": [clock], "attributes": {}}
    count, last = 0, serial
    for name, port in ports.items():
        for index, bit in enumerate(port["bits"]):
            which = f"{PREFIX}{name}[{index}]" if len(port["bits"]) > 1 else f"{PREFIX}{name}"
            if port["direction"] == "input":
                register(which, last, bit)
                last = bit
            elif isinstance(bit, int):  # else a constant
                register(which, bit, net(which))
            else:
                continue
            count += 1
    module["ports"] = {n: {"direction": "input", "bits": [bit]} for n, bit in pins.items()}
    if not kind.buffer:
        for name, bit in pins.items():
            nets[name] = {"hide_name": 0, "bits": [bit], "attributes": {}}
    if family == "gowin":
        timed(module)
    return json.dumps(document), count
