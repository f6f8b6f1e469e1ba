"""Outside programs without orphans: each in a process group of its own, ended with its block.

Whatever ends the block ends the group: the program's own end, a time limit, an exception, a signal
that asks us to end, which is held back while a program starts; and our sudden death (`guard`).
"""

import contextlib
import errno
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from .crowd import member
from .guard import guarded

__all__ = ["ENDING", "answer", "ending", "finish", "signals_held", "started"]

ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that ask a program to end."""

# The guard must know a group before anything runs in it.
_WAIT = ("/bin/sh", "-c", 'read -r go && exec "$@" </dev/null', "sh")


@contextlib.contextmanager
def started(
    command: Sequence[str],
    *,
    cwd: Path,
    sink: IO[bytes],
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A running program that prints into ``sink``; no process of its group outlives the block.

    The group is the program's own, so that a Ctrl-C reaches us alone and we end the group,
    whatever the program has started meanwhile.

    Raises:
        OSError: if the program cannot be started.
    """
    program = shutil.which(command[0])
    if program is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
    with contextlib.ExitStack() as block:
        with signals_held():
            process = subprocess.Popen(
                [*_WAIT, os.path.abspath(program), *command[1:]],
                cwd=cwd,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            block.enter_context(guarded("group", str(process.pid)))
            block.enter_context(member(process))
            block.callback(_end, process)
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write(b"go\n")
        yield process


def finish(process: "subprocess.Popen[bytes]", seconds: float) -> int:
    """The status of a program, as soon as it has ended.

    Raises:
        subprocess.TimeoutExpired: if it has not within so many seconds.
    """
    # Popen's own waiting with a limit looks only every 50 ms.
    with contextlib.suppress(AttributeError, OSError):
        handle = os.pidfd_open(process.pid)
        try:
            select.select([handle], [], [], max(0.0, seconds))
        finally:
            os.close(handle)
        seconds = 0.0
    return process.wait(max(0.0, seconds))


def answer(command: Sequence[str], *, timeout: float = 60) -> tuple[int, str]:
    """Status and words of a program that leaves no files, such as one asked for its version.

    Raises:
        OSError: if it cannot be started.
        subprocess.TimeoutExpired: if it does not end in time; it is ended then.
    """
    with tempfile.TemporaryFile() as sink:
        with started(command, cwd=Path.cwd(), sink=sink) as process:
            status = finish(process, timeout)
        sink.seek(0)
        return status, sink.read().decode(errors="replace")


def ending(status: int) -> str:
    """How a program ended that did not end well, in words that follow its name."""
    if status >= 0:
        return f"ended with code {status}"
    return f"was killed by signal {-status}"


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Hold back what asks us to end for the block, which must not be left half done."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals go to the main thread
        return
    held: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        held.append(number)

    # Not those that nobody hears, nor those that would kill us without a word.
    kept = {n: now for n in ENDING if callable(now := signal.getsignal(n))}
    for number in kept:
        signal.signal(number, hold)
    try:
        yield
    finally:
        for number, before in kept.items():
            signal.signal(number, before)
    if held:
        signal.raise_signal(held[0])
