"""What is proven of serial units by what surrounds them, against all that a sender may do."""

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.mutation.legal import legal_inputs, seen_outputs
from bitwright.verif.netlist import Evaluator, gate_netlist, with_fault
from bitwright.verif.netlist.bits import bits_of, planes_from
from bitwright.verif.netlist.detect import Detector
from bitwright.verif.netlist.faulty_machines import machine_faults, with_buffers
from bitwright.verif.netlist.pipelines import find_pipelines
from bitwright.verif.netlist.serial_invariants import find_invariants
from bitwright.verif.netlist.serial_monitor import with_monitor

UNITS = {
    "planes": ("bitplane-dot", {"a": "uint3", "b": "uint1", "lanes": "1", "beats": "2",
                                "schedule": "serial"}),
    "digits": ("digit-serial-mac", {"a": "int3", "b": "uint1", "group": "1", "beats": "2"}),
}  # fmt: skip
TRIED = 2


def told_apart(netlist, fault, beats):
    """Whether any sender that keeps its offers, and begins sums as it must, tells a machine with
    the fault from the sound one: all that the three of them come to together is visited."""
    machines = [Evaluator(netlist), Evaluator(with_fault(netlist, fault))]
    bits, outs = len(netlist.input_nets), len(netlist.output_nets)
    rows = (np.arange(1 << bits)[:, None] >> np.arange(bits) & 1).astype(np.uint8)
    reset, valid, first, last = (
        rows[:, netlist.rows(port).start] == 1 for port in ("rst", "i_valid", "i_first", "i_last")
    )
    offer = np.zeros(len(rows), np.int64)
    for port in netlist.inputs:
        if port.startswith("i_"):
            for row in range(*netlist.rows(port).indices(bits)):
                offer = 2 * offer + rows[:, row]
    payload = np.ones(outs, bool)
    for port in ("i_ready", "o_valid"):
        payload[netlist.rows(port)] = False
    # The states of both machines, what is offered still or -1, and how many beats a sum has had.
    start = (netlist.initial.astype(np.uint8).tobytes(), netlist.initial.astype(np.uint8).tobytes())
    seen = {(*start, -1, 0)}
    front = list(seen)
    while front:
        one, other, pending, had = front.pop()
        legal = reset | ((pending < 0) | (offer == pending)) & (
            ~valid | (first == (had == 0)) & (last | (had < beats - 1))
        )
        given = rows[legal]
        found = []
        for machine, state in zip(machines, (one, other), strict=True):
            held = np.repeat(np.frombuffer(state, np.uint8)[None], len(given), axis=0)
            planes = planes_from(np.concatenate([given, held], axis=1).T)
            found.append(bits_of(machine(planes), len(given)).T)
        counts = np.repeat(~reset[legal][:, None], outs, axis=1)
        counts[:, payload] &= found[0][:, [netlist.rows("o_valid").start]] == 1
        if np.any((found[0][:, :outs] != found[1][:, :outs]) & counts):
            return True
        ready = found[0][:, netlist.rows("i_ready").start] == 1
        taken = valid[legal] & ready & ~reset[legal]
        stays = np.where(valid[legal] & ~ready & ~reset[legal], offer[legal], -1)
        now = np.where(taken, np.where(last[legal], 0, had + 1), had) * ~reset[legal]
        new = {
            (a[outs:].tobytes(), b[outs:].tobytes(), int(p), int(n))
            for a, b, p, n in zip(*found, stays, now, strict=True)
        } - seen
        seen |= new
        front += new
        assert len(seen) < 20_000
    return False


@pytest.mark.parametrize("name", UNITS)
def test_no_mutant_of_a_serial_unit_that_is_called_equivalent_can_be_told(name, rng):
    made = generate(*UNITS[name])
    netlist, unit = with_buffers(gate_netlist(made)), made.unit
    given = list(legal_inputs(unit, netlist))
    *_, alone = find_pipelines(netlist, seen_outputs(netlist), given, unit.latency)
    watched = with_monitor(netlist, unit.beats, unit.latency)
    given += watched.given
    kept = find_invariants(watched.netlist, given, watched.guesses)
    seen = seen_outputs(watched.netlist)
    *_, states = find_pipelines(
        watched.netlist, seen, given, unit.latency + unit.interval * unit.beats, kept,
        watched.registers,
    )  # fmt: skip
    before = Detector(netlist, alone.seen, alone.given)
    after = Detector(watched.netlist, states.seen, states.given)
    faults = machine_faults(netlist)
    equivalent = [f for f in faults if after.ask(watched.moved(f)).visible is False]
    assert len(equivalent) > sum(before.ask(f).visible is False for f in faults)
    for number in rng.permutation(len(equivalent))[:TRIED]:
        assert not told_apart(netlist, equivalent[number], unit.beats), equivalent[number]
    assert told_apart(netlist, faults[-1], unit.beats) == (faults[-1] not in equivalent)


def test_a_beat_under_way_is_offered():
    netlist = with_buffers(gate_netlist(generate(*UNITS["planes"])))
    kept = {frozenset(clause) for clause in find_invariants(netlist, [])}
    (valid,), (reset,) = netlist.inputs["i_valid"], netlist.inputs["rst"]
    offered = [c for c in kept if {valid + 1, reset + 1} <= c]
    assert offered
