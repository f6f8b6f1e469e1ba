"""When something is missing or wrong: a sentence, a status, and nothing half-written.

What tools, disks and signals do to commands is in `tests/faults`.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys

import pytest

from bitwright.cli import commands, main
from bitwright.gen import files
from bitwright.gen.catalogue import golden_module

TINY = ("float-multiplier", "-p", "a=e2m1fn", "-p", "b=e2m1fn", "-p", "o=e3m2fn")
SIMULATOR = "icarus" if shutil.which("iverilog") else "verilator"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status = main(list(arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    return call


@pytest.fixture
def empty(tmp_path_factory):
    """A folder without any program."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture
def wrong_model(monkeypatch):
    """The golden model of the multiplier, wrong in one code: 1.5 times -1.5."""
    module = importlib.import_module(golden_module("float-multiplier"))
    right = module.model

    def wrong(parameters, inputs):
        outputs = right(parameters, inputs)
        hit = (inputs["a"] == 0b0011) & (inputs["b"] == 0b1011)
        return {"p": outputs["p"] ^ hit}

    monkeypatch.setattr(module, "model", wrong)


def test_a_wrong_unit_fails_and_is_shown(run, wrong_model):
    status, out, err = run("verify", *TINY, "--simulator", SIMULATOR)
    assert (status, err) == (1, "")
    rows = out.splitlines()
    assert rows[0].startswith("FAILED: float-multiplier, 256 vectors (all 256 operand combinations")
    assert rows[0].endswith("), 1 mismatches")
    assert [" ".join(row.split()) for row in rows if row.startswith("    ")] == [
        "input a: 0x3 = 1.5", "input b: 0xb = -1.5",
        "got p: 0x30 = -2", "want p: 0x31 = -2.5",
    ]
    assert rows[-1] == f"again: bitwright verify {' '.join(TINY)} --simulator {SIMULATOR} --seed 0"


def test_a_wrong_unit_fails_in_json(run, wrong_model):
    status, out, err = run("verify", *TINY, "--simulator", SIMULATOR, "--json")
    result = json.loads(out)
    assert (status, err) == (1, "")
    assert (result["passed"], result["mismatches"]) == (False, 1)
    (example,) = result["examples"]
    assert example["inputs"] == {"a": "0x3 = 1.5", "b": "0xb = -1.5"}
    assert result["command"].startswith("bitwright verify float-multiplier -p a=e2m1fn ")


def test_the_command_shown_repeats_the_failure(run, wrong_model):
    _, out, _ = run("verify", *TINY, "--simulator", SIMULATOR)
    again = out.splitlines()[-1].removeprefix("again: bitwright ").split()
    status, second, _ = run(*again)
    assert status == 1
    shown = [[r for r in text.splitlines() if r.startswith("    ")] for text in (out, second)]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("arguments", [
    ("generate", *TINY), ("estimate", *TINY), ("estimate", *TINY, "--target", "ecp5"),
])
@pytest.mark.parametrize("json_", [(), ("--json",)])
def test_yosys_missing(run, tmp_path, monkeypatch, arguments, json_):
    monkeypatch.setenv("YOSYS", "/does/not/exist/yosys")
    status, out, err = run(*arguments, *json_)
    assert (status, out) == (1, "")
    assert err == (
        "bitwright: $YOSYS names '/does/not/exist/yosys', which is not a program on this machine\n"
    )
    assert not os.listdir(tmp_path)


def test_nextpnr_missing(run, tmp_path, monkeypatch):
    monkeypatch.setenv("NEXTPNR_ECP5", "/does/not/exist/nextpnr")
    status, out, err = run("estimate", *TINY, "--target", "ecp5", "--route", "--seeds", "1")
    assert (status, out) == (1, "")
    assert err == (
        "bitwright: $NEXTPNR_ECP5 names '/does/not/exist/nextpnr', "
        "which is not a program here\n"
    )
    assert not os.listdir(tmp_path)


def test_icarus_missing(run, empty, monkeypatch):
    monkeypatch.setenv("PATH", str(empty))
    status, out, err = run("verify", *TINY, "--simulator", "icarus")
    assert (status, out) == (1, "")
    assert err == (
        "bitwright: Icarus Verilog is not installed ('iverilog' is not on the PATH): "
        "try `apt install iverilog`, or use the simulator 'verilator'\n"
    )


