"""Every configuration of the regression, through the generated Verilog, on the simulators where it
has most to show; and the first of each unit on both."""

import shutil
from dataclasses import asdict

import pytest

from bitwright.gen.generate import generate
from bitwright.verif.every_input import input_bits
from bitwright.verif.netlist.respond import remembers
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


def simulators(case, unit):
    """Verilator takes many vectors, after a compilation: it is for what is not exhausted at the
    netlist (`test_exhaust.py`). Icarus sees what is unknown, as registers are at first, and begins
    at once: it is for what has registers, and for what is exhausted. The others are nightly runs.
    """
    if not shutil.which("iverilog"):
        return ["verilator"]
    if case is next(other for other in REGRESSION if other[0] == case[0]):
        return ["verilator", "icarus"]
    exhausted = input_bits(unit) * unit.beats_together <= 20 and not remembers(unit)
    chosen = [] if exhausted else ["verilator"]
    return [*chosen, "icarus"] if exhausted or unit.latency or not unit.stateless else chosen


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
    for simulator in simulators(case, made.unit):
        assert check(made, simulator).vectors >= 15


def test_all_pairs_of_8_bit_operands():
    result = check(generate("float-multiplier", {}), "verilator")
    assert result.vectors == result.results == 65536
    assert result.stimuli == "all 65,536 operand combinations"
