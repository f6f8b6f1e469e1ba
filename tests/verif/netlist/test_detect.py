"""Faults that a solver is asked about, against all inputs of random netlists."""

import numpy as np
import pytest
from random_netlists import random_netlist

from bitwright.verif.netlist.clauses import literal
from bitwright.verif.netlist.detect import Detector
from bitwright.verif.netlist.evaluate import Evaluator
from bitwright.verif.netlist.faults import all_faults, first_seen, with_fault
from bitwright.verif.netlist.gates import Op
from bitwright.verif.netlist.planes import all_planes, lane_mask
from bitwright.verif.netlist.solver import ContradictionError, Solver

BITS = 9  # six inputs and three registers


def test_whether_a_fault_can_be_seen(rng):
    """Every kind of gate, on the way to a stem and beyond it."""
    answers = []
    for outputs in (1, 3, 5, 5, 5):
        netlist = random_netlist(rng, outputs=outputs, registers=3)
        faults = all_faults(netlist)
        first = first_seen(netlist, faults, all_planes(BITS), lane_mask(1 << BITS))
        detector = Detector(netlist)
        for fault, vector in zip(faults, first, strict=True):
            answer = detector.ask(fault)
            assert answer.visible == (vector >= 0), fault
            if answer.values is not None:
                planes = answer.values.astype(np.uint64)[:, None]
                assert first_seen(netlist, [fault], planes, np.ones(1, np.uint64)) == [0]
            answers.append((answer.visible, int(netlist.op[fault.gate])))
    assert {op for visible, op in answers if visible} == {int(op) for op in Op}
    assert any(not visible for visible, _ in answers)


def test_what_counts_and_what_must_hold(rng):
    """An output that counts only where another net is 1; and inputs that never are 1 together."""
    for _ in range(3):
        netlist = random_netlist(rng, outputs=2, registers=3)
        (one, other), condition = netlist.outputs["o_p"], int(netlist.driven[20])
        a, b = netlist.input_nets[:2].tolist()
        seen = {one: [[literal(condition)]], other: [[-literal(condition), literal(a)]]}
        detector = Detector(netlist, seen, [[-literal(a), -literal(b)]])
        rows = all_planes(BITS)
        watched = np.array([one, other, condition, a])
        allowed = ~(rows[0] & rows[1])
        sound = Evaluator(netlist, "numpy", watched)(rows)
        for fault in all_faults(netlist):
            changed = Evaluator(with_fault(netlist, fault), "numpy", watched)(rows) ^ sound
            counts = changed[0] & sound[2] | changed[1] & ~sound[2] & sound[3]
            assert detector.ask(fault).visible == bool(np.any(counts & allowed)), fault


def test_values_that_show_nothing_are_refused(rng, monkeypatch):
    netlist = random_netlist(rng)
    faults = all_faults(netlist)
    zeros = np.zeros((BITS, 1), np.uint64)
    first = first_seen(netlist, faults, all_planes(BITS), lane_mask(1 << BITS))
    unseen = first_seen(netlist, faults, zeros, np.ones(1, np.uint64)) < 0
    fault = faults[int(np.flatnonzero((first >= 0) & unseen)[0])]
    monkeypatch.setattr(Solver, "true", lambda self: set())
    with pytest.raises(ContradictionError, match=r"values do not show the fault"):
        Detector(netlist).ask(fault)


def test_a_question_ends_when_its_budget_does():
    """Nine pigeons in eight holes: no solver of this kind sees that at once."""
    with Solver() as solver:
        for hole in range(8):
            pigeons = [pigeon * 8 + hole + 1 for pigeon in range(9)]
            solver.add([-one, -other] for one in pigeons for other in pigeons if one < other)
        solver.add([[pigeon * 8 + hole + 1 for hole in range(8)] for pigeon in range(9)])
        assert solver.solve([], 100) is None
        assert 0 < solver.conflicts < 1000
