"""Builds: real ones, small, and what happens to those that cannot succeed."""

import errno
import hashlib
import json
import re
from fractions import Fraction

import pytest

from bitwright.cli import main
from bitwright.fpga import advice, link, toolchain
from bitwright.fpga import build as module
from bitwright.fpga.boards import BOARDS, board
from bitwright.fpga.build import BuildError, build
from bitwright.fpga.timing import read_timing
from bitwright.fpga.toolchain import Netlist, Routed
from bitwright.fpga.untimed import Untimed, untimed
from bitwright.gen import files
from bitwright.gen.generate import generate
from bitwright.gen.nextpnr import NextpnrError

TINY = {"a": "e2m1fn", "b": "e2m1fn", "o": "e3m2fn"}
OPTIONS = [word for name, value in TINY.items() for word in ("-p", f"{name}={value}")]
TOP = "float_multiplier_a_e2m1fn_b_e2m1fn_o_e3m2fn"
# How a bitstream of each family begins.
MAGIC = {"ice40": b"\xff\x00", "ecp5": b"\xff\x00", "gowin": b"1" * 64}


def made():
    return generate("float-multiplier", TINY)


def check(result, name, folder):
    """What every build leaves, whatever the board."""
    target = board(name)
    stem = f"{TOP}-{name}"
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        [f"{TOP}.v", f"{TOP}.json", f"{stem}{target.suffix}", f"{stem}.log", f"{stem}.build.json"]
    )
    manifest = json.loads((folder / f"{stem}.build.json").read_text())
    assert manifest == json.loads(json.dumps(result.manifest))
    content = (folder / f"{stem}{target.suffix}").read_bytes()
    assert content.startswith(MAGIC[target.family])
    assert manifest["digests"]["bitstream"] == "sha256:" + hashlib.sha256(content).hexdigest()
    assert manifest["identity"] == link.identity(made()).hex()
    assert (folder / f"{TOP}.v").read_text() == made().verilog
    assert json.loads((folder / f"{TOP}.json").read_text()) == made().manifest
    # The clock that was promised is reached, by a path that takes the time it should.
    assert manifest["clock"]["mhz"] == target.clock <= manifest["fmax_mhz"]
    path = manifest["critical_path"]
    assert path["delay_ns"] == pytest.approx(1000 / manifest["fmax_mhz"], rel=0.02)
    assert path["logic_ns"] + path["routing_ns"] == pytest.approx(path["delay_ns"], abs=0.01)
    for kind, count in manifest["utilisation"].items():
        assert count["available"] == target.capacity[kind]
        assert 0 <= count["used"] <= count["available"]
    assert manifest["utilisation"]["lut"]["used"] > 300
    # The table's resources are those that nextpnr knows of the device.
    cells = module.TOOLCHAINS[target.family].kinds
    for kind, cell in cells.items():
        if cell in manifest["cells"]:
            assert manifest["cells"][cell]["available"] == target.capacity[kind]
    assert manifest["untimed"]["cells"] == (target.family == "gowin")
    log = (folder / f"{stem}.log").read_text()
    assert log.startswith(f"=== command ===\n{manifest['command']}\n")
    assert "=== place and route ===" in log


