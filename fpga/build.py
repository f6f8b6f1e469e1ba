"""A unit into a bitstream that runs at its clock, or a reason why not."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from ..gen.files import write_all, write_whole
from ..gen.generate import Generated
from ..gen.nextpnr import NextpnrError
from .advice import room, too_slow
from .boards import Board
from .link import BAUD, Link, identity
from .pll import megahertz
from .speed import Speed, speed
from .timing import read_timing
from .toolchain import TOOLCHAINS, Netlist, Routed, pack, place, synthesize, tools
from .top import BoardTop

__all__ = ["Build", "BuildError", "build"]

# Below this share of a resource it is not the reason why there was no place.
_FULL = 0.8


class BuildError(RuntimeError):
    """The unit does not fit the board or does not reach the clock, or a tool failed."""


@dataclass(frozen=True)
class Build:
    """A build that succeeded; ``manifest`` is what stands in its JSON file."""

    manifest: dict[str, Any]
    files: dict[str, Path]


def build(
    made: Generated,
    board: Board,
    folder: Path,
    *,
    clock: Fraction | None = None,
    baud: int = BAUD,
    seed: int = 1,
    step: Callable[[str], None] = lambda _: None,
) -> Build:
    """Build the unit for the board and write the bitstream with all that belongs to it.

    Into ``folder`` go the unit's Verilog and manifest, the bitstream, ``.build.json`` and ``.log``;
    all of them or, from a build that failed, the log alone. ``step`` is told what goes on.

    Raises:
        ValueError: for a clock or baud rate that the board cannot have.
        BuildError: if the unit is too large or too slow.
        RuntimeError: if a tool is missing or failed.
        OSError: if the folder cannot be written.
    """
    chosen = speed(board, clock, baud)
    stem = f"{made.top}-{board.name}"
    log = _Log(folder / f"{stem}.log")
    log.add("command", _command(made, board, clock, baud, seed))
    try:
        board.make_platform()  # the least that may be missing
        step("starting the tools")
        used = tools(board)
        log.add("tools", "\n".join(f"{name} {version}" for name, version in used.items()))
        step("synthesizing")
        who = identity(made)
        make_link = partial(Link, made.unit, identity=who, divisor=chosen.divisor)
        netlist = synthesize(board, BoardTop(board, chosen.setting, make_link))
        log.add("synthesis", netlist.log)
        _check_room(board, netlist)
        if netlist.needs["dsp"] and not TOOLCHAINS[board.family].times_dsp:
            raise BuildError(
                f"The unit must not have DSP blocks on {board.name}: nextpnr knows no delays of "
                "them, so that no clock could be proven; choose another structure"
            )
        step("placing and routing")
        routed = _place(board, netlist, chosen, seed)
        log.add("place and route", routed.log)
        timing = read_timing(routed.report, chosen.frequency)
        if timing.fmax < chosen.frequency:
            raise BuildError(too_slow(made, board, chosen, timing))
        step("packing")
        bitstream, packed = pack(board, routed)
        log.add("packing", packed)
    except (RuntimeError, ValueError) as error:
        log.add("failed", getattr(error, "log", "") or str(error))
        log.write()
        raise BuildError(f"{error}\nThe log is in {log.path}") from None
    files = {
        "verilog": folder / f"{made.top}.v",
        "manifest": folder / f"{made.top}.json",
        "log": log.path,
        "bitstream": folder / f"{stem}{board.suffix}",
        "build": folder / f"{stem}.build.json",
    }
    manifest = {
        "board": board.name,
        "unit": made.name,
        "top": made.top,
        "parameters": made.parameters,
        "command": _command(made, board, clock, baud, seed),
        "identity": who.hex(),
        "clock": _clock(board, chosen),
        "fmax_mhz": timing.fmax,
        "critical_path": {
            "from": timing.path.start,
            "to": timing.path.end,
            "cells": timing.path.cells,
            "delay_ns": timing.path.nanoseconds,
            "logic_ns": timing.path.logic,
            "routing_ns": timing.path.routing,
            "pieces": [{"to": name, "ns": delay} for name, delay in timing.path.pieces],
        },
        "untimed": asdict(netlist.untimed),
        "baud": {
            "rate": chosen.baud,
            "divisor": chosen.divisor,
            "exact": float(chosen.frequency * 1_000_000 / chosen.divisor),
        },
        "utilisation": _utilisation(board, routed.report),
        "cells": {
            cell: count for cell, count in routed.report["utilization"].items() if count["used"]
        },
        "flow": netlist.flow,
        "seed": seed,
        "tools": used,
        "digests": {
            "verilog": made.manifest["digests"]["verilog"],
            "bitstream": "sha256:" + hashlib.sha256(bitstream).hexdigest(),
        },
        "files": {name: path.name for name, path in files.items() if name != "build"},
    }
    contents = {
        "verilog": made.verilog,
        "manifest": json.dumps(made.manifest, indent=2) + "\n",
        "log": log.text,
        "bitstream": bitstream,
        "build": json.dumps(manifest, indent=2) + "\n",
    }
    write_all({files[name]: content for name, content in contents.items()})
    return Build(manifest, files)


class _Log:
    """What was done and said, part by part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = ""

    def add(self, title: str, text: str) -> None:
        self.text += f"=== {title} ===\n{text.rstrip()}\n\n"

    def write(self) -> None:
        write_whole(self.path, self.text)


def _command(
    made: Generated, board: Board, clock: Fraction | None, baud: int, seed: int
) -> str:
    parts = [f"bitwright build {made.name}{made.options} --board {board.name}"]
    if clock is not None:
        parts.append(f"--clock {megahertz(clock)}")
    if baud != BAUD:
        parts.append(f"--baud {baud}")
    if seed != 1:
        parts.append(f"--seed {seed}")
    return " ".join(parts)


def _clock(board: Board, chosen: Speed) -> dict[str, Any]:
    clock: dict[str, Any] = {
        "mhz": float(chosen.frequency),
        "source_mhz": float(board.source),
        "loop": None,
    }
    if chosen.setting:
        clock["loop"] = {
            "primitive": board.pll.name,
            "reference_divider": chosen.setting.reference,
            "feedback_divider": chosen.setting.feedback,
            "output_divider": chosen.setting.output,
            "oscillator_mhz": float(chosen.setting.oscillator),
            "halvings": chosen.setting.halvings,
        }
    return clock


def _utilisation(board: Board, report: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Resources used and available by kind, after packing."""
    cells = report["utilization"]
    return {
        kind: {
            "used": cells.get(cell, {"used": 0})["used"],
            "available": board.capacity[kind],
        }
        for kind, cell in TOOLCHAINS[board.family].kinds.items()
    }


def _check_room(board: Board, netlist: Netlist) -> None:
    if any(need > board.capacity[kind] for kind, need in netlist.needs.items()):
        raise BuildError(
            f"The unit and its link do not fit {board.name}; by synthesis they need\n"
            + room(board, netlist)
        )


def _place(board: Board, netlist: Netlist, chosen: Speed, seed: int) -> Routed:
    try:
        return place(board, netlist, float(chosen.frequency), seed)
    except NextpnrError as error:
        shares = [need / board.capacity[kind] for kind, need in netlist.needs.items()]
        if max(shares) < _FULL:
            raise
        raise BuildError(
            f"The unit and its link found no place on {board.name}; by synthesis they need\n"
            f"{room(board, netlist)}\n{error}"
        ) from None


