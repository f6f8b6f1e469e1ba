"""FPGA estimates: what is counted, with and without DSP blocks, and refusals."""

import json

import pytest
from amaranth.back import rtlil
from components import MultiplyAccumulate

from bitwright.gen.cost import KIND, estimate
from bitwright.gen.cost.fpga import FPGAS, marked_for_dsp
from bitwright.gen.generate import generate

UNIT = rtlil.convert(MultiplyAccumulate(), name="unit", emit_src=False)
KEYS = {"flow", "family", "lut", "carry", "register", "dsp", "ram", "cells"}


@pytest.mark.parametrize("target", FPGAS)
def test_without_dsp_blocks_logic_does_it(target):
    result = estimate(UNIT, "unit", [target])
    assert json.loads(json.dumps(result)) == result
    assert result["kind"] == KIND
    figures = result[target]
    assert set(figures) == KEYS
    assert (figures["register"], figures["dsp"], figures["ram"]) == (16, 0, 0)
    assert figures["lut"] > 40
    assert figures["carry"] > 3


@pytest.mark.parametrize("target", ["ice40", "ecp5"])
def test_dsp_blocks_on_request(target):
    figures = estimate(UNIT, "unit", [target], dsp=True)[target]
    assert figures["dsp"] == 1
    assert figures["lut"] <= 40


UNITS = {
    "integer-multiplier": {"a": "int8", "b": "int8"},
    "float-multiplier": {"a": "bf16", "b": "bf16", "o": "bf16", "stages": "3"},
    "dot-product": {"a": "int8", "b": "int8", "lanes": "2", "o": "exact", "stages": "1"},
}


@pytest.mark.parametrize("target", ["ice40", "ecp5"])
@pytest.mark.parametrize("name", UNITS)
def test_products_marked_for_dsp_blocks_get_them(name, target):
    """Without any option, and wherever the registers of the pipeline stand."""
    marked, plain = (generate(name, UNITS[name] | {"structure": s}) for s in ("dsp", "plain"))
    assert marked_for_dsp(marked.rtlil)
    assert not marked_for_dsp(plain.rtlil)
    with_blocks = estimate(marked.rtlil, marked.top, [target])[target]
    without = estimate(plain.rtlil, plain.top, [target])[target]
    lanes = getattr(marked.unit.parameters, "lanes", 1)
    assert (with_blocks["dsp"], without["dsp"]) == (lanes, 0)
    assert with_blocks["lut"] < without["lut"] - 60
    if name == "integer-multiplier":
        assert with_blocks["lut"] == 0


def test_what_counts_as_what():
    cells = {"LUT4": 10, "CCU2C": 3, "PFUMX": 4, "L6MUX21": 2, "TRELLIS_FF": 5, "MULT18X18D": 1}
    counted = FPGAS["ecp5"].resources(cells)
    assert counted == {"lut": 16, "carry": 3, "register": 5, "dsp": 1, "ram": 0}
    cells = {"LUT1": 1, "LUT6": 2, "CARRY4": 3, "MUXF7": 9, "FDRE": 4, "FDSE_1": 1, "RAMB18E1": 1}
    counted = FPGAS["xilinx"].resources(cells)
    assert counted == {"lut": 3, "carry": 3, "register": 5, "dsp": 0, "ram": 1}


@pytest.mark.parametrize("targets", [["virtex"], ["gates", "GATES"]])
def test_unknown_targets_are_refused(targets):
    with pytest.raises(ValueError, match=r"^The target must be one of gates, ice40, .*, not '"):
        estimate(UNIT, "unit", targets)


@pytest.mark.parametrize("targets", ["gates", []])
def test_targets_are_a_list(targets):
    with pytest.raises(ValueError, match=r"^The targets must be a list of gates, "):
        estimate(UNIT, "unit", targets)
