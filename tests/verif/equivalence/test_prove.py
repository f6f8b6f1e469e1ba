"""Proofs hold, fail where they ought to, and never say more than they know."""

import importlib
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from bitwright.gen.catalogue import golden_module
from bitwright.gen.generate import generate
from bitwright.gen.port import Port
from bitwright.hdl.formats import parse_format
from bitwright.verif.equivalence import (
    KINDS,
    PROVEN,
    REFUTED,
    UNDECIDED,
    EmptyProofError,
    NetlistError,
    exhaustion,
    prove,
    sweep,
)
from bitwright.verif.equivalence.fault import plant
from bitwright.verif.equivalence.miter import make_miter
from bitwright.verif.equivalence.prove import compare
from bitwright.verif.equivalence.sides import _side, make_side, rtl
from bitwright.verif.equivalence.solve import ContradictionError

TINY = {"a": "e2m1fn", "b": "e2m1fn", "o": "e2m1fn"}
PIPELINED = {**TINY, "stages": "1"}


def side(text):
    """A circuit written by hand in Verilog."""
    script = "read_verilog design.v\nhierarchy -check -top unit\n"
    return _side("Verilog", script, {"design.v": text}, "unit", timeout=60)


def clocked(body, declarations=""):
    return side(
        f"module unit(input clk, rst, i_a, output [1:0] o_p);\n{declarations}\n{body}\nendmodule\n"
    )


#: What `compare` asks of the unit whose circuits are compared.
BY_HAND = SimpleNamespace(
    name="unit", parameters={}, options="", unit=SimpleNamespace(latency=1, interval=1, beats=1),
    ports=[
        Port("clk", "in", 1, "clock"), Port("rst", "in", 1, "reset"), Port("i_a", "in", 1, "bit"),
        Port("o_p", "out", 2),
    ],
)  # fmt: skip


def compared(left, right, **options):
    return compare(BY_HAND, "verilog", left, right, **options)  # pyright: ignore


def test_all_that_is_made_of_a_unit_is_the_unit():
    made = generate("float-multiplier", PIPELINED)
    proofs = prove(made, KINDS)
    assert [proof.kind for proof in proofs] == list(KINDS)
    for proof in proofs:
        assert (proof.verdict, proof.reason) == (PROVEN, ""), proof
        assert proof.proven
        assert min(proof.gates) > 30
        assert proof.registers > 5
        # Outputs: valid, ready and 4 bits.
        assert proof.compared == proof.registers + 6
        assert proof.fault is not None
        assert proof.fault.found
        assert proof.cells
        assert json.loads(json.dumps(proof.as_json()))["proven"] is True
    by = {proof.kind: proof for proof in proofs}
    assert "SB_LUT4" in by["ice40"].cells
    assert "LUT4" in by["ecp5"].cells
    assert "ICESTORM_LC" in by["routed-ice40"].cells
    assert any(tool.startswith("nextpnr") for tool in by["routed-ice40"].tools)
    assert "initial values are not in the netlist" in by["gates-area"].method
    assert by["ice40"].method.endswith("equal initial values")


@pytest.fixture(scope="module")
def pipelined():
    made = generate("float-multiplier", PIPELINED)
    return rtl(made), make_side(made, "ice40")


@pytest.mark.parametrize("work", [exhaustion._MOST_WORK, 0])
def test_faults_are_found_by_either_engine(monkeypatch, pipelined, work):
    monkeypatch.setattr(exhaustion, "_MOST_WORK", work)
    left, right = pipelined
    seeds = range(12)
    faults = [plant(left.circuit, right.circuit, seed, 60) for seed in seeds]
    assert all(fault is not None and fault.found for fault in faults)
    assert len({(fault.cell, fault.what) for fault in faults if fault}) > len(seeds) // 2
    assert any(fault.what.endswith("of its table inverted") for fault in faults if fault)
    # The same faults from the same seeds.
    again = plant(left.circuit, right.circuit, 0, 60)
    assert again is not None
    assert faults[0] is not None
    assert (again.cell, again.what) == (faults[0].cell, faults[0].what)


