"""Area and delay in technology-independent units, over the project's own standard cells."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .. import yosys
from .cells import CELLS, FLIP_FLOPS
from .flow import MINIMISE, RECIPES, Estimate, abc_files, prepare, version_in
from .liberty_text import LIBRARY, liberty_digest, liberty_text
from .netlist import Netlist, read_netlist
from .timing import DRIVER, GROUPS, OUTPUT_LOAD, worst_paths

__all__ = ["estimate_gates", "map_gates", "measure"]

# Asynchronous resets and loads, and latches.
_UNMAPPABLE = "t:$_DFF_???_ t:$_DFFE_????_ t:$_DFFSR* t:$_ALDFF* t:$_DLATCH* t:$_SR_*"

# Where area counts, enables and resets are cheaper inside the flip-flop. Where speed counts, they
# are gates that ABC sees, restructures and buffers, and registers drive as hard as inputs do.
_SMALL = {
    "$_DFF_P_": "DFF_X1 _TECHMAP_REPLACE_ (.D(D), .C(C), .Q(Q))",
    "$_DFFE_PP_": "DFFE_X1 _TECHMAP_REPLACE_ (.D(D), .C(C), .E(E), .Q(Q))",
    "$_SDFF_PN0_": "DFFR_X1 _TECHMAP_REPLACE_ (.D(D), .C(C), .RN(R), .Q(Q))",
    "$_SDFF_PP1_": "DFFS_X1 _TECHMAP_REPLACE_ (.D(D), .C(C), .S(R), .Q(Q))",
    "$_SDFFE_PN0P_": "DFFRE_X1 _TECHMAP_REPLACE_ (.D(D), .C(C), .E(E), .RN(R), .Q(Q))",
    "$_SDFFE_PP1P_": "DFFSE_X1 _TECHMAP_REPLACE_ (.D(D), .C(C), .E(E), .S(R), .Q(Q))",
}
_FAST = {"$_DFF_P_": "DFF_X2 _TECHMAP_REPLACE_ (.D(D), .C(C), .Q(Q))"}
_REGISTERS = {"area": _SMALL, "speed": _FAST}


def _register_map(registers: Mapping[str, str]) -> str:
    """Yosys's techmap file: its flip-flops in terms of ours."""
    return "".join(
        f"module \\{name} (input D, C, E, R, output Q); {body}; endmodule\n"
        for name, body in registers.items()
    )


def _map_registers(recipe: str) -> str:
    cells = " ".join(f"-cell {name} x" for name in _REGISTERS[recipe])
    # Not `opt`: it would put enables and resets back into the flip-flops.
    return (
        f"dfflegalize {cells}\nopt_expr\nopt_merge\nopt_clean\ntechmap -map {recipe}.v\nopt_clean\n"
    )


def map_gates(rtlil: str, top: str, *, names: bool = False) -> dict[str, str]:
    """Map a unit by each recipe; return Yosys's JSON netlist for each.

    With ``names`` nets keep all those they had, by which registers are found again.

    Raises:
        YosysError: if Yosys fails, as it does for latches and asynchronous resets.
    """
    script = prepare(top) + f"select -assert-none {_UNMAPPABLE}\n{MINIMISE}design -save gates\n"
    files = {
        "design.il": rtlil,
        **abc_files(),
        "cells.lib": liberty_text(),
        "cells.constr": f"set_driving_cell {DRIVER}\nset_load {OUTPUT_LOAD} [all_outputs]\n",
    }
    for recipe in RECIPES:
        files[f"{recipe}.v"] = _register_map(_REGISTERS[recipe])
        script += (
            "design -load gates\n"
            + _map_registers(recipe)
            + f"abc -liberty cells.lib -constr cells.constr -script {recipe}.abc\n"
            + f"opt_clean{'' if names else ' -purge'}\nwrite_json {recipe}.json\n"
        )
    texts = yosys.run(script, files, [f"{recipe}.json" for recipe in RECIPES])
    return {recipe: texts[f"{recipe}.json"] for recipe in RECIPES}


def measure(netlist: Netlist) -> dict[str, Any]:
    """Area in gate equivalents, delays in FO4, cell counts and the critical path of a netlist."""
    counts = Counter(instance.cell for instance in netlist.instances)
    logic = sum(CELLS[cell].area * n for cell, n in counts.items() if cell in CELLS)
    registers = sum(FLIP_FLOPS[cell].area * n for cell, n in counts.items() if cell in FLIP_FLOPS)
    paths = worst_paths(netlist)
    worst = max(paths.values(), key=lambda path: path.delay, default=None)
    return {
        "area": round(float(logic + registers), 2),
        "area_combinational": round(float(logic), 2),
        "area_sequential": round(float(registers), 2),
        "delay": round(worst.fo4, 2) if worst else None,
        "delays": {g: round(paths[g].fo4, 2) if g in paths else None for g in GROUPS},
        "cells": dict(sorted(counts.items())),
        "critical_path": worst
        and {
            "start": worst.start,
            "end": worst.end,
            "steps": [
                {"cell": s.cell, "net": s.net, "arrival": round(s.fo4, 2)} for s in worst.steps
            ],
        },
    }


def estimate_gates(rtlil: str, top: str) -> Estimate:
    """The estimate, and the versions of the tools that made it.

    Raises:
        YosysError: if Yosys fails.
        ValueError: if the mapped netlist has a loop, or cells that the library does not have.
    """
    texts = map_gates(rtlil, top)
    known = {*CELLS, *FLIP_FLOPS}
    result = {
        "flow": "standard cells by the method of logical effort, Yosys and ABC",
        "library": {"name": LIBRARY, "digest": liberty_digest()},
        "units": {"area": "gate equivalents, NAND2 = 1", "delay": "FO4 inverter delays"},
        "assumptions": {
            "input_driver": DRIVER,
            "output_load": f"{OUTPUT_LOAD:g} unit inverters",
            "wires": "no load",
            "buffers": "recipe speed only",
            "clock": "ideal",
        },
        "recipes": {
            recipe: measure(read_netlist(text, top, known)) for recipe, text in texts.items()
        },
    }
    return result, {"yosys": version_in(texts["area"])}
