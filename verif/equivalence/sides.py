"""What is compared: the RTL, and what the tools make of it, each read back as simple gates.

The netlists are those of the cost estimates: the same scripts, the same cells. But nets keep all
their names, for registers are known by them: the last step, which drops the spare ones, is left
out. For FPGAs, whose script is taken as text, it is checked that the cells are the same. Cells get
their meaning from the models that Yosys brings, our own library's from its Liberty text.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from ...gen import yosys
from ...gen.cost.flow import RECIPES, version_in
from ...gen.cost.fpga import flow, marked_for_dsp, synthesis
from ...gen.cost.gates import map_gates
from ...gen.cost.liberty_text import liberty_text
from ...gen.generate import Generated
from ..netlist import ecp5_multiplier
from ..netlist.models import cell_models
from .circuit import Circuit, NetlistError
from .reading import read_circuit
from .routed import routed_netlist, without_harness

__all__ = ["KINDS", "Side", "make_side", "rtl"]

KINDS = ("verilog", "gates-area", "gates-speed", "ice40", "ecp5", "routed-ice40")
"""What the RTL can be compared with."""

_GATES = """\
proc
{flatten}memory
opt_expr
{reduce}async2sync
dffunmap
techmap{maps}
opt_expr
simplemap
opt_clean
write_json gates.json
"""
_FLATTEN = "flatten -noscopeinfo\n"
# Verilog widens operands to their result; a product of wider operands is another circuit.
_REDUCE = "wreduce\nopt_clean\n"
# Without these marks Yosys would leave the models of cells alone.
_OPEN = "setattr -mod -unset whitebox -unset lib_whitebox -unset blackbox -unset keep_hierarchy *\n"

# Of the models for one cell, Yosys takes the one whose name comes first.
_RIPPLE = """\
(* techmap_celltype = "$lcu" *)
module _80_ripple (P, G, CI, CO);
parameter WIDTH = 2;
input [WIDTH-1:0] P, G;
input CI;
output [WIDTH-1:0] CO;
wire [WIDTH:0] carry = {CO, CI};
assign CO = G | (P & carry[WIDTH-1:0]);
endmodule
"""

# A model's value for a pin that is left open, which synthesis would take for always open.
_PULL = re.compile(r"\(\w+ === 1'bz\) \? 1'b[01] : ")


@dataclass(frozen=True)
class Side:
    """One side of a proof: what it is, in words, its circuit, its cells by type, its tools."""

    what: str
    circuit: Circuit
    cells: dict[str, int]
    tools: dict[str, str]


def _side(
    what: str,
    script: str,
    files: dict[str, str],
    top: str,
    *,
    timeout: float,
    keep: bool = False,
    maps: str = "",
) -> Side:
    flat = {"flatten": "", "reduce": ""} if keep else {"flatten": _FLATTEN, "reduce": _REDUCE}
    text = yosys.run(
        script + _GATES.format(**flat, maps=maps), files, ["gates.json"], timeout=timeout
    )["gates.json"]
    circuit = read_circuit(text, top)
    counted: dict[str, int] = {}
    for cell in circuit.cells:
        counted[cell.type] = counted.get(cell.type, 0) + 1
    return Side(what, circuit, dict(sorted(counted.items())), {"yosys": version_in(text)})


def rtl(
    generated: Generated, *, timeout: float = 600, what: str = "RTL", ripple: bool = False
) -> Side:
    """The unit as it was described, by Yosys's plain mapping of operators to gates.

    With ``ripple`` carries ripple from bit to bit, so that sums are made of full adders.
    """
    maps = " -map +/techmap.v -map ripple.v" if ripple else ""
    top = generated.top
    script = (
        f"read_rtlil design.il\nhierarchy -check -top {top}\ndelete */t:$print */t:$check\n"
    )
    files = {"design.il": generated.rtlil, "ripple.v": _RIPPLE}
    return _side(what, script, files, top, timeout=timeout, maps=maps)


def make_side(generated: Generated, kind: str, *, timeout: float = 600) -> Side:
    """One of the `KINDS`.

    Raises:
        YosysError, NextpnrError: if a tool is missing or fails.
        NetlistError: if what it left is not what was asked for.
        ValueError: if the unit does not fit the device.
    """
    top = generated.top
    if kind == "verilog":
        script = f"read_verilog design.v\nhierarchy -check -top {top}\n"
        files = {"design.v": generated.verilog}
        return _side("generated Verilog", script, files, top, timeout=timeout)
    if kind.startswith("gates-"):
        recipe = kind.removeprefix("gates-")
        netlist = map_gates(generated.rtlil, top, names=True)[recipe]
        what = f"our standard cells, recipe {recipe}"
        models = "read_liberty -overwrite cells.lib\n"
        return _mapped(what, netlist, models, {"cells.lib": liberty_text()}, top, timeout)
    family = kind.removeprefix("routed-")
    netlist, cells, named = _fpga(generated, family, timeout)
    if kind == family:
        files = {"models.v": _models(family, cells)}
        return _mapped(named, netlist, "read_verilog models.v\n", files, top, timeout)
    routed = routed_netlist(netlist, top, family, timeout=timeout)
    files = {"models.v": _models(family, routed.cells)}
    what = f"{named}, placed and routed"
    side = _mapped(what, routed.netlist, "read_verilog models.v\n", files, top, timeout)
    without_harness(side.circuit, routed)
    return Side(side.what, side.circuit, side.cells, {**side.tools, **routed.tools})


def _mapped(
    what: str, netlist: str, models: str, files: dict[str, str], top: str, timeout: float
) -> Side:
    # Without what synthesis left beside it: modules of cells that have no content.
    alone = json.dumps({"modules": {top: json.loads(netlist)["modules"][top]}})
    script = f"read_json netlist.json\n{models}hierarchy -check -top {top}\n{_OPEN}"
    return _side(
        what, script, {"netlist.json": alone, **files}, top, timeout=timeout, keep=True
    )


def _models(family: str, cells: dict[str, int]) -> str:
    own = "MULT18X18D" if family == "ecp5" else ""
    text = _PULL.sub("", cell_models(family, [cell for cell in cells if cell != own]))
    return text + (ecp5_multiplier.VERILOG if own in cells else "")


def _fpga(generated: Generated, family: str, timeout: float) -> tuple[str, dict[str, int], str]:
    """The netlist with all its names, its cells by type, and the flow."""
    dsp = marked_for_dsp(generated.rtlil)
    script = synthesis(generated.top, family, dsp=dsp)
    before, purge, after = script.partition("opt_clean -purge\n")
    if not purge:
        raise NetlistError("The script of synthesis must end with a cleaning that drops names")
    texts = yosys.run(
        f"{before}opt_clean\n{after}write_json named.json\n{purge}{after}write_json costed.json\n",
        {"design.il": generated.rtlil},
        ["named.json", "costed.json"],
        timeout=timeout,
    )
    named, costed = (
        json.loads(texts[name])["modules"][generated.top]["cells"]
        for name in ("named.json", "costed.json")
    )
    if _census(named) != _census(costed):
        raise NetlistError("The netlist with its names must have the cells of the costed one")
    cells: dict[str, int] = {}
    for cell in named.values():
        cells[cell["type"]] = cells.get(cell["type"], 0) + 1
    if family == "ecp5":
        for name, cell in named.items():
            if cell["type"] == "MULT18X18D":
                reason = ecp5_multiplier.unsupported(cell["parameters"], cell["connections"])
                if reason:
                    raise NetlistError(f"The cell {name} of type MULT18X18D {reason}")
    return texts["named.json"], cells, flow(family, dsp=dsp)


def _census(cells: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {n: (c["type"], json.dumps(c["parameters"], sort_keys=True)) for n, c in cells.items()}


assert {f"gates-{recipe}" for recipe in RECIPES} <= set(KINDS)
