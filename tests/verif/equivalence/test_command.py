"""``bitwright prove`` as a user runs it: what it says, and the status that says it too."""

import json

import pytest

from bitwright.cli import main
from bitwright.cli.arguments import PROOFS
from bitwright.verif.equivalence import KINDS, exhaustion, sweep

TINY = ("float-multiplier", "-p", "a=e2m1fn", "-p", "b=e2m1fn", "-p", "o=e2m1fn")


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        status = main(["prove", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    return call


def test_the_choices_are_those_of_the_library():
    assert PROOFS == KINDS


def test_a_proof(run):
    status, out, err = run(*TINY, "--of", "verilog", "--json")
    assert (status, err) == (0, "")
    result = json.loads(out)
    assert result["passed"]
    (proof,) = result["proofs"]
    assert (proof["verdict"], proof["kind"], proof["fault"]["found"]) == ("proven", "verilog", True)
    assert min(proof["gates"]) > 30
    assert proof["tools"]["yosys"]
    assert proof["command"] == f"bitwright prove {' '.join(TINY)} --of verilog"


def test_a_refutation(run):
    status, out, err = run(*TINY, "--against", "rounding=rtz")
    assert (status, err) == (1, "")
    rows = [" ".join(row.split()) for row in out.splitlines()]
    assert rows[0] == "float-multiplier: 0 of 1 proven, 1 refuted"
    assert "rounding=rtz refuted: p differs" in rows
    (a,) = [row for row in rows if row.startswith("input a: 0x")]
    assert " = " in a
    assert sum(row.startswith(("RTL p: ", "RTL with rounding=rtz p: ")) for row in rows) == 2
    assert f"again: bitwright prove {' '.join(TINY)} --against rounding=rtz" in rows


def test_what_is_not_decided_has_a_sentence_and_a_status(run, monkeypatch):
    monkeypatch.setattr(exhaustion, "_MOST_WORK", 0)
    late = sweep.Answer(None, reason="the solver came to no end within 7 seconds")
    monkeypatch.setattr(sweep, "solve", lambda *_, **__: late)
    status, out, err = run(*TINY, "--of", "gates-area", "--timeout", "7")
    assert (status, err) == (1, "")
    rows = out.splitlines()
    assert rows[0] == "float-multiplier: 0 of 1 proven, 1 not decided"
    assert "gates-area not decided: the solver came to no end within 7 seconds" in rows
    status, out, _ = run(*TINY, "--of", "gates-area", "--json")
    result = json.loads(out)
    assert (status, result["passed"], result["proofs"][0]["proven"]) == (1, False, False)


def test_nothing_to_prove(run):
    whole = ("-p", "o=int4", "-p", "lanes=4", "-p", "width=16", "-p", "stages=0")
    status, out, err = run("unpacker", *whole, "--of", "verilog")
    assert (status, out) == (1, "")
    assert err.startswith("bitwright: A proof must compare gates, and RTL and generated Verilog")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "kind"), [("YOSYS", "verilog"), ("NEXTPNR_ICE40", "routed-ice40")]
)
def test_a_missing_tool_is_a_sentence(run, monkeypatch, variable, kind):
    monkeypatch.setenv(variable, "/does/not/exist")
    status, out, err = run(*TINY, "--of", kind)
    assert (status, out) == (1, "")
    assert err.startswith(f"bitwright: ${variable} names '/does/not/exist', which is not a program")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--of", "ice4"), "must be one of verilog, gates-area, gates-speed, ice40, ecp5"),
        (("--timeout", "0"), "must be an integer of seconds from 1 to 100000, not '0'"),
        (("--against", "rounding"), "must be given as NAME=VALUE, not 'rounding'"),
        (("--against", "rounding=up"), "'up'"),
        (("--against", "colour=red"), "colour"),
    ],
)
def test_wrong_usage(run, monkeypatch, arguments, message):
    monkeypatch.setenv("YOSYS", "/does/not/exist")
    status, out, err = run(*TINY, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
