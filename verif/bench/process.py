"""Runs an outside program with a time limit and without leaving children behind."""

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...gen.process import started

__all__ = ["SimulationError", "run"]


class SimulationError(RuntimeError):
    """A simulation could not be built or run, or the unit broke the handshake.

    Attributes:
        log: What the simulator printed, as far as it got.
    """

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


def run(
    commands: Sequence[Sequence[str]],
    *,
    cwd: Path,
    log: Path,
    timeout: float,
    what: str,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run the commands, as many at once as there are cores, each in a process group of its own.

    Returns:
        All that they printed, which is also in the file ``log``.

    Raises:
        SimulationError: when one cannot be started, ends badly, or the time is up. No process
            of any of the groups is alive then; nor after any other exception.
    """
    deadline = time.monotonic() + timeout
    cores = os.cpu_count() or 1
    running: list[tuple[Sequence[str], subprocess.Popen[bytes]]] = []
    with contextlib.ExitStack() as block:
        sink = block.enter_context(log.open("ab"))
        for command in commands:
            if len(running) >= cores:
                _wait(running[-cores][1], deadline, timeout, what, log)
            program = started(command, cwd=cwd, sink=sink, environment=environment)
            try:
                running.append((command, block.enter_context(program)))
            except OSError as error:
                raise SimulationError(f"{what} could not be started: {error}") from None
        for _, process in running:
            _wait(process, deadline, timeout, what, log)
    text = _read(log)
    for command, process in running:
        code = process.returncode
        if code:
            reason = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            tail = "\n".join(text.strip().splitlines()[-30:])
            raise SimulationError(f"{what} {reason} ({Path(command[0]).name}):\n{tail}", text)
    return text


def _wait(
    process: "subprocess.Popen[bytes]", deadline: float, timeout: float, what: str, log: Path
) -> None:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        message = f"{what} did not finish within {timeout:.3g} seconds and was stopped"
        raise SimulationError(message, _read(log)) from None


def _read(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""
