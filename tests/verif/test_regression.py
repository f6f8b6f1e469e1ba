"""Every configuration of the regression, through the generated Verilog: all on Verilator, and on
Icarus those that it may see in another way."""

import shutil
from dataclasses import asdict

import pytest

from bitwright.gen.generate import generate
from bitwright.verif.regression import REGRESSION, case_name
from bitwright.verif.stimuli import EXHAUSTIVE_BITS, exhaustive_bits
from bitwright.verif.verify import verify

# Where not all operands are tried. Icarus is slow where Verilator is fast: it gets fewer, and
# fewer still of units with much Verilog, whose vectors cost it most. Longer runs are nightly ones.
VERILATOR_VECTORS = 16_384
ICARUS_VECTORS, FEWEST_VECTORS, ICARUS_WORK = 2048, 64, 15_000_000


def how_many(made, simulator):
    """Vectors to try; None for all combinations of operands."""
    if simulator == "icarus":
        affordable = ICARUS_WORK // len(made.verilog)
        return max(min(ICARUS_VECTORS, affordable), FEWEST_VECTORS)
    all_bits = exhaustive_bits(made.unit)
    return None if all_bits is not None and all_bits <= EXHAUSTIVE_BITS else VERILATOR_VECTORS


def is_for_icarus(case, unit):
    """Icarus sees what is unknown, as registers are at first, and its Verilog is another's: every
    case with registers, and the first of each unit. The others are nightly runs."""
    first = next(other for other in REGRESSION if other[0] == case[0])
    return case is first or unit.latency or not unit.stateless


def check(made, simulator):
    result = verify(made, simulator=simulator, vectors=how_many(made, simulator))
    assert result.passed, (
        f"{result.mismatches} mismatches with seed {result.seed}; again: {result.command}\n"
        + "\n".join(str(asdict(example)) for example in result.examples)
    )
    return result


@pytest.mark.parametrize("case", REGRESSION, ids=case_name)
def test_configuration(case):
    made = generate(*case)
    assert check(made, "verilator").vectors >= 15
    if shutil.which("iverilog") and is_for_icarus(case, made.unit):
        check(made, "icarus")


def test_all_pairs_of_8_bit_operands():
    result = check(generate("float-multiplier", {}), "verilator")
    assert result.vectors == result.results == 65536
    assert result.stimuli == "all 65,536 operand combinations"
