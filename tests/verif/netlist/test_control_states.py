"""States of control registers: all that a unit comes to are kept, and others are ruled out."""

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.mutation.legal import legal_inputs, seen_outputs
from bitwright.verif.mutation.streams import streams
from bitwright.verif.netlist import Evaluator, gate_netlist
from bitwright.verif.netlist.bits import bits_of, planes_from
from bitwright.verif.netlist.control_states import control_states
from bitwright.verif.netlist.controls import find_controls
from bitwright.verif.netlist.detect import Detector
from bitwright.verif.netlist.faulty_machines import Machines, machine_faults, with_buffers
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden

CASES = {
    "unpacker": {"o": "uint3", "lanes": "1", "width": "5"},
    "packer": {"a": "uint3", "lanes": "1", "width": "5", "stages": "2"},
}


def made(name):
    unit = generate(name, CASES[name])
    return unit, with_buffers(gate_netlist(unit))


def walked(netlist, controls, rng, lanes=256, cycles=64):
    """The states that random inputs lead to, with a reset now and then."""
    state = np.repeat(netlist.initial.astype(np.uint8)[:, None], lanes, axis=1)
    evaluator, found = Evaluator(netlist), set()
    for _ in range(cycles):
        found |= {tuple(row) for row in state[controls].T.astype(bool).tolist()}
        inputs = rng.integers(0, 2, (len(netlist.input_nets), lanes), np.uint8)
        inputs[netlist.rows("rst")] &= rng.random(lanes) < 0.05
        state = bits_of(evaluator(planes_from(np.concatenate([inputs, state]))), lanes)
        state = state[len(netlist.output_nets) :]
    return found


@pytest.mark.parametrize("name", CASES)
def test_states_that_are_left_are_those_that_are_walked(name, rng):
    _, netlist = made(name)
    controls = find_controls(netlist)
    clauses = control_states(netlist, controls)
    numbers = sorted(controls)
    reset = int(netlist.inputs["rst"][0]) + 1
    nets = [int(netlist.state[k]) + 1 for k in numbers]
    ruled_out = set()
    for clause in clauses:
        assert clause[-1] == reset  # whatever a reset finds, it must do its work
        assert [abs(k) for k in clause[:-1]] == nets
        ruled_out.add(tuple(k < 0 for k in clause[:-1]))
    found = walked(netlist, numbers, rng)
    assert clauses
    assert not found & ruled_out
    assert len(found) + len(ruled_out) == 1 << len(numbers)


def test_no_mutant_that_is_equivalent_in_these_states_is_seen():
    unit, netlist = made("unpacker")
    given, seen = list(legal_inputs(unit.unit, netlist)), seen_outputs(netlist)
    states = control_states(netlist, find_controls(netlist), given)
    faults = machine_faults(netlist)
    proven = []
    for clauses in (given, [*given, *states]):
        detector = Detector(netlist, seen, clauses)
        proven.append({f for f in faults if detector.ask(f).visible is False})
    assert proven[0] < proven[1]
    inputs, _ = stimuli(unit.unit, 3000)
    trace, _ = streams(unit, netlist, inputs, golden(unit.name, unit.unit, inputs))
    assert np.all(Machines(netlist, sorted(proven[1])).run(trace) < 0)


def test_many_controls_are_left_alone():
    _, netlist = made("unpacker")
    assert control_states(netlist, dict.fromkeys(range(11), False)) == []
