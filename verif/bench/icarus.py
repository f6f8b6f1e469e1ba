"""Builds a simulation with Icarus Verilog: four-valued, so that it sees what stays unknown."""

import functools
import shutil
import subprocess
from pathlib import Path

from .process import SimulationError, run
from .wrapper import TOP

__all__ = ["build", "command", "version"]


@functools.cache
def version() -> str:
    """Name and version of the simulator."""
    answer = subprocess.run(
        [_program("iverilog"), "-V"], capture_output=True, text=True, check=False, timeout=60
    )
    words = answer.stdout.split()
    return f"Icarus Verilog {words[3]}" if len(words) > 3 else "Icarus Verilog"


def build(design: Path, bench: Path, *, run_folder: Path, timeout: float) -> Path:
    """Compile the wrapper ``bench`` with ``design``; return the file for `command`.

    Raises:
        SimulationError: where Icarus is not installed or refuses the Verilog.
    """
    target = run_folder / "simulator.vvp"
    arguments = [_program("iverilog"), "-g2012", "-s", TOP, "-o", str(target)]
    run([[*arguments, str(design), str(bench)]], cwd=run_folder, log=run_folder / "build.log",
        timeout=timeout, what="Icarus Verilog")  # fmt: skip
    # With a full disk it ends with success and a file that is cut short or absent.
    if not target.exists() or not target.stat().st_size:
        raise SimulationError("Icarus Verilog wrote no simulation: is the disk full?")
    return target


def command(program: Path) -> list[str]:
    """The command that runs what `build` made, with cocotb inside."""
    from cocotb_tools import config

    return [_program("vvp"), "-m", str(config.lib_name_path("vpi", "icarus")), str(program)]


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise SimulationError(
            f"Icarus Verilog is not installed ({name!r} is not on the PATH): "
            "try `apt install iverilog`, or use the simulator 'verilator'"
        )
    return path
