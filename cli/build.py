"""``bitwright build`` and ``bitwright board flash``."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from . import output

__all__ = ["build", "flash"]


def build(options: argparse.Namespace) -> int:
    """A unit behind its serial link into a bitstream."""
    from .commands import generated

    made = generated(options)
    from ..fpga.boards import board
    from ..fpga.build import build as run
    from ..fpga.speed import speed
    from ..gen import nextpnr

    chosen = board(options.board)
    speed(chosen, options.clock, options.baud)  # refused before any tool starts
    tool = nextpnr.FAMILIES[chosen.family]
    begun = time.monotonic()
    with output.working(f"building for {chosen.title}") as status:

        def step(what: str) -> None:
            if status is None:
                return
            if not nextpnr.compiled(tool):
                what += f" (first use of {tool}: compiling it, about half a minute)"
            status.update(f"{what} ...")

        result = run(
            made,
            chosen,
            Path(options.folder),
            clock=options.clock,
            baud=options.baud,
            seed=options.seed,
            step=step,
        )
    seconds = round(time.monotonic() - begun, 1)
    made_of = result.manifest
    if options.json:
        paths = {name: str(path) for name, path in result.files.items()}
        output.json_document(made_of | {"files": paths, "seconds": seconds})
        return 0
    output.table(
        ("resource", "used", "available"),
        [
            (kind, str(count["used"]), str(count["available"]))
            for kind, count in made_of["utilisation"].items()
        ],
    )
    output.line(_summary(made_of, seconds))
    left_out = made_of["untimed"]
    if left_out["cells"]:
        output.line(
            f"nextpnr has no delays for {left_out['cells']} of the cells; at most "
            f"{max(left_out['before'], left_out['behind'])} logic cells stand beside one"
        )
    output.line("\n".join(str(path) for path in result.files.values()))
    return 0


def _summary(made: dict[str, Any], seconds: float) -> str:
    path = made["critical_path"]
    return (
        f"{made['board']}: clock {made['clock']['mhz']:g} MHz, Fmax {made['fmax_mhz']:.1f} MHz "
        f"(from {path['from']} to {path['to']}, {path['delay_ns']:.1f} ns); "
        f"{made['baud']['rate']} baud; seed {made['seed']}; {seconds} s"
    )


def flash(options: argparse.Namespace) -> int:
    """A bitstream onto a board."""
    from ..fpga.flash import flash as run

    file = Path(options.file)
    with output.working(f"loading {file.name}"):
        board = run(file, options.board, permanent=options.permanent)
    kept = options.permanent or board.family == "ice40"
    how_long = "for good" if kept else "until it is switched off"
    if options.json:
        output.json_document({"board": board.name, "bitstream": str(file), "permanent": kept})
    else:
        print(f"{board.title} holds {file.name} {how_long}", file=sys.stdout)
    return 0
