"""Every configuration of the regression, through the generated Verilog, on each simulator."""

import shutil
from dataclasses import asdict

import pytest

from bitwright.gen.generate import generate
from bitwright.verif.regression import REGRESSION, case_name
from bitwright.verif.verify import verify

# Icarus is slow where Verilator is fast: there, wide units get fewer vectors.
ICARUS_VECTORS = 2048


def check(case, simulator, **options):
    unit, texts = case
    result = verify(generate(unit, texts), simulator=simulator, **options)
    assert result.passed, (
        f"{result.mismatches} mismatches with seed {result.seed}; again: {result.command}\n"
        + "\n".join(str(asdict(example)) for example in result.examples)
    )
    return result


@pytest.mark.parametrize("case", REGRESSION, ids=case_name)
def test_verilator(case):
    result = check(case, "verilator")
    assert result.vectors >= 15


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus is not installed")
@pytest.mark.parametrize("case", REGRESSION, ids=case_name)
def test_icarus(case):
    check(case, "icarus", vectors=ICARUS_VECTORS)


def test_all_pairs_of_8_bit_operands():
    result = check(("float-multiplier", {}), "verilator")
    assert result.vectors == result.results == 65536
    assert result.stimuli == "all 65,536 operand combinations"