def test_compiler_missing(run, tmp_path, monkeypatch):
    """Verilator needs one; a simulator that was kept would not."""
    monkeypatch.setenv("CXX", "/does/not/exist/c++")
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path / "cache"))
    status, out, err = run("verify", *TINY, "--simulator", "verilator")
    assert (status, out) == (1, "")
    assert err == (
        "bitwright: $CXX names '/does/not/exist/c++', which is not a program on this machine\n"
    )


def test_doctor_tells_what_is_missing(run, empty, monkeypatch):
    monkeypatch.setenv("YOSYS", "/does/not/exist/yosys")
    monkeypatch.setenv("CXX", "/does/not/exist/c++")
    monkeypatch.setenv("PATH", str(empty))
    status, out, err = run("doctor", "--json")
    tools = {t["tool"]: t for t in json.loads(out)}
    assert (status, err) == (1, "")
    assert [n for n, t in tools.items() if t["required"] and not t["version"]] == [
        "yosys", "C++ compiler",
    ]
    assert tools["icarus"]["version"] is None
    assert all(t["remedy"] for t in tools.values() if not t["version"])
    status, out, _ = run("doctor")
    assert status == 1
    assert "\nC++ compiler\tmissing\tVerilator's output\tapt install g++, or set CXX\n" in out
    assert "\nicarus\tnot installed\t" in out
    assert "\nC compiler\tnot installed\tloops over netlists: " in out


def test_optional_tools_may_be_missing(run, empty, monkeypatch):
    """Without a second simulator and a timing analyser, all is still well."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    monkeypatch.setenv("CXX", compiler)
    monkeypatch.setenv("PATH", str(empty))
    status, out, _ = run("doctor")
    assert status == 0
    assert "missing" not in out


def test_a_folder_that_cannot_be_written(run, tmp_path):
    (tmp_path / "file").write_text("")
    status, out, err = run("generate", *TINY, "-o", "file")
    assert (status, out) == (1, "")
    assert err == "bitwright: Cannot use the file 'file': File exists\n"
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_without_permission(run, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to root")
    (tmp_path / "locked").mkdir(mode=0o500)
    status, out, err = run("generate", *TINY, "-o", "locked")
    assert (status, out) == (1, "")
    assert err.startswith("bitwright: Cannot use the file 'locked")
    assert not os.listdir(tmp_path / "locked")


@pytest.mark.parametrize(("failure", "status", "says"), [
    (OSError(28, "No space left on device", "x.v"), 1,
     "Cannot use the file 'x.v': No space left on device"),
    (KeyboardInterrupt(), 130, "interrupted; nothing half-written was left behind"),
])
def test_a_killed_run_leaves_nothing(run, tmp_path, monkeypatch, failure, status, says):
    def die(*_):
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", die)
        assert run("generate", *TINY) == (status, "", f"bitwright: {says}\n")
    assert not os.listdir(tmp_path)
    assert run("generate", *TINY)[0] == 0
    assert len(os.listdir(tmp_path)) == 2


def test_a_reader_that_has_seen_enough():
    """`bitwright list | head -0`: no traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "bitwright.cli", "show", "float-converter"],
            stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
        )
    finally:
        os.close(writer)
    assert done.stderr == ""


def test_an_error_of_ours_is_not_hidden(run, monkeypatch):
    """Only failures that a user can do something about become sentences."""
    def broken(_):
        raise LookupError("a bug")

    monkeypatch.setattr(commands, "list_units", broken)
    with pytest.raises(LookupError):
        run("list")


def test_liberty_file_missing(run):
    status, out, err = run("estimate", *TINY, "--liberty", "cells.lib")
    assert (status, out) == (2, "")
    assert err == (
        "bitwright: The Liberty file 'cells.lib' cannot be read: No such file or directory\n"
    )


def test_more_vectors_than_memory(run):
    status, out, err = run("verify", *TINY, "--vectors", "999999999999999999")
    assert (status, out) == (1, "")
    assert err == "bitwright: There is not enough memory for this; ask for fewer vectors\n"
