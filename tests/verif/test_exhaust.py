"""Every small configuration of the regression on all of its inputs; and what must be found."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif import exhaust as module
from bitwright.verif import reference_netlist
from bitwright.verif.every_input import Sequence, input_bits, sequences
from bitwright.verif.exhaust import exhaust
from bitwright.verif.netlist.faults import Fault, Kind, all_faults, with_fault
from bitwright.verif.netlist.machine import NoAnswerError
from bitwright.verif.netlist.respond import remembers
from bitwright.verif.netlist.synthesis import gate_netlist
from bitwright.verif.regression import REGRESSION, case_name

MOST_BITS = 20  # of operands; sums over beats are tried up to 16 bits together

UNITS = list(dict.fromkeys(unit for unit, _ in REGRESSION))
#: So many configurations of these are small enough, at least.
SMALL = {"float-multiplier": 30, "integer-multiplier": 6, "lmul-multiplier": 5, "mac-array": 3}


@pytest.mark.parametrize("unit", UNITS)
def test_all_inputs(unit):
    tried = 0
    for case in REGRESSION:
        if case[0] != unit:
            continue
        made = generate(*case)
        bits = input_bits(made.unit) * made.unit.beats_together
        if bits > MOST_BITS or remembers(made.unit):
            continue
        result = exhaust(made, most_bits=max(bits, 16))
        assert result.passed, f"{case_name(case)}: {[asdict(e) for e in result.examples]}"
        assert result.vectors + result.illegal >= 1 << bits
        tried += 1
    assert tried >= SMALL.get(unit, 0)


def test_what_is_said():
    result = exhaust(generate("float-multiplier", {"a": "e2m1fn", "b": "e2m1fn", "o": "e2m1fn"}))
    assert (result.bits, result.vectors, result.illegal, result.results) == (8, 256, 0, 256)
    assert result.stimuli == "all 256 inputs"
    assert result.reference == "the golden model"
    assert result.how == "combinational"
    assert result.netlist["gates"] == sum(result.netlist["operations"].values()) > 20
    assert result.netlist["registers"] == 0
    assert result.command == (
        "bitwright exhaust float-multiplier -p a=e2m1fn -p b=e2m1fn -p o=e2m1fn --most-bits 20"
    )
    assert result.as_json()["passed"] is True


def test_illegal_codes_are_left_out_and_counted():
    made = generate("integer-multiplier", {"a": "int4n", "b": "int3n"})
    result = exhaust(made)
    assert (result.vectors, result.illegal) == (15 * 7, 128 - 15 * 7)
    assert result.passed


SUM = ("dot-product", {"a": "int2", "b": "uint2", "lanes": "1", "beats": "3", "o": "exact"})


def test_sums_alone_together_and_one_after_the_other():
    result = exhaust(generate(*SUM), most_bits=12)
    assert result.stimuli == (
        "all 16 inputs; all 4,096 inputs of 3 beats together; all 256 pairs of sums of one beat"
    )
    assert result.vectors == 16 + 4096 + 256
    assert result.results == 16 + 4096 + 2 * 256
    assert result.passed
    short = exhaust(generate(*SUM), most_bits=11)
    assert [s.beats for s in sequences(generate(*SUM).unit, 11)] == [1, 2, 2]
    assert short.vectors == 16 + 256 + 256


def test_a_sum_that_does_not_begin_anew_is_found():
    made = generate(*SUM)
    netlist = gate_netlist(made)
    first = netlist.inputs["i_first"][0]
    operands = np.where(netlist.operands == first, 0, netlist.operands).astype(np.int32)
    deaf = replace(netlist, operands=operands)
    assert not exhaust(made, most_bits=8, netlist=deaf).passed


def test_inputs_by_their_number():
    """Codes and planes of the same numbers are the same inputs."""
    unit = generate("packed-multiplier", {"a": "int4n", "b": "uint3"}).unit
    (sequence,) = sequences(unit, 11)
    codes = sequence.codes(np.array([0b101_1000_0011, 0b001_0001_0010]))
    assert codes["a"].ravel().tolist()[0] == 3
    planes = sequence.planes(0, 1 << 11)
    legal = np.unpackbits(sequence.legal(planes).view(np.uint8), bitorder="little")
    index = np.arange(1 << 11)
    narrow = (index & 15 != 8) & (index >> 4 & 15 != 8)
    assert (legal == narrow).all()


def test_many_parts_are_one(monkeypatch):
    monkeypatch.setattr(module, "_GOLDEN_CHUNK", 1 << 8)
    made = generate("integer-multiplier", {"a": "int6", "b": "int5"})
    done = []
    result = exhaust(made, progress=lambda now, total: done.append((now, total)))
    assert result.passed
    assert result.vectors == 1 << 11
    assert done == [(256 * k, 2048) for k in range(1, 9)]


@pytest.fixture(scope="module")
def small():
    made = generate("integer-multiplier", {"a": "int3", "b": "int4", "stages": "1"})
    return made, gate_netlist(made)


def test_planted_faults_are_found(small):
    """Every inverted gate, but those that only matter while the output stalls."""
    made, netlist = small
    missed = []
    for fault in all_faults(netlist):
        if fault.pin == -1 and fault.kind is Kind.INVERTED:
            try:
                if exhaust(made, netlist=with_fault(netlist, fault)).passed:
                    missed.append(fault)
            except NoAnswerError:
                continue
    assert len(missed) <= netlist.gates // 20


def test_one_wrong_answer_is_found_and_shown(monkeypatch, small):
    made, netlist = small
    right = module.golden

    def wrong(name, unit, inputs):
        want = right(name, unit, inputs)
        at = (inputs["a"] == 5) & (inputs["b"] == 9)
        return {"p": want["p"] ^ at.astype(want["p"].dtype)}

    monkeypatch.setattr(module, "golden", wrong)
    result = exhaust(made, netlist=netlist)
    assert not result.passed
    assert result.mismatches == 1
    (shown,) = result.examples
    assert shown.transaction == 5 + (9 << 3)
    assert shown.inputs == {"a": "0x5 = -3", "b": "0x9 = -7"}
    assert (shown.got, shown.want) == ({"p": "0x15 = 21"}, {"p": "0x14 = 20"})


class TestReference:
    """A second netlist in the golden model's place."""

    CASE = ("integer-multiplier", {"a": "int6", "b": "int5", "stages": "1"})

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        monkeypatch.setattr(module, "GOLDEN_BITS", 10)
        monkeypatch.setattr(module, "_NETLIST_CHUNK", 1 << 9)

    def test_it_is_another_netlist(self):
        made = generate(*self.CASE)
        result = exhaust(made)
        assert result.passed
        assert result.vectors == 1 << 11
        assert "other gates (structure=" in result.reference
        assert "stages=0), which agrees with the golden model on 2,048 vectors" in result.reference
        assert result.how.startswith("2 cycles of ")

    def test_a_fault_is_found(self):
        made = generate(*self.CASE)
        netlist = gate_netlist(made)
        late = Fault(netlist.gates // 2, -1, Kind.INVERTED)
        result = exhaust(made, netlist=with_fault(netlist, late))
        assert not result.passed
        assert result.examples[0].got != result.examples[0].want

    def test_one_that_golden_contradicts_is_none(self, monkeypatch):
        made = generate(*self.CASE)
        right = reference_netlist.golden
        monkeypatch.setattr(
            reference_netlist, "golden", lambda *given: {"p": right(*given)["p"] + 1}
        )
        assert exhaust(made).reference == "the golden model"


def test_what_cannot_be_tried_is_refused():
    with pytest.raises(ValueError, match=r"^The inputs must have at most 20 bits .*, not 32$"):
        exhaust(generate("float-multiplier", {"a": "fp16", "b": "fp16"}))
    with pytest.raises(ValueError, match=r", not 168 in 21 beats together$"):
        exhaust(generate("unpacker", {"o": "int7", "lanes": "3", "width": "8"}))
    with pytest.raises(ValueError, match=r"^The most bits must be from 1 to 32, not 33$"):
        exhaust(generate("float-multiplier", {}), most_bits=33)


def test_an_empty_result_is_not_passed():
    result = exhaust(generate("integer-multiplier", {"a": "int2", "b": "int2"}))
    nothing = {"gates": 0, "registers": 0, "wires": 0}
    assert not replace(result, netlist=nothing).passed
    assert not replace(result, results=0).passed
    assert Sequence(generate(*SUM).unit, 1, (0,)).bits == 4
