"""The simulated board itself, and the command that runs it."""

import os
import re
import signal
import subprocess
import sys

import pytest
from expect import refused

from bitwright.cli import main
from bitwright.fpga.host import check_board
from bitwright.fpga.simulated import SimulatedBoard
from bitwright.gen.generate import generate
from bitwright.verif.bench import SimulationError

TINY = generate("float-multiplier", {"a": "e2m1fn", "b": "e2m1fn", "o": "e3m2fn"})
COMMAND = ["float-multiplier", "-p", "a=e2m1fn", "-p", "b=e2m1fn", "-p", "o=e3m2fn"]


def test_it_comes_and_goes():
    board = SimulatedBoard(TINY, divisor=5)
    for _ in range(2):
        with board as entered:
            assert entered is board
            assert os.path.exists(board.port)
            assert check_board(TINY, board.port).passed
        activity = board.activity
        assert activity is not None
        assert (activity.divisor, activity.line_errors) == (5, 0)
        assert activity.to_board > 256
        assert activity.to_host > 256
        assert 10 * 5 * activity.to_host < activity.cycles


@pytest.mark.parametrize("fault", ["melt@3", "drop", "drop@", "drop@0", "drop@-1", "@3"])
def test_unknown_faults_are_refused(fault):
    with refused(
        "A fault must be KIND@N, with a kind of drop, flip, stop, spike, restart, unplug, "
        f"answer-drop, answer-flip, mute, not '{fault}'"
    ):
        SimulatedBoard(TINY, faults=[fault])


def test_without_a_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", "/does/not/exist/c++")
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path))
    with (
        pytest.raises(SimulationError, match=r"^\$CXX names '/does/not/exist/c\+\+', which is not"),
        SimulatedBoard(TINY),
    ):
        pass


def test_without_pseudo_terminals(monkeypatch):
    monkeypatch.delattr(os, "openpty")
    with pytest.raises(SimulationError, match=r"^A simulated board needs pseudo-terminals, "):
        SimulatedBoard(TINY).__enter__()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_runs_until_it_is_stopped(number):
    """In a process group of its own, as a terminal's Ctrl-C would reach it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bitwright.cli", "board", "simulate", *COMMAND, "--divisor", "5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        match = re.search(r"is on (\S+);", first)
        assert match, first + process.communicate()[1]
        assert check_board(TINY, match[1]).passed
        os.killpg(process.pid, number)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)  # nobody is left
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("arguments", "says"), [
    (["--divisor", "2"],
     "The divisor (clock cycles a bit) must be an integer from 4 to 65535, not 2"),
    (["--divisor", "x"],
     "argument --divisor: The divisor must be an integer of at least 4, not 'x' "
     "(see 'bitwright board simulate --help')"),
    (["--fault", "melt@1"],
     "A fault must be KIND@N, with a kind of drop, flip, stop, spike, restart, unplug, "
     "answer-drop, answer-flip, mute, not 'melt@1'"),
])  # fmt: skip
def test_the_command_refuses(capsys, arguments, says):
    assert main(["board", "simulate", *COMMAND, *arguments]) == 2
    assert capsys.readouterr() == ("", f"bitwright: {says}\n")
