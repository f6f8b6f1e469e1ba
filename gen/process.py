"""Outside programs without orphans: each in a process group of its own, ended with its block."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

__all__ = ["started"]


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
    with contextlib.ExitStack() as block:
        with _interrupts_later():
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            block.callback(_end, process)
        yield process


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def _interrupts_later() -> Iterator[None]:
    """Hold back a Ctrl-C for the block: a program that has just started must not be forgotten."""
    if threading.current_thread() is not threading.main_thread():
        yield  # interrupts go to the main thread
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
    if held:
        signal.raise_signal(held[0])
