"""A command that is asked to end, or killed, while a tool of its runs: nobody and nothing stays.

And the same command works afterwards.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults.commands import COMMANDS

# Signal, and the status of a command that it has ended.
ENDS = {
    "SIGINT": (signal.SIGINT, 130),
    "SIGTERM": (signal.SIGTERM, 143),
    "SIGHUP": (signal.SIGHUP, 129),
    "SIGKILL": (signal.SIGKILL, -signal.SIGKILL),
}
CASES = [
    ("generate", "yosys", "SIGINT"),
    ("generate", "yosys", "SIGHUP"),
    ("generate", "yosys", "SIGKILL"),
    # Two tools at once, each waited for by a thread.
    ("estimate", "yosys", "SIGTERM"),
    ("estimate", "yosys", "SIGKILL"),
    ("verify", "vvp", "SIGTERM"),
    ("build", "icepack", "SIGTERM"),
]


@pytest.fixture(autouse=True)
def hang_ups_are_heeded():
    """Who runs the tests under ``nohup`` has commands that rightly ignore SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def until(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def alive(folder: Path) -> list[str]:
    """Programs that were started from the stand-ins, or work in the temporary folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
@pytest.mark.parametrize(("name", "tool", "end"), CASES)
def test_a_command_is_ended(place, ready, tmp_path, name, tool, end):
    number, status = ENDS[end]
    command = ready(name)
    place.bin.put(tool, "hangs")
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "bitwright.cli", *command.words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until(place.bin.began(tool).exists, f"{tool} was never started")
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out) == (status, "")
    if end != "SIGKILL":
        assert err == "bitwright: interrupted; nothing half-written was left behind\n"
        assert not alive(tmp_path)
        place.clean(command)
    until(lambda: not alive(tmp_path), "a tool outlived its command")
    until(lambda: not os.listdir(place.temporary), "a temporary folder stayed")
    place.clean(command)
    place.bin.put(tool)
    place.succeeds(command)


def test_killed_while_it_writes(place, ready, tmp_path):
    """What SIGKILL leaves of a file has another name, and goes with the next run."""
    command = COMMANDS["generate"]
    ready("generate")
    program = (
        "import os, signal, sys\n"
        "from bitwright.gen import files\n"
        "files.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from bitwright.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *command.words], check=False)
    assert done.returncode == -signal.SIGKILL
    left = place.listing()
    assert len(left) == 2
    assert all(name.startswith(".") and name.endswith(".part") for name in left)
    place.succeeds(command)
