"""Complete mutation, against every mutant tried by itself on every input."""

import numpy as np
import pytest

from bitwright.cli.main import main
from bitwright.gen.generate import generate
from bitwright.verif.mutation import campaign, mutate, named, trial
from bitwright.verif.mutation.vectors import UnsoundError
from bitwright.verif.netlist import Evaluator, all_faults, gate_netlist, with_fault

COMMAND = ["mutate", "float-multiplier", "-p", "a=e2m1fn", "-p", "b=e2m1fn"]
TINY = {"a": "e2m1fn", "b": "e2m1fn", "o": "e4m3fn"}


def test_killed_and_equivalent_are_what_brute_force_finds():
    made = generate("float-multiplier", TINY)
    netlist = gate_netlist(made)
    rows = np.zeros((len(netlist.input_nets), 4), np.uint64)
    vectors = np.arange(256)
    for k, row in enumerate(
        [*range(netlist.rows("i_a").start, netlist.rows("i_a").stop),
         *range(netlist.rows("i_b").start, netlist.rows("i_b").stop)]
    ):  # fmt: skip
        bits = np.packbits((vectors >> k & 1).astype(np.uint8), bitorder="little")
        rows[row] = bits.view(np.uint64)
    rows[netlist.rows("i_valid")] = rows[netlist.rows("o_ready")] = ~np.uint64(0)
    sound = Evaluator(netlist, "numpy")(rows)
    faults = all_faults(netlist)
    killed = sum(
        bool(np.any(Evaluator(with_fault(netlist, f), "numpy")(rows) != sound)) for f in faults
    )
    result = mutate(made)
    assert (result.mutants, result.killed) == (len(faults), killed)
    assert result.equivalent == len(faults) - killed
    assert result.survived == 0
    assert result.basis == "all inputs were tried"


def test_back_ends_agree_and_seeds_repeat():
    made = generate("float-multiplier", TINY | {"stages": "1"})
    runs = [trial(made, backend=backend) for backend in ("c", "numpy", None)]
    assert runs[0].first.tolist() == runs[1].first.tolist() == runs[2].first.tolist()


def test_survivors_are_named():
    made = generate("float-multiplier", TINY)
    result = mutate(made, 2)
    assert result.survived > 20
    assert result.equivalent == 0
    assert len(result.survivors) == campaign.SHOWN
    assert "stuck at" in result.survivors[0] or "inverted" in result.survivors[0]
    done = trial(made, 2)
    assert named(done, int(np.flatnonzero(done.first < 0)[0])) == result.survivors[0]
    options = "-p a=e2m1fn -p b=e2m1fn --vectors 2 --seed 0"
    assert result.command == f"bitwright mutate float-multiplier {options}"


@pytest.mark.parametrize("stages", ["0", "1"])
def test_a_netlist_that_is_wrong_has_no_mutants(stages, monkeypatch, capsys):
    right = campaign.golden

    def wrong(name, unit, inputs):
        want = right(name, unit, inputs)
        want["p"][-1] ^= 1
        return want

    monkeypatch.setattr(campaign, "golden", wrong)
    made = generate("float-multiplier", TINY | {"stages": stages})
    with pytest.raises(UnsoundError, match="before its mutants can be judged"):
        mutate(made)
    assert main(COMMAND) == 1
    assert "bitwright: The netlist of float-multiplier must do" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("unit", "texts"),
    [
        ("float-multiplier", {}),
        ("float-multiplier", {"stages": "1"}),
        ("lmul-multiplier", {}),
        ("float-converter", {"a": "fp16", "o": "e4m3fn"}),
        ("dot-product", {"a": "e2m1fn", "b": "e2m1fn", "lanes": "2", "o": "exact"}),
    ],
)
def test_no_mutant_of_an_exhausted_unit_survives(unit, texts):
    result = mutate(generate(unit, texts))
    assert result.survived == 0
    assert result.killed + result.equivalent == result.mutants
    assert result.equivalent < 0.05 * result.mutants, "many equivalent mutants: redundant gates"


@pytest.mark.parametrize(
    ("unit", "texts"),
    [
        ("dot-product", {"a": "int8", "b": "int8", "lanes": "4", "o": "exact"}),
        ("dot-product", {"a": "int4", "b": "int4", "lanes": "4", "o": "exact", "beats": "4"}),
    ],
)
def test_the_regressions_vectors_kill_nearly_all(unit, texts):
    result = mutate(generate(unit, texts))
    assert result.killed_of_visible >= 99.5, result.survivors


def test_command(capsys):
    assert main(COMMAND) == 0
    said = capsys.readouterr().out
    assert "0 survived" in said
    assert "all 256 operand combinations; all inputs were tried; seed 0" in said
