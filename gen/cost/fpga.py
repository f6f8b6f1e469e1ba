"""FPGA resources by synthesis: LUTs, carries, registers, DSP blocks and block RAMs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...hdl.arithmetic.partial_products import DSP_BLOCK
from .. import yosys
from .flow import Estimate, checked_top, version_in

__all__ = ["FPGAS", "Fpga", "estimate_fpga", "flow", "marked_for_dsp", "synthesis", "synthesize"]


@dataclass(frozen=True)
class Fpga:
    """A family: the synthesis command, and which of its cells count as what.

    ``lut``, ``carry``, ``register``, ``dsp`` and ``ram`` are patterns for whole cell names;
    ``carry_luts`` is how many LUTs one carry cell occupies besides being a carry cell.
    """

    name: str
    command: str
    with_dsp: str
    without_dsp: str
    lut: str
    carry: str
    register: str
    dsp: str
    ram: str
    carry_luts: int = 0

    def resources(self, cells: Mapping[str, int]) -> dict[str, int]:
        """Sum the cells of each kind; multiplexers between LUTs of one slice are free."""

        def count(pattern: str) -> int:
            return sum(n for cell, n in cells.items() if re.fullmatch(pattern, cell))

        return {
            "lut": count(self.lut) + self.carry_luts * count(self.carry),
            "carry": count(self.carry),
            "register": count(self.register),
            "dsp": count(self.dsp),
            "ram": count(self.ram),
        }


FPGAS: Mapping[str, Fpga] = {
    "ice40": Fpga(
        "Lattice iCE40",
        "synth_ice40",
        "-dsp",
        "",
        lut="SB_LUT4",
        carry="SB_CARRY",
        register="SB_DFF.*",
        dsp="SB_MAC16",
        ram="SB_RAM.*|SB_SPRAM.*",
    ),
    # A CCU2C is a slice's two LUTs in carry mode.
    "ecp5": Fpga(
        "Lattice ECP5",
        "synth_ecp5",
        "",
        "-nodsp",
        lut="LUT4",
        carry="CCU2C",
        register="TRELLIS_FF",
        dsp="MULT18X18D|ALU54B",
        ram="DP16KD|PDPW16KD|TRELLIS_DPR16X4",
        carry_luts=2,
    ),
    # An ALU is a LUT4 in carry mode.
    "gowin": Fpga(
        "Gowin LittleBee and Arora",
        "synth_gowin -noiopads",
        "",
        "-nodsp",
        lut="LUT[1-8]",
        carry="ALU",
        register="DFF.*",
        dsp="MULT.*",
        ram="SDPX?9?B?|DPX?9?B?|SPX?9?|RAM16S.*",
        carry_luts=1,
    ),
    # A shift register of the SRL kind is a LUT.
    "xilinx": Fpga(
        "AMD 7 series",
        "synth_xilinx -family xc7 -noiopad -noclkbuf",
        "",
        "-nodsp",
        lut="LUT[1-6]|SRL.*",
        carry="CARRY4",
        register="FD[CPRS]E(_1)?",
        dsp="DSP48E1",
        ram="RAMB(18|36)E1|RAM(32|64|128|256).*",
    ),
}


def marked_for_dsp(rtlil: str) -> bool:
    """Whether a product in the design is marked for a DSP block."""
    return any(f"attribute \\{name} " in rtlil for name in DSP_BLOCK)


def flow(target: str, *, dsp: bool) -> str:
    """The synthesis command, as reports name it."""
    fpga = FPGAS[target]
    option = fpga.with_dsp if dsp else fpga.without_dsp
    return " ".join(f"Yosys {fpga.command} {option}".split())


def synthesis(top: str, target: str, *, dsp: bool) -> str:
    """The script from ``design.il`` to the flat netlist of ``target``'s cells.

    What is estimated, routed and simulated as a netlist is all made by this one script.

    Raises:
        ValueError: if ``top`` is not an identifier.
    """
    command = flow(target, dsp=dsp).removeprefix("Yosys ")
    return (
        f"read_rtlil design.il\nhierarchy -check -top {checked_top(top)}\n"
        "delete */t:$print */t:$check\n"
        f"{command} -top {top}\nflatten -noscopeinfo\nopt_clean -purge\n"
        "delete */t:$scopeinfo\n"
    )


def estimate_fpga(
    rtlil: str, top: str, target: str, *, dsp: bool, timeout: float = 600
) -> Estimate:
    """Resources on ``target`` and the tools' versions.

    Without ``dsp``, multipliers become LUTs unless marked.

    Raises:
        YosysError: if Yosys fails.
    """
    return synthesize(rtlil, top, target, dsp=dsp, timeout=timeout)[0]


def synthesize(
    rtlil: str, top: str, target: str, *, dsp: bool, timeout: float = 600
) -> tuple[Estimate, str]:
    """The estimate, and the netlist in Yosys's JSON that it was counted on.

    Raises:
        YosysError: if Yosys fails.
    """
    fpga = FPGAS[target]
    dsp = dsp or marked_for_dsp(rtlil)
    script = synthesis(top, target, dsp=dsp) + "tee -q -o stat.json stat -json\n"
    outputs = ["stat.json", "netlist.json"]
    script += "write_json netlist.json\n"
    texts = yosys.run(script, {"design.il": rtlil}, outputs, timeout=timeout)
    cells = json.loads(texts["stat.json"])["design"]["num_cells_by_type"]
    cells = {cell: n for cell, n in sorted(cells.items()) if cell != "$scopeinfo"}
    result = {
        "flow": flow(target, dsp=dsp),
        "family": fpga.name,
        **fpga.resources(cells),
        "cells": cells,
    }
    return (result, {"yosys": version_in(texts["stat.json"])}), texts["netlist.json"]
