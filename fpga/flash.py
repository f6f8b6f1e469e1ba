"""A bitstream onto a board, by openFPGALoader."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ..gen.process import answer, ending
from .boards import Board, board

__all__ = ["FlashError", "flash", "loader"]

_PROGRAM = "openFPGALoader"


class FlashError(RuntimeError):
    """openFPGALoader is missing, failed, or ran out of time."""


def loader() -> str:
    """The program: ``$OPENFPGALOADER`` where set, else ``openFPGALoader``.

    Raises:
        FlashError: if there is none, with how to get it.
    """
    chosen = os.environ.get("OPENFPGALOADER")
    if chosen and shutil.which(chosen) is None:
        raise FlashError(f"$OPENFPGALOADER names {chosen!r}, which is not a program here")
    program = chosen or shutil.which(_PROGRAM)
    if program is None:
        raise FlashError(
            f"{_PROGRAM} is not installed; get it with: apt install openfpgaloader "
            "(Debian, Ubuntu), or brew install openfpgaloader"
        )
    return program


def flash(
    file: Path, name: str | None = None, *, permanent: bool = False, timeout: float = 600
) -> Board:
    """Load a bitstream into a board; returns the board.

    The board is the one of ``name`` or the one that ``.build.json`` beside the file names; where
    that file is there, the bitstream must be the one it describes. ECP5 and Gowin boards keep it
    until they are switched off, or for good if ``permanent``; iCE40 boards always for good.

    Raises:
        ValueError: if the file is not there, not a bitstream for the board, or not the one built
            last.
        FlashError: if openFPGALoader is missing or fails.
    """
    chosen = _checked(file, name)
    options = ["-f"] if permanent and chosen.family != "ice40" else []
    command = [loader(), "-b", chosen.loader, *options, str(file)]
    try:
        status, words = answer(command, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise FlashError(f"{_PROGRAM} did not finish within {timeout:g} seconds") from None
    except OSError as error:
        raise FlashError(f"{_PROGRAM} does not start: {error.strerror}") from None
    if status:
        said = words.replace("\r", "\n").strip().splitlines()
        raise FlashError(
            f"{_PROGRAM} {ending(status)}; is the board plugged in, and may you "
            "use it?\n" + "\n".join(said[-10:])
        )
    return chosen


def _checked(file: Path, name: str | None) -> Board:
    """The board, once the file is known to be for it."""
    given = None if name is None else board(name)
    if not file.is_file():
        raise ValueError(f"The bitstream must be a file that there is, not '{file}'")
    beside = file.with_suffix(".build.json")
    if beside.is_file():
        made = _manifest(beside)
        chosen = board(str(made.get("board")))
        if given is not None and given != chosen:
            raise ValueError(f"The board must be {chosen.name}, as {beside.name} says, not {name}")
        digest = "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
        if made.get("digests", {}).get("bitstream") != digest:
            raise ValueError(
                f"The bitstream must be the one that {beside.name} describes, not '{file}'; "
                "build it again"
            )
    elif given is None:
        raise ValueError(
            f"The board must be named with --board, for there is no '{beside.name}' beside "
            f"'{file.name}'"
        )
    else:
        chosen = given
    if file.suffix != chosen.suffix:
        raise ValueError(
            f"The bitstream for {chosen.name} must be a {chosen.suffix} file, not '{file.name}'"
        )
    return chosen


def _manifest(path: Path) -> dict[str, Any]:
    try:
        made = json.loads(path.read_text())
    except ValueError:
        made = None
    if not isinstance(made, dict):
        raise ValueError(f"The file '{path}' must be the JSON that build writes; build again")
    return made
