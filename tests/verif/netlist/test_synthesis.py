"""A unit's netlist as it is read from Yosys, and what is refused."""

import json

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.netlist.gates import Op
from bitwright.verif.netlist.mapped import NetlistError
from bitwright.verif.netlist.synthesis import gate_netlist, read_gates


def written(cells, ports=None, names=None):
    """A module as Yosys writes it."""
    ports = ports or {
        "clk": {"direction": "input", "bits": [2]},
        "i_a": {"direction": "input", "bits": [3, 4]},
        "o_p": {"direction": "output", "bits": [5, "1"]},
    }
    instances = {
        f"cell{k}": {"type": kind, "connections": {pin: [bit] for pin, bit in wires.items()}}
        for k, (kind, wires) in enumerate(cells)
    }
    module = {"ports": ports, "cells": instances, "netnames": names or {}}
    return json.dumps({"creator": "Yosys 0", "modules": {"top": module}})


def test_order_constants_and_registers():
    text = written(
        [
            ("$_AND_", {"A": 7, "B": "1", "Y": 5}),
            ("$_MUX_", {"A": 3, "B": "x", "S": 6, "Y": 7}),
            ("$_DFF_P_", {"C": 2, "D": 7, "Q": 6}),
        ],
        names={"held": {"bits": [3, 6], "attributes": {"init": "1x"}}},
    )
    netlist = read_gates(text, "top")
    assert netlist.inputs == {"i_a": (2, 3)}
    assert netlist.op.tolist() == [Op.MUX, Op.AND]
    assert netlist.operands.tolist() == [[2, 0, 4], [5, 1, 0]]
    assert netlist.driven.tolist() == [5, 6]
    assert netlist.outputs == {"o_p": (6, 1)}
    assert (netlist.state.tolist(), netlist.next_state.tolist()) == ([4], [5])
    assert netlist.initial.tolist() == [True]
    assert (netlist.gates, netlist.registers, netlist.nets) == (2, 1, 7)
    assert netlist.counts() == {"AND": 1, "MUX": 1}


def test_wires_alone():
    ports = {
        "i_a": {"direction": "input", "bits": [3, 4]},
        "o_ready": {"direction": "input", "bits": [5]},
        "i_ready": {"direction": "output", "bits": [5]},
        "o_p": {"direction": "output", "bits": [4, 3, "0"]},
    }
    assert read_gates(written([], ports), "top").wires == 2
    ports["o_p"]["bits"] = ["0", "0", "1"]
    with pytest.raises(NetlistError, match="must have at least one gate, and it has none"):
        read_gates(written([], ports), "top")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cut short: is the disk full"),
        ('{"modules": {}}', "must hold the module 'top', and it does not"),
        (written([("$_AND_", {}), ("SB_LUT4", {}), ("$_DLATCH_P_", {})]), r"has \$_DLATCH_P_, SB_"),
        (
            written(
                [
                    ("$_NOT_", {"A": 6, "Y": 5}),
                    ("$_NOT_", {"A": 5, "Y": 6}),
                ]
            ),
            "must have no loop of gates",
        ),
        (written([("$_NOT_", {"A": 99, "Y": 5})]), "has a net that nothing drives"),
    ],
)
def test_what_is_no_netlist_is_refused(text, words):
    with pytest.raises(NetlistError, match=words):
        read_gates(text, "top")


def test_a_unit(tmp_path, monkeypatch):
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path))
    made = generate("integer-multiplier", {"a": "int4", "b": "uint3", "stages": "1"})
    netlist = gate_netlist(made)
    assert set(netlist.inputs) == {"rst", "i_a", "i_b", "i_valid", "o_ready"}
    assert set(netlist.outputs) == {"i_ready", "o_valid", "o_p"}
    assert len(netlist.outputs["o_p"]) == 7
    assert netlist.gates > 20
    assert netlist.registers >= 8
    # Made once: the second time a Yosys that fails is not even asked.
    (kept,) = (tmp_path / "netlists").iterdir()
    monkeypatch.setattr("bitwright.gen.yosys.run", lambda *_: pytest.fail("made twice"))
    again = gate_netlist(made)
    assert np.array_equal(again.operands, netlist.operands)
    assert kept.stat().st_size > 1000
    # One that is spoilt is made anew.
    kept.write_text("{")
    monkeypatch.undo()
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path))
    assert gate_netlist(made).gates == netlist.gates
    assert kept.stat().st_size > 1000
