"""Faults in random netlists, against gates evaluated one bit at a time."""

import numpy as np
import pytest
from random_netlists import random_netlist, scalar

from bitwright.verif.netlist.evaluate import Evaluator
from bitwright.verif.netlist.faults import Fault, Kind, all_faults, all_seen, first_seen, with_fault
from bitwright.verif.netlist.kernel import find_kernel
from bitwright.verif.netlist.planes import all_planes, lane_mask

HAS_C = find_kernel()[0] is not None
BACKENDS = ["numpy", pytest.param("c", marks=pytest.mark.skipif(not HAS_C, reason="no compiler"))]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_reveals_a_fault(rng, backend):
    netlist = random_netlist(rng, gates=25)
    bits = len(netlist.input_nets) + netlist.registers
    rows, mask = all_planes(bits), lane_mask(1 << bits)
    faults = all_faults(netlist)
    seen = all_seen(netlist, faults, rows, mask, backend=backend)
    first = first_seen(netlist, faults, rows, mask, backend=backend)
    watched = [*netlist.output_nets, *netlist.next_state]
    for vector in range(0, 1 << bits, 61):
        inputs = [vector >> k & 1 for k in range(bits)]
        sound = scalar(netlist, inputs)
        for fault, row in zip(faults, seen, strict=True):
            bad = scalar(netlist, inputs, fault)
            differs = any(bad[n] != sound[n] for n in watched)
            assert int(row[vector // 64]) >> vector % 64 & 1 == differs, fault
    unpacked = np.unpackbits(seen.view(np.uint8), axis=1, bitorder="little")
    want = np.where(unpacked.any(axis=1), unpacked.argmax(axis=1), -1)
    assert (first == want).all()
    assert (first >= 0).any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_words(rng, backend):
    """A fault that is seen late; and vectors that do not count."""
    netlist = random_netlist(rng)
    faults = all_faults(netlist)
    rows = rng.integers(0, 1 << 63, (9, 300)).astype(np.uint64)
    rows[:, :200] = 0
    mask = np.full(300, ~np.uint64(0))
    mask[:250] = 0
    found = first_seen(netlist, faults, rows, mask, backend=backend)
    assert found.max() >= 250 * 64
    assert not ((found >= 0) & (found < 250 * 64)).any()
    seen = all_seen(netlist, faults, rows, mask, backend=backend)
    assert ((seen != 0).any(axis=1) == (found >= 0)).all()
    for fault, row in zip(faults[::5], seen[::5], strict=True):
        changed = Evaluator(with_fault(netlist, fault), "numpy")(rows)
        differ = changed ^ Evaluator(netlist, "numpy")(rows)
        assert (np.bitwise_or.reduce(differ, axis=0) & mask == row).all(), fault


def test_only_observed_nets_count(rng):
    netlist = random_netlist(rng)
    rows, mask = all_planes(9), lane_mask(512)
    fault = Fault(0, -1, Kind.INVERTED)
    nowhere = first_seen(netlist, [fault], rows, mask, observed=np.array([0]), backend="numpy")
    assert nowhere.tolist() == [-1]
    itself = first_seen(netlist, [fault], rows, mask, observed=netlist.driven[:1], backend="numpy")
    assert itself.tolist() == [0]


def test_places_that_do_not_exist_are_refused(rng):
    netlist = random_netlist(rng)
    with pytest.raises(ValueError, match=r"^The fault's gate must be one of 0 to 39, not 40$"):
        with_fault(netlist, Fault(40, -1, Kind.INVERTED))
    with pytest.raises(ValueError, match=r"^The fault's pin must be from -1 to 0, not 1$"):
        with_fault(netlist, Fault(0, 1, Kind.INVERTED))
