"""The testbench that goes with the Verilog passes with it, and fails with anything else."""

import random
import re
import shutil
import subprocess

import numpy as np
import pytest

from bitwright.cli.main import main
from bitwright.gen.generate import generate
from bitwright.gen.port import Port
from bitwright.gen.testbench import Rows, write_testbench
from bitwright.verif.mutation import make_testbench, trial

SEED = 20261120
BIT = re.compile(r"^    wire (\w+) = (.*);$", re.MULTILINE)
UNITS = {
    "combinational": ("float-multiplier", {}),
    "pipeline": ("float-multiplier", {"a": "e2m1fn", "b": "e2m1fn", "o": "e4m3fn", "stages": "1"}),
    "sum": ("dot-product", {"a": "int4", "b": "int4", "lanes": "2", "o": "exact", "beats": "3"}),
}
icarus = pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus is not installed")


def run(folder, verilog, bench):
    """What the testbench says."""
    folder.joinpath("unit.v").write_text(verilog)
    folder.joinpath("bench.v").write_text(bench)
    build = ["iverilog", "-Wall", "-Wno-timescale", "-g2001", "-o", "sim", "unit.v", "bench.v"]
    done = subprocess.run(build, cwd=folder, capture_output=True, text=True, check=True)
    assert not done.stderr
    done = subprocess.run(
        ["vvp", "-n", "sim"], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


@icarus
@pytest.mark.parametrize("unit", UNITS)
def test_passes_and_finds_planted_faults(unit, tmp_path):
    made = generate(*UNITS[unit])
    bench = make_testbench(made)
    kind = "vectors" if unit == "combinational" else "clock cycles"
    assert run(tmp_path, made.verilog, bench.verilog) == [f"PASS: {bench.rows} {kind}"]
    bits = list(BIT.finditer(made.verilog))
    for bit in random.Random(SEED).sample(bits, min(4, len(bits))):
        fault = f"    wire {bit[1]} = ~({bit[2]});"
        broken = made.verilog[: bit.start()] + fault + made.verilog[bit.end() :]
        said = run(tmp_path, broken, bench.verilog)
        assert said[-1].startswith("FAIL: "), f"seed {SEED}: '{bit[1]}' is inverted"
        assert "want" in said[0]


@icarus
def test_a_broken_handshake_is_found(tmp_path):
    made = generate(*UNITS["pipeline"])
    bench = make_testbench(made)
    for signal, value in (("o_valid", "1'b1"), ("i_ready", "1'b1"), ("i_ready", "1'b0")):
        assignment = f"assign {signal} = {value};"
        broken, count = re.subn(rf"assign {signal} = [^;]*;", assignment, made.verilog)
        assert count == 1
        assert run(tmp_path, broken, bench.verilog)[-1].startswith("FAIL: ")


def test_kills_all_that_the_trial_killed():
    done = trial(generate("float-multiplier", {}))
    bench = make_testbench(generate("float-multiplier", {}), done)
    assert bench.killed == np.count_nonzero(done.first >= 0)
    assert bench.rows < 60, "a set cover of the E4M3 multiplier's mutants needs about 44 vectors"


def test_wide_ports_and_long_lists():
    ports = [Port("i_valid", "in", 1), Port("i_a", "in", 70), Port("o_p", "out", 3)]
    rows = Rows({"i_valid": [1, 1], "i_a": [1 << 69, 5]}, {"o_p": [7, 0]})
    text = write_testbench("top", ports, rows, ["One line."])
    assert text.startswith("// One line.\n`timescale 1ns / 1ps\n\nmodule top_tb;\n")
    assert "stimulus[0] = 71'h600000000000000000; expected[0] = 3'h7;" in text
    assert "reg [69:0] i_a;" in text
    assert max(map(len, text.splitlines())) <= 100
    assert text.endswith("endmodule\n")


def test_command_writes_all_files(tmp_path, capsys):
    unit = ["float-multiplier", "-p", "a=e2m1fn", "-p", "b=e2m1fn"]
    assert main(["generate", *unit, "--testbench", "-o", str(tmp_path)]) == 0
    files = sorted(path.name for path in tmp_path.iterdir())
    top = "float_multiplier_a_e2m1fn_b_e2m1fn"
    assert files == [f"{top}.json", f"{top}.v", f"{top}_tb.v"]
    assert f"{top}_tb.v" in capsys.readouterr().out
