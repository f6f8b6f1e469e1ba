"""Netlists of all kinds of units, run from codes to codes, against the golden model."""

from dataclasses import replace

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.compare import differences
from bitwright.verif.netlist import respond
from bitwright.verif.netlist.faults import Fault, Kind, with_fault
from bitwright.verif.netlist.machine import NoAnswerError
from bitwright.verif.netlist.synthesis import gate_netlist
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden

UNITS = {
    "no register": ("float-multiplier", {}),
    "a pipeline": ("float-multiplier", {"stages": "3"}),
    "a sum over beats": (
        "dot-product",
        {"a": "int4", "b": "int4", "lanes": "2", "beats": "20", "o": "exact"},
    ),
    "serial": (
        "bipolar-dot",
        {"a": "uint2", "b": "uint3", "schedule": "serial", "lanes": "3", "beats": "4"},
    ),
    "time that depends on the data": ("digit-serial-mac", {"count": "true", "group": "2"}),
    "beats together": ("hadamard-transform", {"a": "int4", "lanes": "4", "stages": "2"}),
    "more results than beats": ("unpacker", {"o": "int7", "lanes": "3", "width": "8"}),
    "wide fields": ("dot-product", {"a": "int8", "b": "int8", "lanes": "12", "o": "exact"}),
}


@pytest.mark.parametrize("kind", UNITS)
def test_against_the_golden_model(kind):
    made = generate(*UNITS[kind])
    inputs, _ = stimuli(made.unit, 700)
    want = golden(made.name, made.unit, inputs)
    results = len(next(iter(want.values())))
    got = respond(made, gate_netlist(made), inputs, results)
    assert got.lanes > 0
    assert not len(differences(made.unit, got.outputs, want))
    assert (got.cycles == 0) == (kind in ("no register", "wide fields")) == (
        got.how == "combinational"
    )


def test_both_back_ends_alike():
    made = generate(*UNITS["time that depends on the data"])
    inputs, _ = stimuli(made.unit, 300)
    netlist = gate_netlist(made)
    usual, slow = (respond(made, netlist, inputs, backend=b) for b in (None, "numpy"))
    assert (usual.outputs["p"] == slow.outputs["p"]).all()
    assert (usual.cycles, slow.backend) == (slow.cycles, "numpy")


def test_a_netlist_that_does_not_answer():
    made = generate(*UNITS["a pipeline"])
    inputs, _ = stimuli(made.unit, 100)
    netlist = gate_netlist(made)
    with pytest.raises(NoAnswerError, match="does not answer: 100 of 100 transactions have too"):
        respond(made, netlist, inputs, most_cycles=3)
    mute = replace(netlist, outputs={**netlist.outputs, "o_valid": (0,)})
    with pytest.raises(NoAnswerError, match="does not answer"):
        respond(made, mute, inputs)
    late = replace(netlist, outputs={**netlist.outputs, "i_ready": (0,)})
    with pytest.raises(NoAnswerError, match="gives more than 1 results"):
        respond(made, late, inputs)


def test_a_netlist_that_answers_too_much():
    made = generate(*UNITS["a sum over beats"])
    inputs, _ = stimuli(made.unit, 100)
    netlist = gate_netlist(made)
    loud = replace(netlist, outputs={**netlist.outputs, "o_valid": (1,)})
    with pytest.raises(NoAnswerError, match="gives more than 1 results to one transaction"):
        respond(made, loud, inputs)


def test_a_netlist_without_registers_that_is_not_ready():
    made = generate(*UNITS["no register"])
    netlist = gate_netlist(made)
    shut = replace(netlist, outputs={**netlist.outputs, "i_ready": (0,)})
    inputs, _ = stimuli(made.unit, 100)
    with pytest.raises(NoAnswerError, match="does not set i_ready at once"):
        respond(made, shut, inputs)


def test_a_fault_in_a_machine_is_seen():
    made = generate(*UNITS["a sum over beats"])
    inputs, _ = stimuli(made.unit, 400)
    want = golden(made.name, made.unit, inputs)
    netlist = gate_netlist(made)
    seen = 0
    for gate in range(0, netlist.gates, 10):
        broken = with_fault(netlist, Fault(gate, -1, Kind.INVERTED))
        try:
            got = respond(made, broken, inputs, most_cycles=30)
        except NoAnswerError:
            seen += 1
            continue
        seen += bool(len(differences(made.unit, got.outputs, want)))
    assert seen == len(range(0, netlist.gates, 10))


def test_beats_that_are_no_transactions_are_refused():
    made = generate(*UNITS["a sum over beats"])
    netlist = gate_netlist(made)
    inputs, _ = stimuli(made.unit, 100)
    open_end = {**inputs, "last": np.zeros(100, np.int64)}
    with pytest.raises(ValueError, match="must end with the last one of a transaction"):
        respond(made, netlist, open_end)
    with pytest.raises(ValueError, match="The number of results must be a multiple of the"):
        respond(made, netlist, inputs, 1)
    made = generate(*UNITS["beats together"])
    inputs, _ = stimuli(made.unit, 100)
    with pytest.raises(ValueError, match="must be a positive multiple of 4, not 3"):
        respond(made, gate_netlist(made), {k: v[:3] for k, v in inputs.items()})
