"""Longer runs than every change can wait for, a million vectors each: `make nightly`.

The name keeps pytest from collecting this file unless it is asked to.
"""

import shutil
from dataclasses import asdict

import pytest

from bitwright.cli.arguments import SIMULATORS
from bitwright.gen.generate import generate
from bitwright.verif.every_input import input_bits
from bitwright.verif.exhaust import exhaust
from bitwright.verif.netlist.respond import remembers
from bitwright.verif.nightly import NIGHTLY
from bitwright.verif.regression import REGRESSION, case_name
from bitwright.verif.verify import verify


@pytest.mark.parametrize("run", NIGHTLY, ids=lambda run: case_name(run[:2]))
def test_a_million(run):
    unit, texts, vectors = run
    result = verify(generate(unit, texts), vectors=vectors, seed=1)
    assert result.vectors == vectors
    assert result.passed, (
        f"{result.mismatches} mismatches with seed {result.seed}; again: {result.command}\n"
        + "\n".join(str(asdict(example)) for example in result.examples)
    )


@pytest.mark.parametrize("simulator", SIMULATORS)
@pytest.mark.parametrize("case", REGRESSION, ids=case_name)
def test_every_configuration_on_every_simulator(case, simulator):
    if simulator == "icarus" and shutil.which("iverilog") is None:
        pytest.skip("Icarus is not installed")
    result = verify(generate(*case), simulator=simulator, vectors=2048, seed=1)
    assert result.passed, f"again: {result.command}\n{result.examples}"


@pytest.mark.parametrize("case", REGRESSION, ids=case_name)
def test_all_inputs_of_21_to_32_bits(case):
    made = generate(*case)
    bits = input_bits(made.unit) * made.unit.beats_together
    if remembers(made.unit) or not 21 <= bits <= 32:
        pytest.skip("those of fewer bits are tried with every change, those of more cannot be")
    result = exhaust(made, most_bits=bits)
    assert result.vectors + result.illegal >= 1 << bits
    assert result.passed, f"again: {result.command}\n{result.examples}"
