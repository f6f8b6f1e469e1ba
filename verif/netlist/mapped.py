"""A unit's netlist after synthesis for an FPGA, as Verilog that any simulator takes.

The script is that of the cost estimate, so what is checked is what was counted.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...gen import yosys
from ...gen.cost.flow import version_in
from ...gen.cost.fpga import FPGAS, flow, marked_for_dsp, synthesis
from ...gen.generate import Generated
from . import ecp5_multiplier
from .models import CELL_FILES, cell_models

__all__ = ["FAMILIES", "MappedNetlist", "NetlistError", "map_unit"]

FAMILIES = tuple(CELL_FILES)
"""Families whose cells have models."""

_OWN_MODELS = {"ecp5": {"MULT18X18D": ecp5_multiplier}}
"""Cells that Yosys knows as black boxes only, and our modules that model them."""


class NetlistError(RuntimeError):
    """Synthesis left something that is no netlist of the family's cells."""


@dataclass(frozen=True)
class MappedNetlist:
    """A flat module of one family's cells.

    Attributes:
        target: The family, as in `FAMILIES`.
        flow: The synthesis command.
        tools: Versions of the tools that made it.
        cells: How many there are of each cell, at least one of any.
        netlist: Verilog of the module, with the unit's name and ports.
        models: Verilog of the cells.
    """

    target: str
    flow: str
    tools: dict[str, str]
    cells: dict[str, int]
    netlist: str
    models: str

    @property
    def verilog(self) -> str:
        """All that a simulator needs."""
        return f"{self.models}\n{self.netlist}"

    def as_json(self) -> dict[str, Any]:
        """What was simulated, in figures."""
        resources = FPGAS[self.target].resources(self.cells)
        return {
            "target": self.target,
            "family": FPGAS[self.target].name,
            "flow": self.flow,
            "tools": self.tools,
            "number_of_cells": sum(self.cells.values()),
            "cells": self.cells,
            **resources,
        }


def map_unit(generated: Generated, target: str) -> MappedNetlist:
    """Synthesize a unit for a family, with DSP blocks where the unit asks for them.

    Raises:
        ValueError: for a family without cell models.
        YosysError: if Yosys fails.
        NetlistError: if what it wrote is empty, is not made of the family's cells, or uses a cell
            in a way that its model does not cover.
    """
    if target not in FAMILIES:
        raise ValueError(f"The netlist must be one of {', '.join(FAMILIES)}, not '{target}'")
    top, rtlil = generated.top, generated.rtlil
    dsp = marked_for_dsp(rtlil)
    script = (
        synthesis(top, target, dsp=dsp)
        + "write_json netlist.json\nwrite_verilog -noattr -noexpr netlist.v\n"
    )
    texts = yosys.run(script, {"design.il": rtlil}, ["netlist.json", "netlist.v"])
    netlist = texts["netlist.v"]
    if not netlist.rstrip().endswith("endmodule"):
        raise NetlistError("Yosys wrote a netlist that is cut short: is the disk full?")
    cells = _cells(texts["netlist.json"], top, target)
    own = _OWN_MODELS.get(target, {})
    models = cell_models(target, [cell for cell in cells if cell not in own])
    models += "".join("\n" + own[cell].VERILOG for cell in cells if cell in own)
    return MappedNetlist(
        target,
        flow(target, dsp=dsp),
        {"yosys": version_in(texts["netlist.json"])},
        cells,
        netlist,
        models,
    )


def _cells(text: str, top: str, target: str) -> dict[str, int]:
    """The cells of the netlist by type, checked."""
    module = json.loads(text)["modules"].get(top, {})
    instances: Mapping[str, Any] = module.get("cells", {})
    if not instances:
        raise NetlistError(
            f"The netlist of {top} must have at least one cell, and it has none: "
            "nothing in it can be checked"
        )
    counted = Counter(instance["type"] for instance in instances.values())
    foreign = sorted(cell for cell in counted if cell.startswith("$"))
    if foreign:
        raise NetlistError(
            f"The netlist of {top} must consist of cells of {FPGAS[target].name}, "
            f"and it has {', '.join(foreign)}"
        )
    for name, instance in instances.items():
        model = _OWN_MODELS.get(target, {}).get(instance["type"])
        reason = model and model.unsupported(instance["parameters"], instance["connections"])
        if reason:
            raise NetlistError(f"The cell {name} of type {instance['type']} {reason}")
    return dict(sorted(counted.items()))
