"""Faulty machines side by side, against one netlist with the fault in it at a time."""

import random

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.mutation.streams import streams
from bitwright.verif.netlist import Evaluator, all_faults, gate_netlist, with_fault
from bitwright.verif.netlist.faults import OUTPUT
from bitwright.verif.netlist.faulty_machines import Machines, Trace, machine_faults, with_buffers
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden

SEED = 20261120
UNITS = {
    "pipeline": ("float-multiplier", {"a": "e2m1fn", "b": "e2m1fn", "o": "e4m3fn", "stages": "2"}),
    "sum": ("dot-product", {"a": "int3", "b": "int3", "lanes": "2", "o": "exact", "beats": "3"}),
}


@pytest.fixture(scope="module", params=UNITS)
def case(request):
    name, texts = UNITS[request.param]
    made = generate(name, texts)
    netlist = with_buffers(gate_netlist(made))
    inputs, _ = stimuli(made.unit, 96, seed=SEED)
    want = golden(name, made.unit, inputs)
    trace, cycles = streams(made, netlist, inputs, want, seed=SEED)
    return netlist, trace, cycles


def one_by_one(netlist, fault, trace):
    """The first row at which the netlist with the fault leaves the trace, cycle after cycle."""
    spoilt = with_fault(netlist, fault)
    evaluate = Evaluator(spoilt, "numpy")
    outs = len(netlist.output_nets)
    state = spoilt.initial.astype(np.uint64)
    for row in range(len(trace)):
        bits = np.concatenate([trace.inputs[row].astype(np.uint64), state])
        out = evaluate(bits[:, None])[:, 0] & np.uint64(1)
        if np.any((out[:outs] != trace.outputs[row]) & (trace.watched[row] == 1)):
            return row
        state = out[outs:]
    return -1


def test_each_fault_is_seen_where_it_alone_would_be(case):
    netlist, trace, cycles = case
    trace = trace[: 6 * cycles]
    faults = random.Random(SEED).sample(machine_faults(netlist), 70)
    first = Machines(netlist, faults).run(trace)
    want = [one_by_one(netlist, fault, trace) for fault in faults]
    assert first.tolist() == want, f"seed {SEED}"
    assert max(want) >= 0


def test_both_back_ends_agree(case):
    netlist, trace, cycles = case
    faults = machine_faults(netlist)
    machines = [Machines(netlist, faults, backend) for backend in ("c", "numpy")]
    assert [m.backend for m in machines] == ["c", "numpy"]
    for rows in (slice(0, cycles), slice(cycles, 3 * cycles)):
        found = [m.run(trace[rows]) for m in machines]
        assert found[0].tolist() == found[1].tolist()
        for m in machines:
            m.drop(found[0] >= 0)
        assert machines[0].alive.tolist() == machines[1].alive.tolist()


def test_dropping_changes_nothing_for_the_others(case):
    netlist, trace, cycles = case
    faults = machine_faults(netlist)
    whole = Machines(netlist, faults).run(trace)
    machines = Machines(netlist, faults)
    first = np.full(len(faults), -1)
    for at in range(0, len(trace), cycles):
        found = machines.run(trace[at : at + cycles])
        first[machines.alive[found >= 0]] = found[found >= 0] + at
        machines.drop(found >= 0)
    assert first.tolist() == whole.tolist()


def test_a_trace_that_the_sound_netlist_leaves_is_refused(case):
    netlist, trace, _ = case
    row, bit = np.argwhere(trace.watched)[20]
    outputs = trace.outputs.copy()
    outputs[row, bit] ^= 1
    with pytest.raises(RuntimeError, match=f"leaves its trace in row {row}"):
        Machines(netlist, []).run(Trace(trace.inputs, outputs, trace.watched))


def test_buffers_stand_for_the_registers(case):
    netlist, _, _ = case
    faults = machine_faults(netlist)
    ours = [f for f in faults if f.gate < netlist.registers]
    assert len(ours) == 3 * netlist.registers
    assert all(f.pin == OUTPUT for f in ours)
    assert set(faults) < set(all_faults(netlist))
