"""Every configuration of the regression, through the generated Verilog, on each simulator."""

import shutil
from dataclasses import asdict

import pytest
from amaranth.hdl import Shape

from bitwright.gen.generate import generate
from bitwright.verif.regression import REGRESSION, case_name
from bitwright.verif.stimuli import EXHAUSTIVE_BITS, exhaustive_bits
from bitwright.verif.verify import verify

# Where not all operands are tried. Icarus is slow where Verilator is fast: it gets fewer, and wide
# units, whose vectors cost it most, fewer still. Longer runs are nightly ones.
VERILATOR_VECTORS = 16_384
ICARUS_VECTORS, ICARUS_WIDE_VECTORS, WIDE_BITS = 2048, 512, 64


def how_many(unit, simulator):
    """Vectors to try; None for all combinations of operands."""
    bits = sum(Shape.cast(field.shape).width for _, field in unit.i.payload.shape())
    if simulator == "icarus":
        return ICARUS_VECTORS if bits <= WIDE_BITS else ICARUS_WIDE_VECTORS
    all_bits = exhaustive_bits(unit)
    return None if all_bits is not None and all_bits <= EXHAUSTIVE_BITS else VERILATOR_VECTORS


def check(case, simulator, **options):
    unit, texts = case
    made = generate(unit, texts)
    if "vectors" not in options:
        options["vectors"] = how_many(made.unit, simulator)
    result = verify(made, simulator=simulator, **options)
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
    check(case, "icarus")


def test_all_pairs_of_8_bit_operands():
    result = check(("float-multiplier", {}), "verilator")
    assert result.vectors == result.results == 65536
    assert result.stimuli == "all 65,536 operand combinations"