def test_a_solver_that_always_agrees_is_found_out(monkeypatch):
    monkeypatch.setattr(exhaustion, "_MOST_WORK", 0)
    monkeypatch.setattr(sweep, "solve", lambda *_, **__: sweep.Answer(False))
    with pytest.raises(ContradictionError, match="did not find a planted fault"):
        prove(generate("float-multiplier", TINY), ["verilog"])


def test_a_solver_with_a_wrong_example_is_found_out(monkeypatch):
    monkeypatch.setattr(exhaustion, "_MOST_WORK", 0)
    zeros = lambda _, inputs, *__, **___: sweep.Answer(True, dict.fromkeys(inputs, 0))  # noqa: E731
    monkeypatch.setattr(sweep, "solve", zeros)
    with pytest.raises(ContradictionError, match="counterexample that is none"):
        prove(generate("float-multiplier", TINY), ["verilog"])


def test_out_of_time_is_not_decided(monkeypatch):
    monkeypatch.setattr(exhaustion, "_MOST_WORK", 0)
    late = sweep.Answer(None, reason="the solver came to no end within 3 seconds")
    monkeypatch.setattr(sweep, "solve", lambda *_, **__: late)
    (proof,) = prove(generate("float-multiplier", TINY), ["gates-area"], timeout=3)
    assert (proof.verdict, proof.proven) == (UNDECIDED, False)
    assert proof.reason == "the solver came to no end within 3 seconds"
    assert proof.fault is None


def test_a_fault_that_is_not_found_in_time_decides_nothing(monkeypatch):
    monkeypatch.setattr(exhaustion, "_MOST_WORK", 0)
    answers = iter([sweep.Answer(False), sweep.Answer(None, reason="too long")])
    monkeypatch.setattr(sweep, "solve", lambda *_, **__: next(answers))
    (proof,) = prove(generate("float-multiplier", TINY), ["gates-area"], timeout=3)
    assert (proof.verdict, proof.proven) == (UNDECIDED, False)
    assert proof.reason == "the planted fault was not found within 3 seconds"


def test_wires_are_no_proof():
    whole = {"o": "int4", "lanes": "4", "width": "16", "stages": "0"}
    with pytest.raises(EmptyProofError, match="must compare gates"):
        prove(generate("unpacker", whole), ["verilog"])


def test_a_side_that_is_wires_proves_nothing():
    made = generate("float-converter", {"a": "int8", "o": "int8"})
    (proof,) = prove(made, ["gates-area"])
    assert (proof.verdict, proof.proven, proof.gates[1]) == (UNDECIDED, False, 0)
    assert "has no gate in which a fault would be seen" in proof.reason


def test_a_counterexample_is_what_the_golden_models_say():
    made, other = (generate("float-multiplier", TINY | r) for r in ({}, {"rounding": "rtz"}))
    (proof,) = prove(made, against={"rounding": "rtz"})
    assert (proof.verdict, proof.proven, proof.fault) == (REFUTED, False, None)
    assert proof.reason == "p differs"
    (shown,) = proof.counterexample
    format = parse_format("e2m1fn")
    inputs = {name: np.array([int(shown.inputs[name].split(" ")[0], 16)]) for name in "ab"}
    for name in "ab":
        assert shown.inputs[name].split(" = ")[1] == format.text(int(inputs[name][0]))
    model = importlib.import_module(golden_module("float-multiplier")).model
    for unit, outputs in ((made, shown.left), (other, shown.right)):
        code = int(model(unit.unit.parameters, inputs)["p"][0])
        assert outputs["p"] == f"0x{code:x} = {format.text(code)}"
    assert shown.left["p"] != shown.right["p"]
    assert proof.command.endswith(" --against rounding=rtz")


