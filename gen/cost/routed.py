"""What a routed design says: resources after packing, frequency, and the slowest path."""

import re
from collections.abc import Mapping
from typing import Any

from ..gowin import THROUGH
from .devices import FAMILIES
from .harness import PREFIX

__all__ = ["critical_path", "frequency", "resources", "untimed"]


def frequency(report: Mapping[str, Any]) -> float:
    """The frequency of a report's only clock, in MHz.

    Raises:
        ValueError: if the report tells of no clock or of several.
    """
    clocks = [clock["achieved"] for clock in report["fmax"].values()]
    if len(clocks) != 1:
        raise ValueError(f"The report must give one clock's frequency, not {len(clocks)}")
    return float(clocks[0])


def resources(family: str, design: Mapping[str, Any], added: int) -> dict[str, int]:
    """Cells of a routed design (``nextpnr --write``), without the ``added`` registers around it.

    ``lut`` counts what is occupied: LUTs, those that carry chains use, and those that lead a carry
    chain in or out of the fabric. It does not count a LUT that a lone register's data merely passes
    through, nor those that make the constants 0 and 1, which a whole design has once.
    """
    kind = FAMILIES[family]
    cells = _module(design)["cells"]
    types = [cell["type"] for cell in cells.values()]
    if family == "ice40":
        logic = {n: c for n, c in cells.items() if c["type"] == "ICESTORM_LC" and not _lone(c)}
        luts = sum(not name.startswith("$PACKER_") for name in logic)
        carries = sum(_on(cell, "CARRY_ENABLE") for cell in cells.values())
        registers = sum(_on(cell, "DFF_ENABLE") for cell in cells.values())
    elif family == "ecp5":
        logic = {n: c for n, c in cells.items() if c["type"] == "TRELLIS_COMB"}
        luts = sum(not name.startswith("$PACKER_") for name in logic)
        carries = sum(cell["parameters"].get("MODE") == "CCU2" for cell in logic.values()) // 2
        registers = types.count("TRELLIS_FF")
    else:
        carries = types.count("ALU")
        luts = carries + sum(
            cell["type"] == "LUT4" and not name.startswith(THROUGH)
            for name, cell in cells.items()
        )
        registers = sum(type in kind.registers for type in types)
    return {
        "lut": luts,
        "carry": carries,
        "register": registers - added,
        "dsp": sum(type in kind.dsp for type in types),
        "ram": sum(type in kind.ram for type in types),
    }


def untimed(family: str, design: Mapping[str, Any]) -> list[str]:
    """Types of cells in a routed design through which nextpnr may not have timed every path.

    Where there is one, the frequency reported is no bound: a slower path may have been left out.
    """
    types = {cell["type"] for cell in _module(design)["cells"].values()}
    return sorted(types.difference(FAMILIES[family].timed))


def _rank(name: str) -> tuple[bool, int]:
    """Names of the design come before those that synthesis makes of cell types, short before long.
    """
    return bool(re.search(r"[A-Z]{2}", name)), len(name)


def _module(design: Mapping[str, Any]) -> Mapping[str, Any]:
    (module,) = design["modules"].values()
    return module


def _on(cell: Mapping[str, Any], parameter: str) -> bool:
    return int(cell["parameters"].get(parameter, "0"), 2) == 1


def _lone(cell: Mapping[str, Any]) -> bool:
    """Whether an iCE40 logic cell holds a register alone, its LUT a wire from I0."""
    wire = int(cell["parameters"]["LUT_INIT"], 2) == 2
    inputs = [pin for pin in ("I1", "I2", "I3") if cell["connections"][pin]]
    return wire and not inputs and _on(cell, "DFF_ENABLE") and not _on(cell, "CARRY_ENABLE")


def critical_path(
    family: str, report: Mapping[str, Any], design: Mapping[str, Any]
) -> dict[str, Any]:
    """The slowest path between registers: ends, total, and its steps with delays in ns.

    A step is ``logic`` through a cell, ``routing`` along a net, ``clk-to-q`` out of the first
    register, or ``setup`` into the last. Registers are named after what they hold.

    Raises:
        ValueError: if the report has no path from a clock to the same clock.
    """
    paths = [p["path"] for p in report["critical_paths"] if p["from"] == p["to"] != "<async>"]
    if not paths:
        raise ValueError("The report must have a path between registers, and it has none")
    path = max(paths, key=lambda steps: sum(step["delay"] for step in steps))
    module = _module(design)
    names: dict[int, str] = {}
    for name, item in module["netnames"].items():
        for index, bit in enumerate(item["bits"]):
            full = f"{name}[{index}]" if len(item["bits"]) > 1 else name
            if isinstance(bit, int) and (bit not in names or _rank(full) < _rank(names[bit])):
                names[bit] = full

    def held(cell: str) -> str:
        bits = module["cells"].get(cell, {}).get("connections", {}).get(FAMILIES[family].output)
        return names.get(bits[0], cell).removeprefix(PREFIX) if bits else cell

    steps = [
        {"type": step["type"], "delay_ns": round(step["delay"], 3), "at": step["to"]["cell"]}
        | ({"net": step["net"]} if "net" in step else {})
        for step in path
    ]
    return {
        "from": held(path[0]["from"]["cell"]),
        "to": held(path[-1]["to"]["cell"]),
        "delay_ns": round(sum(step["delay"] for step in path), 3),
        "logic_ns": round(sum(s["delay"] for s in path if s["type"] != "routing"), 3),
        "routing_ns": round(sum(s["delay"] for s in path if s["type"] == "routing"), 3),
        "levels": sum(step["type"] == "logic" for step in path),
        "steps": steps,
    }
