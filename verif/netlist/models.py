"""Simulation models of FPGA cells, taken from the Yosys that made the netlist.

Only the modules that a netlist needs are taken: Icarus does not parse all of the ECP5's. Their
timing specifications are left out; the bench has no delays.
"""

import re
from collections.abc import Collection
from pathlib import Path

from ...gen import yosys

__all__ = ["CELL_FILES", "cell_models"]

CELL_FILES = {
    "ice40": ("ice40/cells_sim.v",),
    # Newer releases keep all of Lattice's families together.
    "ecp5": ("lattice/cells_sim_ecp5.v", "ecp5/cells_sim.v"),
}
"""Where the models of a family's cells may stand below Yosys's data folder."""

# What keeps Verilator and Icarus from reading them: default values of ports, an I/O cell's include.
_DEFINES = "`define NO_ICE40_DEFAULT_ASSIGNMENTS\n`define NO_INCLUDES\n"

_INCLUDE = re.compile(r'^[ \t]*`include[ \t]+"([^"]+)"', re.MULTILINE)
_MODULE = re.compile(r"^module[ \t]+\\?([\w$]+)\b.*?\bendmodule\b", re.MULTILINE | re.DOTALL)
_SPECIFY = re.compile(r"\bspecify\b.*?\bendspecify\b", re.DOTALL)


def cell_models(target: str, cells: Collection[str]) -> str:
    """Verilog of the given cells of a family and of the cells inside them.

    Raises:
        YosysError: if Yosys's data files lack one.
    """
    folder = yosys.share()
    files = [folder / name for name in CELL_FILES[target] if (folder / name).is_file()]
    if not files:
        raise yosys.YosysError(f"Yosys's data files have no {CELL_FILES[target][-1]}")
    text = _included(files[0])
    modules = {found[1]: found[0] for found in _MODULE.finditer(text)}
    needed: dict[str, str] = {}
    waiting = sorted(cells)
    while waiting:
        name = waiting.pop(0)
        if name in needed:
            continue
        if name not in modules:
            raise yosys.YosysError(f"Yosys's data files have no model of the cell {name}")
        needed[name] = _SPECIFY.sub("", modules[name])
        inside = set(re.findall(r"[\w$]+", needed[name])) & modules.keys()
        waiting += sorted(inside - needed.keys())
    return _DEFINES + _directives(text) + "\n".join(needed[name] for name in sorted(needed)) + "\n"


def _included(path: Path) -> str:
    """The text of a file with the files that it includes, which stand beside it."""

    def expand(found: re.Match[str]) -> str:
        other = path.with_name(found[1])
        return _included(other) if other.is_file() else found[0]

    return _INCLUDE.sub(expand, path.read_text())


def _directives(text: str) -> str:
    """The macros that a file defines before its first module."""
    head = re.split(r"^module\b", text, maxsplit=1, flags=re.MULTILINE)[0]
    return "".join(line for line in head.splitlines(True) if line.startswith("`"))
