"""The costed netlist in gates: it computes what the cells do, and weighs what they load."""

import re

import numpy as np
import pytest

from bitwright.gen.cost.cells import CELLS, COMBINATIONAL, FLIP_FLOPS
from bitwright.gen.cost.netlist import Instance, Netlist
from bitwright.verif.energy.activity import Counter
from bitwright.verif.energy.costed import CLOCK, Part, costed
from bitwright.verif.netlist import Evaluator, NetlistError, all_planes


def one_cell(cell, pins):
    """A netlist of a single cell, whose pins are inputs of the same name."""
    bits = {pin: number + 2 for number, pin in enumerate(pins)}
    out = len(pins) + 2
    return Netlist(bits, {"y": out}, (Instance("g", cell, {**bits, "Y": out}),), {})


def said(expression, values):
    """A Liberty expression's value."""
    text = re.sub(r"!", " not ", expression).replace("*", " and ").replace("+", " or ")
    return bool(eval(text, {}, values))  # of the library's own text


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_computes_its_function(name):
    cell = CELLS[name]
    pins = list(cell.pins)
    made = costed(one_cell(name, pins), "unit")
    got = Evaluator(made.netlist, "numpy")(all_planes(len(pins)))[0]
    for vector in range(1 << len(pins)):
        values = {pin: bool(vector >> k & 1) for k, pin in enumerate(pins)}
        assert (int(got[0]) >> vector & 1) == said(cell.function, values)


@pytest.mark.parametrize("name", FLIP_FLOPS)
def test_every_flip_flop_computes_its_next_state(name):
    flop = FLIP_FLOPS[name]
    pins = sorted(flop.pins)
    bits = {pin: number + 2 for number, pin in enumerate([*pins, "C"])}
    instance = Instance("f", name, {**bits, "Q": 9})
    made = costed(Netlist(bits, {"q": 9}, (instance,), {}), "unit")
    assert list(made.netlist.inputs) == pins  # the clock is none of the engine's
    got = Evaluator(made.netlist, "numpy")(all_planes(len(pins) + 1))[1]
    for vector in range(2 << len(pins)):
        values = {pin: bool(vector >> k & 1) for k, pin in enumerate([*pins, "IQ"])}
        assert (int(got[0]) >> vector & 1) == said(flop.next_state, values)


def test_a_netlist_weighed_by_hand():
    """A NAND2 and an inverter: what four vectors one after the other switch."""
    netlist = Netlist(
        {"a": 2, "b": 3},
        {"y": 5},
        (
            Instance("i", "INV_X1", {"A": 4, "Y": 5}),
            Instance("n", "NAND2_X1", {"A": 2, "B": 3, "Y": 4}),
        ),
        {},
    )
    made = costed(netlist, "unit")
    counter = Counter(made.netlist, "numpy")
    # a: 0 1 1 0; b: 1 1 0 0; nand: 1 0 1 1; its inverse: 0 1 0 0.
    for a, b in ((0, 1), (1, 1), (1, 0), (0, 0)):
        rows = np.array([[a], [b]], np.uint64)
        counter(rows, counted=True)
    assert counter.cycles == 3  # steps from one vector to the next
    switched = counter.toggles * made.capacitance
    nand = CELLS["NAND2_X1"].pins
    # a changes twice, b once; the inverter's input twice; the output, with four columns, twice.
    assert switched[made.part == Part.INPUTS].sum() == pytest.approx(2 * nand["A"] + nand["B"])
    assert switched[made.part == Part.LOGIC].sum() == pytest.approx(2 * 1.0 + 2 * 4.0)
    assert switched[made.part == Part.REGISTERS].sum() == 0


def test_what_switches_inside_a_cell_counts():
    """An AND2 is a NAND2 and an inverter, in one cell or in two."""
    made = costed(one_cell("AND2_X1", "AB"), "unit")
    apart = Netlist(
        {"A": 2, "B": 3},
        {"y": 5},
        (
            Instance("n", "NAND2_X1", {"A": 2, "B": 3, "Y": 4}),
            Instance("i", "INV_X1", {"A": 4, "Y": 5}),
        ),
        {},
    )
    assert sorted(made.capacitance) == pytest.approx(sorted(costed(apart, "unit").capacitance))


def test_a_register_weighed_by_hand():
    """Its output: four latch columns, the output inverter, what it drives, and the port's load."""
    bits = {"d": 2, "clk": 3}
    cells = (
        Instance("f", "DFF_X1", {"D": 2, "C": 3, "Q": 4}),
        Instance("i", "INV_X2", {"A": 4, "Y": 5}),
    )
    made = costed(Netlist(bits, {"q": 4, "y": 5}, cells, {}), "unit")
    assert made.capacitance[made.netlist.inputs["d"][0]] == FLIP_FLOPS["DFF_X1"].pins["D"]
    assert made.capacitance[made.netlist.state[0]] == 4 + 1 + CELLS["INV_X2"].pins["A"] + 4
    # The pin, two inverters' loads of three and two columns; up and down.
    assert CLOCK == 2 * (1 + 3 + 2)


def test_the_whole_library_is_weighed():
    """Columns that one can switch are at most those that a cell has gates on."""
    for name, cell in CELLS.items():
        made = costed(one_cell(name, list(cell.pins)), "unit")
        inside = made.capacitance.sum() - 4.0
        assert 0 < inside <= cell.columns - 1 + 1e-9
        assert len(COMBINATIONAL[cell.family][0]) == np.count_nonzero(
            made.capacitance[made.part == Part.LOGIC]
        )


def test_a_loop_and_an_undriven_net_are_refused():
    inverter = Instance("i", "INV_X1", {"A": 2, "Y": 2})
    with pytest.raises(NetlistError, match="no loop"):
        costed(Netlist({}, {"y": 2}, (inverter,), {}), "unit")
    alone = Instance("i", "INV_X1", {"A": 7, "Y": 2})
    with pytest.raises(NetlistError, match="nothing drives"):
        costed(Netlist({}, {"y": 2}, (alone,), {}), "unit")


def test_an_enable_is_a_multiplexer_weighed_by_the_library():
    flop = FLIP_FLOPS["DFFE_X1"]
    bits = {"d": 2, "e": 3, "clk": 4}
    cell = Instance("f", "DFFE_X1", {"D": 2, "E": 3, "C": 4, "Q": 5})
    made = costed(Netlist(bits, {"q": 5}, (cell,), {}), "unit")
    for port, pin in (("d", "D"), ("e", "E")):
        assert made.capacitance[made.netlist.inputs[port][0]] == flop.pins[pin]
    choice = CELLS["MUX2I_X1"]
    assert made.capacitance[made.netlist.state[0]] == 4 + 1 + choice.pins["A"] + 4
    inside = made.capacitance[made.part == Part.LOGIC]
    # The inverse of the enable, and the input of the latch behind the multiplexer.
    assert sorted(inside[inside > 0]) == sorted([choice.loads["n"], 1.0])
