"""The smallest of the network's units as a bitstream for the smallest board."""

import time
from pathlib import Path
from typing import Any

from hardware import LANES

from bitwright.fpga.boards import board
from bitwright.fpga.build import build
from bitwright.gen.generate import generate

__all__ = ["BOARD", "build_bitstream"]

BOARD = "icebreaker"


def build_bitstream(beats: int, folder: Path) -> dict[str, Any]:
    """The FP4 dot product behind its serial link: what it takes of the board, and how fast it is.

    Three pipeline stages bring it to the speed of the link's own logic.
    """
    started = time.perf_counter()
    parameters = {"a": "e2m1fn", "b": "e2m1fn", "lanes": str(LANES), "beats": str(beats)}
    made = generate("dot-product", parameters | {"stages": "3"})
    built = build(made, board(BOARD), folder)
    return {
        "board": board(BOARD).title,
        "command": built.manifest["command"],
        "utilisation": built.manifest["utilisation"],
        "clock_mhz": built.manifest["clock"]["mhz"],
        "fmax_mhz": built.manifest["fmax_mhz"],
        "bitstream": built.files["bitstream"].name,
        "seconds": round(time.perf_counter() - started, 1),
    }
