"""Two runs at once in one folder: both succeed, and every file is whole and of one run."""

import json
import subprocess
import sys
import threading

import pytest
from faults.commands import COMMANDS, TINY

from bitwright.gen import files
from bitwright.gen.files import write_all

TOGETHER = ["generate", "build"]


@pytest.mark.parametrize("name", TOGETHER)
def test_twice_the_same(place, ready, name):
    twice_the_same(place, ready(name))


def twice_the_same(place, command):
    """Both succeed, and what they wrote is whole."""
    program = [sys.executable, "-W", "error", "-m", "bitwright.cli", *command.words]
    pair = [
        subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in pair:
        out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
        assert json.loads(out)
    place.whole(command)


def test_other_units_under_one_name(tmp_path):
    """Pairs of files that belong together: never the one of this run and the other of that."""
    names = [tmp_path / "unit.v", tmp_path / "unit.json"]
    stop = threading.Event()
    failed = []

    def write(word):
        try:
            while not stop.is_set():
                write_all(dict.fromkeys(names, word * 1000))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(word,)) for word in "ab"]
    for thread in threads:
        thread.start()
    for _ in range(50):
        stop.wait(0.005)
        for name in names:
            text = name.read_text() if name.exists() else ""
            assert text in ("", "a" * 1000, "b" * 1000)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert not failed
    assert names[0].read_text() == names[1].read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["unit.json", "unit.v"]


def test_one_that_waits_too_long_is_refused(place, ready, monkeypatch):
    command = ready("generate")
    monkeypatch.setattr(files, "_PATIENCE", 0.1)
    with files._alone({place.folder}):
        said = place.fails(command)
    assert said == (
        f"bitwright: Cannot use the file '{place.folder}': "
        "another run has been writing there for 0.1 seconds\n"
    )
    place.succeeds(command)


def test_two_that_keep_the_same_simulator(place, ready):
    """The cache is shared by all runs on a machine."""
    ready("verify")
    words = ("verify", *TINY, "--simulator", "icarus", "--vectors", "16", "--json")
    program = [sys.executable, "-W", "error", "-m", "bitwright.cli", *words]
    pair = [subprocess.Popen(program, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in pair:
        assert json.loads(process.communicate(timeout=300)[0])["passed"]
        assert process.returncode == 0
    assert set(COMMANDS["verify"].writes) == set(place.listing())
