"""When we die at once, what we started and what we put aside goes too.

Nobody can catch SIGKILL. So one shell waits at a pipe from us, is told of every process group and
every folder for passing use, and ends and removes those still there when the pipe breaks.
"""

import atexit
import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

__all__ = ["apart", "guarded", "passing_folder"]

_SHELL = "/bin/sh"
# Told `+ WHAT` and `- WHAT`, where WHAT is `group NUMBER` or `folder PATH`; kept as "$@".
_SCRIPT = """
while read -r sign what; do
  if [ "$sign" = + ]; then set -- "$@" "$what"; continue; fi
  left=$#
  while [ "$left" -gt 0 ]; do
    first=$1; shift; left=$((left - 1))
    if [ "$first" = "$what" ]; then break; fi
    set -- "$@" "$first"
  done
done
for what; do case $what in group*) kill -9 "-${what#group }";; esac; done
for what; do case $what in folder*) rm -rf -- "${what#folder }";; esac; done
"""

_lock = threading.Lock()
_guard: "subprocess.Popen[bytes] | None" = None
_owner = 0  # a fork of us must not share the pipe


@contextlib.contextmanager
def guarded(kind: str, what: str) -> Iterator[None]:
    """The guard knows of a ``group`` or ``folder`` for the block."""
    _tell(f"+ {kind} {what}")
    try:
        yield
    finally:
        _tell(f"- {kind} {what}")


@contextlib.contextmanager
def passing_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder that is gone after the block, and after our sudden death."""
    folder = Path(tempfile.gettempdir(), prefix + secrets.token_hex(8)).absolute()
    with guarded("folder", str(folder)):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def apart(folder: Path) -> dict[str, str]:
    """The environment for a program whose own temporary files shall be in a passing folder.

    Those of a program that is killed would stay otherwise, as YoWASP's do.
    """
    temporary = folder / "temporary"
    temporary.mkdir()
    return os.environ | {"TMPDIR": str(temporary)}


def _tell(line: str) -> None:
    """Say it, where there is a shell; it is no error if the guard is gone."""
    global _guard, _owner
    if "\n" in line or not os.access(_SHELL, os.X_OK):
        return
    with _lock, contextlib.suppress(OSError):
        if _guard is None or _owner != os.getpid():
            _owner = os.getpid()
            _guard = subprocess.Popen(
                [_SHELL, "-c", _SCRIPT, "bitwright-guard"],
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,  # a Ctrl-C is not for it
            )
            atexit.register(_dismiss, _guard, _owner)
        assert _guard.stdin is not None
        _guard.stdin.write(line.encode(errors="surrogateescape") + b"\n")


def _dismiss(guard: "subprocess.Popen[bytes]", owner: int) -> None:
    if owner == os.getpid() and guard.stdin is not None:
        guard.stdin.close()
        guard.wait()
