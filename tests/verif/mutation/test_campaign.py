"""Complete mutation, against every mutant tried by itself on every input."""

import re
from dataclasses import replace

import numpy as np
import pytest

from bitwright.cli.main import main
from bitwright.gen.generate import generate
from bitwright.verif.mutation import (
    campaign,
    make_testbench,
    mutate,
    named,
    record,
    survivors,
    trial,
)
from bitwright.verif.mutation.vectors import UnsoundError
from bitwright.verif.netlist import Evaluator, all_faults, gate_netlist, retimed, with_fault
from bitwright.verif.netlist.bits import field_bits
from bitwright.verif.netlist.solver import ContradictionError
from bitwright.verif.stimuli import stimuli

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
    assert len(result.survivors) == record.SHOWN
    assert "stuck at" in result.survivors[0] or "inverted" in result.survivors[0]
    done = trial(made, 2)
    number = int(np.flatnonzero(~done.killed & ~done.proven)[0])
    name, _, shown = result.survivors[0].rpartition(", which ")
    assert name == named(done, number)
    a, b = re.fullmatch(r"i_a=0x(.) i_b=0x(.) shows", shown).groups()
    column = done.vectors.column(done.first[number])
    bits = [column[done.netlist.rows(port)][::-1] for port in ("i_a", "i_b")]
    assert [int(a, 16), int(b, 16)] == [int("".join(map(str, part)), 2) for part in bits]
    options = "-p a=e2m1fn -p b=e2m1fn --vectors 2 --seed 0"
    assert result.command == f"bitwright mutate float-multiplier {options}"


@pytest.mark.parametrize("stages", ["0", "1", "2"])
def test_the_solver_decides_what_few_vectors_leave(stages):
    """What it proves and what it finds is what all vectors tell. Of a clocked unit it finds
    operands, but no gaps, stalls and resets, which only mutants of the handshake need."""
    made = generate("float-multiplier", TINY | {"stages": stages})
    everything, few = trial(made), trial(made, 2)
    assert few.killed.sum() < everything.killed.sum() - 20
    assert (few.proven == everything.proven).all()
    assert (few.killed <= everything.killed).all()
    result = mutate(made, 2)
    assert result.found + result.undecided == result.survived
    assert result.found > 20
    assert result.undecided == 0 if stages == "0" else result.undecided < 0.02 * result.mutants
    assert make_testbench(made, few).killed == result.killed + result.found


def test_what_was_not_asked_is_not_decided(monkeypatch):
    monkeypatch.setattr(survivors, "_MOST", 0)
    result = mutate(generate("float-multiplier", TINY), 2)
    assert (result.equivalent, result.found) == (0, 0)
    assert result.undecided == result.survived > 20
    assert result.basis == "no mutant is proven equivalent"


def test_a_golden_model_that_is_wrong_where_the_solver_looks_is_found(monkeypatch):
    right = survivors.golden

    def wrong(name, unit, inputs):
        want = right(name, unit, inputs)
        want["p"][-1] ^= 1
        return want

    monkeypatch.setattr(survivors, "golden", wrong)
    with pytest.raises(UnsoundError):
        mutate(generate("float-multiplier", TINY), 2)


def test_a_proof_that_a_simulation_refutes_is_no_proof(monkeypatch):
    ask = retimed.Retimed.ask

    def lie(self, fault, conflicts):
        answer = ask(self, fault, conflicts)
        lies.append(answer.visible)
        return replace(answer, visible=False) if answer.visible and len(lies) < 5 else answer

    lies = []
    monkeypatch.setattr(retimed.Retimed, "ask", lie)
    with pytest.raises(ContradictionError, match="equivalent that a simulation shows"):
        mutate(generate("float-multiplier", TINY | {"stages": "1"}), 2)


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
        ("float-multiplier", {"stages": "3"}),
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


def test_what_the_solver_found_is_told_as_stimuli_are():
    made = generate("hadamard-transform", {"a": "e4m3fn", "points": "2", "width": "8"})
    netlist, beats = gate_netlist(made), stimuli(made.unit, 100, seed=1)[0]
    bits = field_bits(made.unit.i, beats)
    found = survivors._inputs(made.unit, netlist, np.pad(bits, ((0, 0), (0, 2))))
    assert found.keys() == beats.keys()
    for name, codes in beats.items():
        assert found[name].dtype == codes.dtype
        assert np.array_equal(found[name], codes)


def test_a_unit_of_wires_is_refused(capsys):
    wires = ["a=int4", "lanes=4", "width=16", "stages=0"]
    assert main(["mutate", "packer", *(word for text in wires for word in ("-p", text))]) == 1
    assert "must have gates to spoil, and packer -p a=int4" in capsys.readouterr().err