def test_another_structure_of_a_sum_is_proven():
    made = generate("dot-product", {"a": "int3", "b": "int3", "lanes": "4", "o": "exact"})
    (proof,) = prove(made, against={"structure": "plain"})
    assert proof.proven, proof.reason
    assert proof.right == "RTL with structure=plain"


def changed(texts, pattern, replacement):
    """A unit whose Verilog has been spoilt."""
    made = generate("float-multiplier", texts)
    text, count = re.subn(pattern, replacement, made.verilog)
    assert count, pattern
    made.__dict__["verilog"] = text
    return made


def test_a_wrong_register_is_shown_from_reset():
    made = changed(PIPELINED, r"o_valid <= i_valid|stage1_valid <= i_valid", r"stage1_valid <= rst")
    (proof,) = prove(made, ["verilog"])
    assert proof.verdict == REFUTED
    assert "valid" in proof.reason
    assert "from reset" in proof.reason
    *before, last = proof.counterexample
    assert before
    assert [shown.left == shown.right for shown in before] == [True] * len(before)
    assert last.left != last.right
    assert [shown.inputs["rst"] for shown in proof.counterexample] == (
        ["0x1"] + ["0x0"] * len(before)
    )


def test_registers_without_a_counterpart_decide_nothing():
    made = changed(PIPELINED, r"stage1_", "elsewhere_")
    (proof,) = prove(made, ["verilog"])
    assert proof.verdict == UNDECIDED
    assert "have no counterpart by name" in proof.reason
    assert not proof.proven


COUNTER = """
always @(posedge clk)
    if (rst) count <= 0;
    else if (i_a) count <= count == 2 ? 0 : count + 1;
"""


def test_a_state_that_is_never_reached_refutes_nothing():
    declared = "reg [1:0] count = 0;"
    left = clocked(COUNTER + "assign o_p = {count == 3, count[0]};", declared)
    right = clocked(COUNTER + "assign o_p = {1'b0, count[0]};", declared)
    proof = compared(left, right)
    assert proof.verdict == UNDECIDED
    assert proof.reason.startswith("the two differ in a state of their registers; in ")


def test_a_register_may_be_inverted_or_double_on_the_other_side():
    left = clocked(
        "always @(posedge clk) begin one <= i_a & ~rst; two <= i_a & ~rst; end\n"
        "assign o_p = {one ^ i_a, two};",
        "reg one = 0, two = 0;",
    )
    right = clocked(
        "always @(posedge clk) kept <= ~i_a | rst;\nassign o_p = {one ^ i_a, ~kept};",
        "reg kept = 1; wire one = ~kept, two = one;",
    )
    proof = compared(left, right)
    assert proof.proven, proof
    assert proof.registers == 2
    other = clocked(
        "always @(posedge clk) kept <= ~i_a | rst;\nassign o_p = {one ^ i_a, ~kept};",
        "reg kept = 0; wire one = ~kept, two = one;",
    )
    proof = compared(left, other)
    assert proof.verdict == REFUTED
    # Before the first edge of the clock.
    assert len(proof.counterexample) == 1


def test_registers_that_synthesis_found_needless_are_guessed():
    """One that is always 0, one that is it because of that, one that is always what another is."""
    left = clocked(
        "always @(posedge clk) begin none <= none & i_a; one <= i_a & ~rst;\n"
        "twin <= ~(~i_a | rst); if (rst) last <= none; end\n"
        "assign o_p = {one ^ last ^ none, twin};",
        "reg none = 0, one = 0, twin = 0, last = 0;",
    )
    right = clocked(
        "always @(posedge clk) one <= i_a & ~rst;\nassign o_p = {one, one};", "reg one = 0;"
    )
    proof = compared(left, right)
    assert proof.proven, proof
    assert proof.registers == 4
    # A guess that is wrong proves nothing: from a start at 1 it is not always 0.
    left = clocked(
        "always @(posedge clk) begin none <= none & i_a; one <= i_a & ~rst;\n"
        "twin <= ~(~i_a | rst); end\nassign o_p = {one ^ none, twin};",
        "reg none = 1, one = 0, twin = 0;",
    )
    assert compared(left, right).verdict == REFUTED


