"""An input is taken or not whatever its fields hold while nothing is offered."""

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.netlist import Evaluator, gate_netlist
from bitwright.verif.netlist.bits import bits_of, planes_from
from bitwright.verif.regression import REGRESSION, case_name

VECTORS = 4096


# Where data decide how long a beat takes, and so when it is taken.
VARYING = {
    "digit-serial-mac": {},
    "mac-array": {"element": "digit_serial"},
    "bitmod-pe": {"b": "all"},
}
CASES = [
    (unit, texts)
    for unit, texts in REGRESSION
    if unit in VARYING and VARYING[unit].items() <= texts.items()
]


def ready_differs(netlist, *, valid):
    """Whether ``i_ready`` ever differs between two beats, other things being equal: any state."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, (len(netlist.input_nets) + netlist.registers, VECTORS), np.uint8)
    rows[netlist.rows("i_valid")], rows[netlist.rows("rst")] = valid, 0
    others = rows.copy()
    for port in netlist.inputs:
        if port.startswith("i_") and port != "i_valid":
            where = netlist.rows(port)
            others[where] = rng.integers(0, 2, others[where].shape, np.uint8)
    evaluator = Evaluator(netlist)
    ready = [
        bits_of(evaluator(planes_from(side)), VECTORS)[netlist.rows("i_ready")]
        for side in (rows, others)
    ]
    return not np.array_equal(*ready)


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_ready_does_not_depend_on_what_is_not_offered(case):
    made = generate(*case)
    assert not made.unit.fixed_interval
    netlist = gate_netlist(made)
    assert not ready_differs(netlist, valid=0)


def test_ready_depends_on_what_is_offered():
    """The comparison sees a difference where there is one: digits of 0 take no cycle."""
    netlist = gate_netlist(generate("digit-serial-mac", {"a": "int4", "b": "int4", "group": "2"}))
    assert ready_differs(netlist, valid=1)
