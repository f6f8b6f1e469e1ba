"""The same recipes over a user's Liberty file, in the units of that file."""

import json
import shutil
from hashlib import sha256
from typing import Any

from .. import yosys
from .flow import MINIMISE, RECIPES, Estimate, abc_files, prepare, version_in
from .liberty_file import LOAD_INVERTERS, UserLibrary
from .opensta import delays, sta_version

__all__ = ["estimate_user_library"]


def estimate_user_library(rtlil: str, top: str, library: UserLibrary) -> Estimate:
    """The estimate in the file's units, and the versions of the tools that made it.

    Delay is ``None``, with a note, where OpenSTA's ``sta`` is not installed.

    Raises:
        YosysError: if Yosys fails.
        ValueError: if the library cannot implement the unit.
    """
    femtofarads = library.load * library.femtofarads
    files = {
        "design.il": rtlil,
        **abc_files(),
        "cells.lib": library.text,
        "cells.constr": f"set_driving_cell {library.buffer.name}\n"
        f"set_load {femtofarads:g} [all_outputs]\n",
    }
    script = prepare(top) + "write_json generic.json\n"
    script += f"dfflibmap -liberty cells.lib\nopt_clean\n{MINIMISE}design -save gates\n"
    outputs = ["generic.json"]
    for recipe in RECIPES:
        outputs += [f"{recipe}.v", f"{recipe}.json"]
        script += (
            "design -load gates\n"
            f"abc -liberty cells.lib -constr cells.constr -script {recipe}.abc\n"
            f"setundef -zero\nopt_clean -purge\nwrite_verilog -noattr -noexpr {recipe}.v\n"
            f"tee -q -o {recipe}.json stat -liberty cells.lib -json\n"
        )
    texts = yosys.run(script, files, outputs)
    recipes = {recipe: _areas(texts[f"{recipe}.json"]) for recipe in RECIPES}
    clocks = _clock_ports(texts["generic.json"], top)
    sta = shutil.which("sta")
    for recipe, row in recipes.items():
        row |= delays(texts[f"{recipe}.v"], top, clocks, library) if sta else {"delay": None}
    result: dict[str, Any] = {
        "flow": "standard cells of a Liberty file, Yosys and ABC, delays by OpenSTA",
        "library": {
            "name": library.name,
            "file": library.path.name,
            "digest": sha256(library.text.encode()).hexdigest()[:12],
        },
        "units": {"area": "area unit of the library", "delay": library.time_unit},
        "assumptions": {
            "input_driver": library.buffer.name,
            "output_load": f"{LOAD_INVERTERS} of {library.inverter.name}",
            "wires": "no load",
            "clock": "ideal",
        },
        "recipes": recipes,
    }
    if not sta:
        result["note"] = "No delay without OpenSTA: apt install opensta"
    return result, {
        "yosys": version_in(texts["generic.json"]),
        "opensta": sta_version() if sta else None,
    }


def _areas(text: str) -> dict[str, Any]:
    stat = json.loads(text)["design"]
    cells = stat["num_cells_by_type"]
    foreign = sorted(cell for cell in cells if cell.startswith("$"))
    if foreign:
        raise ValueError(f"The Liberty file must have cells for {', '.join(foreign)}")
    area, registers = stat.get("area", 0.0), stat.get("sequential_area", 0.0)
    return {
        "area": round(area, 4),
        "area_combinational": round(area - registers, 4),
        "area_sequential": round(registers, 4),
        "cells": dict(sorted(cells.items())),
    }


def _clock_ports(text: str, top: str) -> list[str]:
    """Ports that clock a register of the netlist of Yosys's own gates."""
    module = json.loads(text)["modules"][top]
    nets = {
        bit
        for cell in module["cells"].values()
        if "DFF" in cell["type"]
        for bit in cell["connections"]["C"]
    }
    return [
        name
        for name, port in module["ports"].items()
        if port["direction"] == "input" and nets.intersection(port["bits"])
    ]
