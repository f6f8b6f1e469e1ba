"""The iCE40 netlist after packing, placing and routing, as nextpnr writes it, with its names back.

nextpnr packs LUTs, carries and registers into logic cells, turns carries that leave their chain
into LUTs, makes cells for constants and puts global buffers in: all of that is read back and
proven. What is not: that the wires it chose connect what they should, and the bits of the
bitstream. To read those back takes IceStorm's ``icebox_vlog``, which no wheel brings.

The unit is routed as for estimates, with a register at every port. Each input's register is the
input of the circuit read back, and what each output's register takes is the output.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ...gen import nextpnr
from ...gen.cost.devices import DEFAULT_DEVICES, DEVICES
from ...gen.cost.harness import PREFIX, harnessed
from .circuit import Bit, Circuit, NetlistError

__all__ = ["Routed", "routed_netlist", "without_harness"]

_SEED = 1
# Yosys has models of these; of DSP blocks and memories it has them as they are before packing.
_KNOWN = ("ICESTORM_LC", "SB_GB")
# What a logic cell's pins are worth when nothing is connected to them: see its model.
_UNCONNECTED = dict.fromkeys(("I0", "I1", "I2", "I3", "CIN", "SR", "CLK"), "0") | {"CEN": "1"}


@dataclass(frozen=True)
class Routed:
    """A routed netlist with its harness: ``ports`` says where in it the unit's ports are.

    Of an input, its bits are names of nets that the harness drives; of an output, of those at the
    harness's registers that take it, or constants. ``names`` has the names that each of the nets
    had before.
    """

    netlist: str
    cells: dict[str, int]
    tools: dict[str, str]
    ports: dict[str, tuple[str, list[str]]]
    names: dict[str, list[str]]


def routed_netlist(netlist: str, top: str, family: str, *, timeout: float) -> Routed:
    """Route a mapped netlist; return what came of it, its nets with all the names they had.

    Raises:
        NextpnrError: if nextpnr is missing or fails.
        NetlistError: if it leaves cells without a model.
        ValueError: if the unit cannot be routed by itself.
    """
    device = DEVICES[DEFAULT_DEVICES[family]]
    ports = json.loads(netlist)["modules"][top]["ports"]
    document = json.loads(harnessed(netlist, top, family)[0])
    module = document["modules"][top]
    names = _rename(module)
    outputs = nextpnr.run(
        family,
        [
            "--json", "design.json", "--top", top, "--seed", str(_SEED), "--timing-allow-fail",
            "--write", "routed.json", *device.arguments,
        ],
        {"design.json": json.dumps(document), **device.files},
        ["routed.json"],
        timeout=timeout,
    )  # fmt: skip
    (routed,) = outputs.json("routed.json")["modules"].values()
    nets: dict[str, int] = {name: net["bits"][0] for name, net in routed["netnames"].items()}
    for name, port in routed["ports"].items():
        port["bits"] = [_without_pad(routed, port["bits"][0])]
        nets[name] = port["bits"][0]
    _close(routed)
    where: dict[str, tuple[str, list[str]]] = {}
    for port, about in ports.items():
        bits: list[str] = []
        for n, bit in enumerate(about["bits"]):
            name = f"{PREFIX}{port}[{n}]" if len(about["bits"]) > 1 else f"{PREFIX}{port}"
            register = module["cells"].get(name)
            if register is None and port != "clk":
                bits.append(bit)
                continue
            net = nets[f"net{register['connections']['Q'][0]}"] if register else nets[port]
            routed["netnames"][name] = {"hide_name": 0, "bits": [net], "attributes": {}}
            bits.append(f"{name}[0]")
        where[port] = about["direction"], bits
    foreign = {cell["type"] for cell in routed["cells"].values()} - {*_KNOWN}
    if foreign:
        raise NetlistError(
            f"A routed netlist must consist of {' and '.join(_KNOWN)}, of which there are models, "
            f"and it has {', '.join(sorted(foreign))}"
        )
    cells = dict(sorted(Counter(cell["type"] for cell in routed["cells"].values()).items()))
    tool = nextpnr.FAMILIES[family]
    used = {tool: f"{nextpnr.version(family)} for {device.part} with seed {_SEED}"}
    return Routed(json.dumps({"modules": {top: routed}}), cells, used, where, names)


def without_harness(circuit: Circuit, routed: Routed) -> None:
    """Take the harness's registers out of a circuit; give it the unit's ports and names.

    Raises:
        NetlistError: if one of these registers is not there.
    """
    registers = {register.output: register for register in circuit.registers}
    circuit.inputs, circuit.outputs = {}, {}
    gone: set[int] = set()
    for name, (direction, names) in routed.ports.items():
        bits: list[Bit] = [circuit.names.get(bit, bit) for bit in names]
        if name == "clk":
            circuit.inputs[name] = bits
            continue
        if any(bit not in registers and bit not in ("0", "1") for bit in bits):
            raise NetlistError(f"The routed netlist must have a register at {name}, and has none")
        gone |= {bit for bit in bits if isinstance(bit, int)}
        if direction == "input":
            circuit.inputs[name] = bits
        else:
            circuit.outputs[name] = [
                registers[bit].data if isinstance(bit, int) else bit for bit in bits
            ]
    circuit.registers = [r for r in circuit.registers if r.output not in gone]
    circuit.names = {
        alias: circuit.names[f"{own}[0]"]
        for own, aliases in routed.names.items()
        if f"{own}[0]" in circuit.names
        for alias in aliases
    }


def _rename(module: dict[str, Any]) -> dict[str, list[str]]:
    """Give each net one name, of its number, by which it is found again; return all it had.

    Ports keep their names, which nextpnr makes pads of.
    """
    names: dict[int, list[str]] = {}
    for name, net in module["netnames"].items():
        for n, bit in enumerate(net["bits"], net.get("offset", 0)):
            if isinstance(bit, int):
                names.setdefault(bit, []).append(f"{name}[{n}]")
    own = {bit: f"net{bit}" for bit in names}
    own |= {port["bits"][0]: name for name, port in module["ports"].items()}
    module["netnames"] = {
        name: {"hide_name": 0, "bits": [bit], "attributes": {}} for bit, name in own.items()
    }
    return {own[bit]: aliases for bit, aliases in names.items()}


def _without_pad(module: dict[str, Any], bit: int) -> int:
    """Remove the cell of a pad; return the net behind it."""
    for name, cell in list(module["cells"].items()):
        if cell["type"] == "SB_IO" and cell["connections"]["PACKAGE_PIN"] == [bit]:
            (inside,) = cell["connections"]["D_IN_0"] or [bit]
            del module["cells"][name]
            return inside
    return bit


def _close(module: dict[str, Any]) -> None:
    """Connect the pins of logic cells that nothing is connected to, as the device does."""
    for cell in module["cells"].values():
        if cell["type"] == "ICESTORM_LC":
            pins = cell["connections"]
            pins |= {pin: [value] for pin, value in _UNCONNECTED.items() if not pins.get(pin)}
