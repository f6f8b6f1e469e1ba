"""Outside programs end with the block that started them, whatever ends it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bitwright.gen import process
from bitwright.gen.process import started

SLEEP = [sys.executable, "-c", "import time; time.sleep(100)"]


@pytest.fixture
def sink(tmp_path):
    with (tmp_path / "log").open("wb") as file:
        yield file


def test_what_it_prints_goes_to_the_sink(sink, tmp_path):
    code = "import os, sys; print(os.getcwd(), os.environ['X'], sys.stdin.read() == '')"
    command = [sys.executable, "-c", code]
    with started(command, cwd=tmp_path, sink=sink, environment={**os.environ, "X": "y"}) as running:
        assert running.wait(60) == 0
    assert (tmp_path / "log").read_text() == f"{os.path.realpath(tmp_path)} y True\n"


def test_the_end_of_the_block_ends_it(sink, tmp_path):
    with started(SLEEP, cwd=tmp_path, sink=sink) as running:
        assert running.poll() is None
        assert os.getpgid(running.pid) == running.pid
    assert running.returncode == -signal.SIGKILL


def test_an_exception_ends_it(sink, tmp_path):
    with pytest.raises(LookupError), started(SLEEP, cwd=tmp_path, sink=sink) as running:
        raise LookupError
    assert running.returncode == -signal.SIGKILL


def test_an_interrupt_during_the_start_ends_it(sink, tmp_path, monkeypatch):
    """Python raises in the middle of whatever runs: here, when nobody knows the program yet."""
    made = []
    real = subprocess.Popen

    def interrupted(*arguments, **options):
        made.append(real(*arguments, **options))
        signal.raise_signal(signal.SIGINT)
        return made[0]

    monkeypatch.setattr(process.subprocess, "Popen", interrupted)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), started(SLEEP, cwd=tmp_path, sink=sink):
        pytest.fail("the interrupt was lost")
    assert made[0].returncode == -signal.SIGKILL
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_may_start_one(sink, tmp_path):
    ended = []

    def run():
        with started(SLEEP, cwd=tmp_path, sink=sink) as running:
            time.sleep(0.05)
        ended.append(running.returncode)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert ended == [-signal.SIGKILL]


def test_what_does_not_exist_is_not_started(sink):
    with (
        pytest.raises(FileNotFoundError),
        started(["/does/not/exist"], cwd=Path("/"), sink=sink),
    ):
        pytest.fail("it was started")
