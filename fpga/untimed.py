"""Paths that place and route leaves out of its timing: those at cells without a delay model.

nextpnr has no delays for the block RAMs and multipliers of Gowin's devices. Its Fmax holds for all
other paths; here it is counted how much logic stands beside such cells, so that a reader can judge.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Untimed", "untimed"]

_LOGIC = re.compile(r"LUT\d|ALU|MUX2_LUT\d")


@dataclass(frozen=True)
class Untimed:
    """Cells without delays.

    Attributes
    ----------
    cells : int
        How many there are.
    before, behind : int
        The most logic cells in a row between a register and such a cell, and from it on.
    """

    cells: int
    before: int
    behind: int


def untimed(module: Mapping[str, Any], pattern: str) -> Untimed:
    """The cells of a flat module in Yosys's JSON whose types match ``pattern``.

    Logic between two of them counts on both sides. Steps along a carry chain count, too.
    """
    cells = module["cells"]
    drivers: dict[int, str] = {}
    readers: dict[int, list[str]] = {}
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            for bit in bits:
                if not isinstance(bit, int):
                    continue
                if cell["port_directions"][port] == "output":
                    drivers[bit] = name
                else:
                    readers.setdefault(bit, []).append(name)

    def beside(name: str, direction: str) -> set[str]:
        """The logic cells that drive a cell (``input``) or read from it (``output``)."""
        cell = cells[name]
        ports = [p for p, way in cell["port_directions"].items() if way == direction]
        bits = {bit for port in ports for bit in cell["connections"].get(port, [])}
        if direction == "input":
            found = {drivers[bit] for bit in bits if bit in drivers}
        else:
            found = {reader for bit in bits for reader in readers.get(bit, [])}
        return {other for other in found if _LOGIC.fullmatch(cells[other]["type"])}

    def longest(direction: str) -> int:
        """Steps until no way leads on; with a loop, as many as there are cells."""
        at = set(without)
        for steps in range(len(cells)):
            at = {other for name in at for other in beside(name, direction)}
            if not at:
                return steps
        return len(cells)

    without = {name for name, cell in cells.items() if re.fullmatch(pattern, cell["type"])}
    return Untimed(len(without), before=longest("input"), behind=longest("output"))