LATER = "always @(posedge clk) begin two <= ~rst; one <= two | ~two; if (i_a) last <= one; end\n"


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (LATER + "assign o_p = last;", PROVEN),
        # Read before its first clock, or clocked later than it is read.
        (LATER + "assign o_p = last | ~one;", REFUTED),
        (LATER.replace("one <=", "if (i_a) one <=") + "assign o_p = last;", REFUTED),
    ],
)
def test_a_register_may_take_its_constant_with_the_first_clock(body, verdict):
    """Nobody reads ``one`` in the first cycle: ``last`` would hold it only if it were offered."""
    left = clocked(body.replace("i_a)", "i_a & two)"), "reg one = 0, two = 0, last = 0;")
    right = clocked(
        "wire one = 1; always @(posedge clk) begin two <= ~rst; if (i_a & two) last <= one; end\n"
        "assign o_p = last;",
        "reg two = 0, last = 0;",
    )
    proof = compared(left, right)
    assert proof.verdict == verdict, proof
    assert proof.proven == (verdict == PROVEN)
    if proof.proven:
        assert proof.method.endswith("; 1 of them correspond from the end of the first cycle on")


def test_a_register_that_is_a_function_of_inputs_is_no_match():
    left = clocked(
        "always @(posedge clk) one <= i_a;\nassign o_p = {one & i_a, one};", "reg one = 0;"
    )
    right = clocked("wire one = i_a; assign o_p = {one & rst, one};")
    proof = compared(left, right)
    assert proof.verdict in (REFUTED, UNDECIDED)
    assert not proof.proven


def test_unknown_values_are_no_excuse():
    left = clocked("assign o_p = {i_a & rst, 1'b0};")
    right = clocked("assign o_p = {i_a & rst, 1'bx};")
    assert compared(left, right).verdict == REFUTED
    # As an operand that does not matter it is one.
    right = clocked("wire free; assign o_p = {i_a & rst, free & 1'b0};")
    assert compared(left, right).proven


def test_another_clock_edge_is_refused():
    left = clocked("always @(posedge clk) one <= i_a;\nassign o_p = one & rst;", "reg one = 0;")
    right = clocked("always @(negedge clk) one <= i_a;\nassign o_p = one & rst;", "reg one = 0;")
    with pytest.raises(NetlistError, match="must have the clock clk"):
        make_miter(left.circuit, right.circuit)


def test_other_ports_are_refused():
    left = side("module unit(input i_a, i_b, output o_p); assign o_p = i_a & i_b; endmodule\n")
    right = side("module unit(input i_a, i_c, output o_p); assign o_p = i_a & i_c; endmodule\n")
    with pytest.raises(NetlistError, match="must have the same inputs"):
        make_miter(left.circuit, right.circuit)


def test_loops_are_refused():
    loop = side(
        "module unit(input i_a, output o_p); wire x, y; assign x = ~(y & i_a); assign y = ~x;"
        " assign o_p = x; endmodule\n"
    )
    with pytest.raises(NetlistError, match="depends on itself"):
        make_miter(loop.circuit, loop.circuit)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ["gates"]}, r"must be of verilog, .*, not 'gates'"),
        ({"kinds": []}, "At least one proof"),
        ({"timeout": 0}, "The time limit must be a positive number of seconds, not 0"),
        ({"against": {"structur": "plain"}}, "structur"),
    ],
)
def test_wrong_requests_are_refused_at_once(monkeypatch, options, message):
    monkeypatch.setenv("YOSYS", "/does/not/exist/yosys")
    with pytest.raises(ValueError, match=message):
        prove(generate("float-multiplier", TINY), **options)
