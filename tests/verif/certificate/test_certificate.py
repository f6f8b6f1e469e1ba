"""A certificate holds when it is shown again, and a flipped bit anywhere is found."""

import copy
import json
import random
import shutil
from types import SimpleNamespace

import pytest

from bitwright.cli.main import main
from bitwright.gen.generate import generate
from bitwright.verif.certificate import HOLDS, certify, checking
from bitwright.verif.certificate.digests import file_digest
from bitwright.verif.certificate.make import text_of
from bitwright.verif.mutation import campaign

SEED = 20261120
TOP = "tiny"
UNIT = ["float-multiplier", "-p", "a=e2m1fn", "-p", "b=e2m1fn", "--name", TOP]
CHECK = checking.check


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("certified")
    assert main(["certify", *UNIT, "-o", str(place)]) == 0
    return place


@pytest.fixture
def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.fixture(scope="module")
def content(folder):
    return json.loads(folder.joinpath(f"{TOP}.cert.json").read_text())


def test_states_every_kind_and_names_its_command(content):
    kinds = [statement["kind"] for statement in content["statements"]]
    simulators = ["simulation"] * len(content["simulators"])
    assert kinds == [*simulators, "exhaustion", "mutation", *["proof"] * 5]
    assert all(statement["verdict"] == HOLDS for statement in content["statements"])
    assert all(s["command"].startswith("bitwright ") for s in content["statements"])
    of = [s["of"] for s in content["statements"] if s["kind"] == "proof"]
    assert of == ["verilog", "gates-area", "gates-speed", "ice40", "ecp5"]
    assert content["command"] == "bitwright certify float-multiplier -p a=e2m1fn -p b=e2m1fn"


def test_checked_from_scratch(folder, capsys):
    path = folder / f"{TOP}.cert.json"
    assert main(["certify", "--check", str(path)]) == 0
    assert "statements shown again" in capsys.readouterr().out


def fault_of(path):
    """Whether it is the certificate that was found to be spoilt, or else a file beside it."""
    try:
        found = CHECK(path).faults
    except ValueError:
        return True  # it is no JSON any more
    assert found
    assert "was changed" in found[0] or "is not the one that was certified" in found[0]
    return "was changed" in found[0]


@pytest.mark.parametrize("end", [".v", "_tb.v", ".json", ".cert.json"])
def test_a_flipped_bit_anywhere_is_found(copied, end):
    path = copied / f"{TOP}{end}"
    sound = path.read_bytes()
    rng = random.Random(SEED)
    for _ in range(40):
        place, bit = rng.randrange(len(sound)), rng.randrange(8)
        spoilt = bytearray(sound)
        spoilt[place] ^= 1 << bit
        path.write_bytes(spoilt)
        where = f"seed {SEED}: bit {bit} of byte {place}"
        assert fault_of(copied / f"{TOP}.cert.json") == (end == ".cert.json"), where


def test_a_missing_file_is_found(copied):
    copied.joinpath(f"{TOP}_tb.v").unlink()
    result = CHECK(copied / f"{TOP}.cert.json")
    assert "must stand beside the certificate" in result.faults[0]


def forged(content, change):
    """A certificate changed by someone who knows how to sign it again."""
    false = copy.deepcopy(content)
    change(false)
    del false["digest"]
    false["digest"] = file_digest(text_of(false))
    return text_of(false)


FORGERIES = {
    "mutants": lambda c: c["statements"][-6].update(killed=c["statements"][-6]["killed"] - 1),
    "source": lambda c: c["sources"].update(hdl="sha256:0"),
    "tool": lambda c: c["tools"].update(yosys="0.1"),
    "size": lambda c: c["statements"][-1].update(compared=1),
    "left out": lambda c: c["statements"].pop(),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_was_forged_and_signed_is_found_by_showing_it_again(
    content, copied, name, monkeypatch
):
    # What showing it again gives was seen in another test; here it is remembered.
    monkeypatch.setattr(checking, "certify", lambda *_, **__: SimpleNamespace(content=content))
    path = copied / f"{TOP}.cert.json"
    assert CHECK(path).passed
    path.write_text(forged(content, FORGERIES[name]))
    result = CHECK(path)
    assert not result.passed
    assert "is told to be" in result.faults[0]


def test_times_may_differ(content, copied, monkeypatch):
    monkeypatch.setattr(checking, "certify", lambda *_, **__: SimpleNamespace(content=content))

    def slower(c):
        for statement in c["statements"]:
            statement["seconds"] += 1

    path = copied / f"{TOP}.cert.json"
    path.write_text(forged(content, slower))
    assert CHECK(path).passed


def test_a_simulator_that_is_not_here(content, copied, capsys):
    path = copied / f"{TOP}.cert.json"
    path.write_text(forged(content, lambda c: c.update(simulators=["modelsim"])))
    assert main(["certify", "--check", str(path)]) == 1
    assert "modelsim, which is not installed" in capsys.readouterr().err


def test_nothing_false_is_certified(tmp_path, monkeypatch, capsys):
    right = campaign.golden

    def wrong(name, unit, inputs):
        want = right(name, unit, inputs)
        want["p"][-1] ^= 1
        return want

    monkeypatch.setattr(campaign, "golden", wrong)
    assert main(["certify", *UNIT, "-o", str(tmp_path)]) == 1
    assert "must do what its golden model says" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_statement_that_fails_leaves_no_certificate(tmp_path, content, monkeypatch):
    made = certify.__globals__["Certificate"](
        copy.deepcopy(content), generate("float-multiplier", {}), ""
    )
    made.content["statements"][0]["verdict"] = "does not hold"
    with pytest.raises(RuntimeError, match="Nothing is certified"):
        made.write(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "A unit must be named"),
        ([*UNIT, "--check", "x.cert.json"], "--check must stand alone"),
        (["--check", "none.cert.json"], "Cannot use the file 'none.cert.json'"),
    ],
)
def test_wrong_arguments(arguments, words, capsys):
    assert main(["certify", *arguments]) in (1, 2)
    assert words in capsys.readouterr().err