def test_a_real_build_and_the_same_again(tmp_path, capsys):
    """By the library, then by the command: the same bytes."""
    told = []
    first = build(made(), board("icebreaker"), tmp_path / "one", seed=3, step=told.append)
    assert told == ["starting the tools", "synthesizing", "placing and routing", "packing"]
    check(first, "icebreaker", tmp_path / "one")
    options = ["--board", "icebreaker", "-o", str(tmp_path / "two"), "--seed", "3"]
    assert main(["build", "float-multiplier", *OPTIONS, *options]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^lut\t\d+\t5280$", out, re.MULTILINE)
    assert re.search(r"^icebreaker: clock 18 MHz, Fmax [\d.]+ MHz \(from .*; seed 3; ", out,
                     re.MULTILINE)
    for file in (tmp_path / "one").iterdir():
        if file.suffix == ".log":  # tells how long things took
            continue
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    assert first.manifest["command"] == (
        f"bitwright build float-multiplier {' '.join(OPTIONS)} --board icebreaker --seed 3"
    )


@pytest.mark.parametrize("name", [name for name in BOARDS if name != "icebreaker"])
def test_a_real_build_for_other_boards(tmp_path, name):
    check(build(made(), board(name), tmp_path), name, tmp_path)


# The stages of a build replaced, for whatever goes wrong in one of them.

REPORT = {
    "fmax": {"clk": {"achieved": 22.5, "constraint": 18.0}},
    "critical_paths": [
        {"from": "<async>", "to": "posedge clk", "path": []},
        {
            "from": "posedge clk",
            "to": "posedge clk",
            "path": [
                {"delay": 1.4, "type": "clk-to-q", "from": {"cell": "link.vector_SB_DFFE_Q_LC"},
                 "to": {"cell": "link.vector_SB_DFFE_Q_LC"}},
                {"delay": 20.0, "type": "routing", "net": "link.vector[3]",
                 "from": {"cell": "link.vector_SB_DFFE_Q_LC"}, "to": {"cell": "x_LC"}},
                {"delay": 12.0, "type": "logic", "from": {"cell": "x_LC"}, "to": {"cell": "x_LC"}},
                {"delay": 10.0, "type": "routing", "net": "link.unit.sum_SB_LUT4_O_I1[2]",
                 "from": {"cell": "x_LC"}, "to": {"cell": "link.result_SB_DFFE_Q_D_SB_LUT4_O_LC"}},
                {"delay": 1.0, "type": "setup", "from": {"cell": "y"},
                 "to": {"cell": "link.result_SB_DFFE_Q_D_SB_LUT4_O_LC"}},
            ],
        },
    ],
    "utilization": {"ICESTORM_LC": {"used": 700, "available": 5280}},
}  # fmt: skip
NEEDS = {"lut": 600, "register": 250, "dsp": 0, "ram": 4}


@pytest.fixture
def stages(monkeypatch):
    """Replace the tools; give a function that replaces one stage by another result or failure."""

    def netlist(needs):
        return Netlist("{}", b"", {}, needs, Untimed(0, 0, 0), "Yosys synth_ice40", "log of Yosys")

    def replace(name, result):
        def stage(*_):
            if isinstance(result, BaseException):
                raise result
            return netlist(result) if name == "synthesize" else result

        monkeypatch.setattr(module, name, stage)

    replace("tools", {"yosys": "0.70"})
    replace("synthesize", NEEDS)
    replace("place", Routed(b"routed", REPORT, "log of nextpnr"))
    replace("pack", (b"bitstream", ""))
    return replace


def test_what_the_stages_say_is_kept(stages, tmp_path):
    result = build(made(), board("icebreaker"), tmp_path)
    assert (tmp_path / f"{TOP}-icebreaker.bin").read_bytes() == b"bitstream"
    assert result.manifest["fmax_mhz"] == 22.5
    assert result.manifest["utilisation"] == {
        "lut": {"used": 700, "available": 5280},
        "dsp": {"used": 0, "available": 8},
        "ram": {"used": 0, "available": 30},
    }
    log = (tmp_path / f"{TOP}-icebreaker.log").read_text()
    assert "log of Yosys" in log
    assert "log of nextpnr" in log


def routed(**fmax):
    return Routed(b"", REPORT | {"fmax": {"clk": fmax} if fmax else {}}, "")


def refused(tmp_path, clock=None):
    """The message of a build that fails, which leaves its log and nothing else."""
    with pytest.raises(BuildError) as caught:
        build(made(), board("icebreaker"), tmp_path, clock=clock)
    assert [p.name for p in tmp_path.iterdir()] == [f"{TOP}-icebreaker.log"]
    text, _, last = str(caught.value).rpartition("\n")
    assert last == f"The log is in {tmp_path / TOP}-icebreaker.log"
    return text


def test_a_clock_that_is_missed(stages, tmp_path):
    stages("place", routed(achieved=22.5, constraint=24.0))
    assert refused(tmp_path, Fraction(24)) == (
        "The unit reaches 22.5 MHz on icebreaker, not 24: try --clock 19 or more pipeline stages "
        "(-p stages=1)\n"
        "The slowest path goes from link.vector[3] to link.result through 1 cells, 44.4 ns, "
        "30.0 ns of it routing: 33.4 ns to link.unit.sum, 11.0 ns to link.result"
    )


def test_the_clock_that_is_proposed_can_be_had(stages, tmp_path):
    """The loop makes it, with room below Fmax, and the baud rate holds."""
    stages("place", routed(achieved=23.05, constraint=24.0))
    text = refused(tmp_path, Fraction(24))
    proposed = int(re.search(r"--clock (\d+)", text).group(1))
    assert 19 <= module.speed(board("icebreaker"), Fraction(proposed)).frequency <= 22


def test_more_stages_are_proposed_only_where_there_are_more(stages, tmp_path, monkeypatch):
    stages("place", routed(achieved=22.5, constraint=24.0))
    unit = made()
    assert advice._can_have_more_stages(unit)
    assert not advice._can_have_more_stages(generate("float-multiplier", TINY | {
        "stages": str(most_stages())}))
    monkeypatch.setattr(advice, "_can_have_more_stages", lambda _: False)
    with pytest.raises(BuildError, match=r"not 24: try --clock 19\n"):
        build(unit, board("icebreaker"), tmp_path, clock=Fraction(24))


def most_stages():
    """From the words with which the unit refuses more."""
    with pytest.raises(ValueError, match="stages must be") as caught:
        _ = generate("float-multiplier", TINY | {"stages": "999"}).unit
    return int(re.search(r"to (\d+)", str(caught.value)).group(1))


def test_a_unit_that_is_too_large(stages, tmp_path):
    stages("synthesize", NEEDS | {"lut": 9000, "ram": 31})
    assert refused(tmp_path) == (
        "The unit and its link do not fit icebreaker; by synthesis they need\n"
        "  LUTs             9000 of     5280 (too many)\n"
        "  registers         250 of     5280\n"
        "  DSP blocks          0 of        8\n"
        "  block RAMs         31 of       30 (too many)"
    )


def test_a_unit_that_finds_no_place(stages, tmp_path):
    stages("synthesize", NEEDS | {"lut": 5200})
    stages("place", NextpnrError("nextpnr-ice40 ended with code 1:\nERROR: no place", "its log"))
    text = refused(tmp_path)
    assert text.startswith("The unit and its link found no place on icebreaker; by synthesis they ")
    assert text.endswith("ERROR: no place")


def test_a_tool_that_fails(stages, tmp_path):
    stages("pack", NextpnrError("icepack ended with code 1:\nbad", "log of icepack"))
    assert refused(tmp_path) == "icepack ended with code 1:\nbad"
    assert "log of icepack" in (tmp_path / f"{TOP}-icebreaker.log").read_text()


def test_a_report_without_a_clock(stages, tmp_path):
    stages("place", routed())
    assert refused(tmp_path) == "The report of place and route names no clock"


def test_a_full_disk(stages, tmp_path, monkeypatch):
    """Nothing gets its name before everything is on the disk."""
    (tmp_path / f"{TOP}-icebreaker.bin").write_bytes(b"old")
    count = 0

    def full(_):
        nonlocal count
        count += 1
        if count == 4:
            raise OSError(errno.ENOSPC, "No space left on device", "x")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        build(made(), board("icebreaker"), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [f"{TOP}-icebreaker.bin"]
    assert (tmp_path / f"{TOP}-icebreaker.bin").read_bytes() == b"old"


def test_files_cut_short_by_a_full_disk_are_refused(tmp_path, monkeypatch):
    """Yosys ends with status 0 then."""
    whole = {
        "netlist.json": '{"modules": {"top": {"cells": {}}}}',
        "stat.json": '{"design": {"num_cells_by_type": {}}}',
        "synthesis.log": "",
    }

    def cut(script, given, outputs, **options):
        return {name: whole[name][: 30 if name.endswith("json") else None] for name in outputs}

    monkeypatch.setattr(toolchain.yosys, "run", cut)
    monkeypatch.setattr(module, "identity", lambda _: bytes(16))
    with pytest.raises(BuildError, match=r"^Yosys left files that are cut short; is the disk "):
        build(made(), board("icebreaker"), tmp_path)


def test_an_interrupted_build_leaves_nothing(stages, tmp_path):
    stages("place", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        build(made(), board("icebreaker"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--board", "icebraker"], "The board must be one of icebreaker, ulx3s-85f, tang-nano-9k, "
                                   "not 'icebraker'; did you mean 'icebreaker'?"),
        (["--board", "icebreaker", "--clock", "fast"],
         "The clock must be a number of MHz, such as 24 or 12.5, not 'fast'"),
        (["--board", "icebreaker", "--clock", "400"], "The clock must be from 2 to 275 MHz"),
        (["--board", "icebreaker", "--baud", "1e6"],
         "The baud rate must be an integer, such as 1000000, not '1e6'"),
        (["--board", "ulx3s-85f", "--baud", "4000000"],
         "The baud rate must be from 1 to 3000000 on ulx3s-85f, not 4000000"),
        (["--board", "icebreaker", "--seed", "-1"], "The seed must be an integer"),
        ([], "the following arguments are required: --board"),
    ],
)  # fmt: skip
def test_wrong_usage_is_refused_before_any_work(
    capsys, monkeypatch, tmp_path, arguments, message
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "tools", None)
    assert main(["build", "float-multiplier", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_timing_of_a_halved_clock():
    """Of two clocks the one counts that is nearer to failing, as a share of its own."""
    steps = REPORT["critical_paths"][1]["path"]
    paths = [{"from": f"posedge {c}", "to": f"posedge {c}", "path": steps}
             for c in ("fast", "slow")]  # fmt: skip
    clocks = {
        "fast": {"achieved": 100.0, "constraint": 20.0},
        "slow": {"achieved": 12.5, "constraint": 10.0},
    }
    report = {"fmax": clocks, "critical_paths": paths}
    assert read_timing(report, Fraction(10)).fmax == 12.5
    clocks["fast"]["achieved"] = 15.0
    assert read_timing(report, Fraction(10)).fmax == 7.5


def test_logic_beside_untimed_cells_is_counted():
    def cell(kind, i, o):
        return {"type": kind, "port_directions": {"I": "input", "O": "output"},
                "connections": {"I": i, "O": o}}  # fmt: skip

    cells = {
        "register": cell("DFF", [1], [2]),
        "first": cell("LUT2", [2, "0"], [3]),
        "second": cell("ALU", [3], [4]),
        "ram": cell("SDPB", [4, 2], [5]),
        "third": cell("LUT4", [5, 3], [6]),
        "end": cell("DFF", [6], [7]),
    }
    assert untimed({"cells": cells}, "SDPB") == Untimed(cells=1, before=2, behind=1)
    assert untimed({"cells": cells}, "MULT") == Untimed(cells=0, before=0, behind=0)
    cells["third"]["connections"]["I"] = [5, 6]
    assert untimed({"cells": cells}, "SDPB").behind == len(cells)


def test_dsp_blocks_without_delays_are_refused(stages, tmp_path):
    stages("synthesize", NEEDS | {"dsp": 1})
    assert refused(tmp_path) == (
        "The unit must not have DSP blocks on icebreaker: nextpnr knows no delays of them, so that "
        "no clock could be proven; choose another structure"
    )
