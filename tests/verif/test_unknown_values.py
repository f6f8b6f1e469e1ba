"""Every unit in four-valued logic: unknown inputs that are not offered never reach an output, and a
reset in the midst of a transaction leaves nothing behind.

Back-to-back transactions without any gap are what `verify` sends first; here are gaps, in which all
payload bits are X.
"""

import re
import shutil

import numpy as np
import pytest
from amaranth.hdl import Shape

from bitwright.gen.catalogue import CATALOGUE
from bitwright.gen.generate import generate
from bitwright.gen.parameters import make_unit
from bitwright.verif.bench import Port, SimulationError, pack, simulate
from bitwright.verif.compare import differences
from bitwright.verif.regression import REGRESSION
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

pytestmark = pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus is not installed")
VECTORS, CYCLES, MOST_BITS = 48, 23, 128


def clocked(unit):
    """A configuration with registers: of the regression if there is one, else with a stage."""
    cases = [texts for name, texts in REGRESSION if name == unit]
    for texts in cases:
        made = make_unit(unit, texts)
        bits = sum(Shape.cast(field.shape).width for _, field in made.i.payload.shape())
        if bits <= MOST_BITS and (made.latency or not made.stateless or made.interval > 1):
            return texts
    return {**cases[0], "stages": "1"}


@pytest.mark.parametrize("name", CATALOGUE)
def test_unknown_and_interrupted(name):
    made = generate(name, clocked(name))
    assert any(port.name == "rst" for port in made.ports)
    inputs, _ = stimuli(made.unit, VECTORS)
    want = golden(name, made.unit, inputs)
    got, _ = run_on(
        made, inputs, len(next(iter(want.values()))), simulator="icarus", gaps=0.4, stalls=0.2,
        unknown=True, interrupted=CYCLES,
    )  # fmt: skip
    assert not len(differences(made.unit, got, want))


HANDSHAKE = [
    Port("clk", "in", 1), Port("rst", "in", 1), Port("i_valid", "in", 1), Port("i_ready", "out", 1),
    Port("o_valid", "out", 1), Port("o_ready", "in", 1), Port("i_a", "in", 8),
    Port("o_p", "out", 8),
]  # fmt: skip
SUM = """
module unit(input clk, input rst, input i_valid, output i_ready, input [7:0] i_a,
            output o_valid, input o_ready, output [7:0] o_p);
  reg valid; reg [7:0] sum;
  assign i_ready = o_ready | ~valid;
  assign o_valid = valid; assign o_p = sum;
  always @(posedge clk)
    if (rst) begin valid <= 0; sum <= 0; end
    else if (i_ready) begin valid <= i_valid; sum <= i_valid ? sum + i_a : sum; end
endmodule
"""
FAULTS = {
    "adds what is not offered": (r"sum <= i_valid \? sum \+ i_a : sum", "sum <= sum + i_a"),
    "is ready by its data": (r"i_ready = o_ready", "i_ready = i_a[0] & o_ready"),
    "keeps its sum in a reset": ("sum <= 0;", "if (sum === 8'bx) sum <= 0;"),
    "keeps its output in a reset": ("begin valid <= 0;", "begin if (valid === 1'bx) valid <= 0;"),
}


def run(verilog):
    a = np.arange(40)
    result = simulate(verilog, "unit", HANDSHAKE, {"i_a": pack(a, 8)}, outputs=40, gaps=0.4,
                      simulator="icarus", unknown=True, interrupted=11)  # fmt: skip
    return result.outputs["o_p"][:, 0].tolist() == (np.cumsum(a) % 256).tolist()


def test_a_sound_unit_passes():
    assert run(SUM)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault):
    verilog, count = re.subn(*FAULTS[fault], SUM)
    assert count == 1
    try:
        found = not run(verilog)
    except SimulationError as error:
        words = ("is unknown", "o_valid is high without any input", "more outputs than expected")
        found = any(word in str(error) for word in words)
    assert found


def test_unknown_values_need_icarus():
    with pytest.raises(ValueError, match=r"^Simulator must be 'icarus' for unknown values"):
        simulate(SUM, "unit", HANDSHAKE, {"i_a": pack(np.arange(4), 8)}, outputs=4, unknown=True)
