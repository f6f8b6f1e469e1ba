"""Sums that fill a wide accumulator, whose cycles the golden model alone foretells."""

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.mutation import campaign, long_trace
from bitwright.verif.mutation.vectors import UnsoundError
from bitwright.verif.netlist import gate_netlist
from bitwright.verif.netlist.faulty_machines import Machines, Trace, machine_faults, with_buffers

TEXTS = {"a": "int4", "b": "int4", "width": "18", "accumulation": "plain"}


@pytest.fixture(scope="module")
def case():
    made = generate("carry-save-mac", TEXTS)
    netlist = with_buffers(gate_netlist(made))
    trace = long_trace.long_trace(made, netlist)
    assert trace is not None
    return made, netlist, trace


def test_sums_reach_the_top_and_the_sound_netlist_agrees(case):
    _, netlist, trace = case
    given = trace.outputs[:, netlist.rows("o_valid").start] == 1
    bits = trace.outputs[given][:, netlist.rows("o_p")]
    top = bits @ (1 << np.arange(18))
    assert np.count_nonzero((top > 0xF000) & (top < 0x31000)) > 2
    assert len(trace) <= long_trace.MOST_BEATS
    faults = [f for f in machine_faults(netlist) if f.gate < netlist.registers]
    assert np.count_nonzero(Machines(netlist, faults).run(trace) < 0) == 0


def test_a_netlist_that_leaves_the_golden_model_has_no_mutants(case):
    made, netlist, trace = case
    outputs = trace.outputs.copy()
    outputs[1, netlist.rows("i_ready")] ^= 1
    wrong = Trace(trace.inputs, outputs, trace.watched)
    with pytest.raises(UnsoundError, match="before its mutants can be judged"):
        campaign._shown(made, netlist, machine_faults(netlist), wrong, None)


def test_short_accumulators_need_none():
    made = generate("carry-save-mac", {"beats": "64"})
    assert long_trace.long_trace(made, with_buffers(gate_netlist(made))) is None
