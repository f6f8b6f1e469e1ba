"""A mapped netlist as Yosys's ``write_json`` tells it, reduced to what costs need."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

__all__ = ["Instance", "Netlist", "read_netlist"]

Bit = int | str
"""A net: Yosys's number, or the constant ``"0"``, ``"1"`` or ``"x"``."""


@dataclass(frozen=True)
class Instance:
    """One cell of one-bit pins."""

    name: str
    cell: str
    pins: Mapping[str, Bit]


@dataclass(frozen=True)
class Netlist:
    """``inputs`` and ``outputs`` map a bit's readable name, such as ``a[3]``, to its net."""

    inputs: Mapping[str, Bit]
    outputs: Mapping[str, Bit]
    instances: tuple[Instance, ...]
    names: Mapping[Bit, str]

    def name(self, bit: Bit) -> str:
        """The designer's name of a net where there is one."""
        return self.names.get(bit, f"n{bit}")


def _bit_names(name: str, bits: list[Bit], offset: int = 0) -> list[str]:
    if len(bits) == 1 and offset == 0:
        return [name]
    return [f"{name}[{i + offset}]" for i in range(len(bits))]


def read_netlist(text: str, top: str, known: Collection[str]) -> Netlist:
    """Read module ``top``; every cell must be one of ``known``.

    Raises:
        ValueError: if the module is missing, or holds a cell that the library does not.
    """
    modules = json.loads(text)["modules"]
    if top not in modules:
        raise ValueError(f"The netlist must hold the module {top!r}, not {sorted(modules)}")
    module = modules[top]
    foreign = {cell["type"] for cell in module["cells"].values()}.difference(known)
    if foreign:
        raise ValueError(f"The mapped netlist must hold library cells only, not {sorted(foreign)}")
    ports: dict[str, dict[str, Bit]] = {"input": {}, "output": {}}
    for name, port in module["ports"].items():
        ports[port["direction"]].update(
            zip(_bit_names(name, port["bits"]), port["bits"], strict=True)
        )
    names: dict[Bit, str] = {}
    # Ports last, so that they win over internal names of the same net.
    nets = sorted(module["netnames"].items(), key=lambda item: item[0] in module["ports"])
    for name, net in nets:
        if not net.get("hide_name"):
            names.update(
                zip(net["bits"], _bit_names(name, net["bits"], net.get("offset", 0)), strict=True)
            )
    instances = tuple(
        Instance(name, cell["type"], {pin: bits[0] for pin, bits in cell["connections"].items()})
        for name, cell in module["cells"].items()
    )
    return Netlist(ports["input"], ports["output"], instances, names)
