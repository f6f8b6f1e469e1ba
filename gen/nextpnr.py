"""The one door to nextpnr and to the packers: each runs in a folder of its own, results are files.

Nothing is read from what they print: figures come from nextpnr's report and its routed netlist.
"""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .guard import apart, passing_folder
from .outputs import damage, read_outputs
from .process import ending, started
from .programs import FAMILIES, TOOLS, NextpnrError, command, compiled, prepare, version

__all__ = [
    "FAMILIES", "TOOLS", "Job", "NextpnrError", "Outputs", "command", "compiled", "prepare", "run",
    "run_all", "run_tool", "version",
]  # fmt: skip

_PROBE = 1 << 20  # bytes that must still fit on the disk after a run


@dataclass(frozen=True)
class Job:
    """One run: the program, its arguments, the files it finds, and those it must leave."""

    tool: str
    arguments: Sequence[str]
    files: Mapping[str, str | bytes]
    outputs: Sequence[str]


@dataclass(frozen=True)
class Outputs:
    """The files that a run left, and what it printed (to be kept or shown, never to be read)."""

    files: Mapping[str, bytes]
    log: str

    def text(self, name: str) -> str:
        return self.files[name].decode()

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])


def run(
    family: str,
    arguments: Sequence[str],
    files: Mapping[str, str | bytes],
    outputs: Sequence[str],
    *,
    timeout: float = 1800,
) -> Outputs:
    """Run a family's nextpnr; see :func:`run_tool`."""
    return run_tool(FAMILIES[family], arguments, files, outputs, timeout=timeout)


def run_tool(
    tool: str,
    arguments: Sequence[str],
    files: Mapping[str, str | bytes],
    outputs: Sequence[str],
    *,
    timeout: float = 600,
) -> Outputs:
    """Run a program over the named files; all names are relative, for YoWASP maps that folder.

    Raises:
        NextpnrError: if the program is missing, ends badly or too late, or an output is missing,
            empty, or cut short.
    """
    return run_all([Job(tool, arguments, files, outputs)], timeout=timeout)[0]


def run_all(
    jobs: Sequence[Job], *, timeout: float = 1800, done: Callable[[int], None] | None = None
) -> list[Outputs]:
    """Run jobs, as many at once as there are cores; each has ``timeout`` seconds from its start.

    ``done`` is told how many have ended. After any exception, Ctrl-C included, none is running.

    Raises:
        NextpnrError: see :func:`run_tool`.
    """
    commands = [[*command(job.tool), *job.arguments] for job in jobs]
    for tool in dict.fromkeys(job.tool for job in jobs):
        prepare(tool)
    cores = os.cpu_count() or 1
    results: list[Outputs | None] = [None] * len(jobs)
    waiting, running = list(range(len(jobs))), {}
    with contextlib.ExitStack() as everything:
        while waiting or running:
            while waiting and len(running) < cores:
                number = waiting.pop(0)
                block = everything.enter_context(contextlib.ExitStack())
                folder, process = _start(block, jobs[number], commands[number])
                running[number] = block, folder, process, time.monotonic() + timeout
            for number, (block, folder, process, deadline) in list(running.items()):
                if process.poll() is None:
                    if time.monotonic() > deadline:
                        raise NextpnrError(
                            f"{jobs[number].tool} did not finish within {timeout:g} seconds",
                            _log(folder),
                        )
                    continue
                results[number] = _collect(jobs[number], folder, process.returncode)
                block.close()
                del running[number]
                if done is not None:
                    done(len(jobs) - len(waiting) - len(running))
            time.sleep(0.02)
    return [result for result in results if result is not None]


def _start(
    block: contextlib.ExitStack, job: Job, command: Sequence[str]
) -> tuple[Path, "subprocess.Popen[bytes]"]:
    folder = block.enter_context(passing_folder(f"bitwright-{job.tool}-"))
    for name, content in job.files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    sink = block.enter_context((folder / "tool.log").open("wb"))
    try:
        program = started(command, cwd=folder, sink=sink, environment=apart(folder))
        return folder, block.enter_context(program)
    except OSError as error:
        raise NextpnrError(f"{job.tool} could not be started: {error}") from None


def _log(folder: Path) -> str:
    return (folder / "tool.log").read_text(errors="replace")


def _collect(job: Job, folder: Path, status: int) -> Outputs:
    """The outputs, if the run ended well and all of them are whole.

    On a full disk nextpnr still ends with status 0, and most of its files have no end mark: so
    there must be room left.
    """
    log = _log(folder)
    if status:
        raise NextpnrError(f"{job.tool} {ending(status)}:\n{_end_of(log)}", log)
    try:
        with (folder / "probe").open("wb") as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise NextpnrError(f"{job.tool} may have left cut files: {error.strerror}", log) from None
    files = read_outputs(folder, job.outputs)
    reason = damage(job.outputs, files)
    if reason:
        raise NextpnrError(f"{job.tool} {reason}" + (f":\n{_end_of(log)}" if log else ""), log)
    return Outputs(files, log)


def _end_of(log: str) -> str:
    """The errors in a log, or its last lines."""
    lines = log.strip().splitlines()
    errors = [line for line in lines if line.startswith("ERROR")]
    return "\n".join(errors[-5:] or lines[-10:])
