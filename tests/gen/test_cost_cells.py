"""The cells against published logical efforts, their functions, and their Liberty text."""

import itertools
import re

import pytest

from bitwright.gen.cost.cells import CELLS, FLIP_FLOPS, FO4
from bitwright.gen.cost.liberty_text import liberty_digest, liberty_text
from bitwright.gen.cost.stages import Stage, parse

# Sutherland, Sproull and Harris, tables 4.1 and 4.2 and section 4.4, at gamma = 2.
PUBLISHED = {
    "A": ({"A": 1}, 1),
    "A*B": ({"A": 4 / 3, "B": 4 / 3}, 2),
    "A*B*C": ({"A": 5 / 3, "B": 5 / 3, "C": 5 / 3}, 3),
    "A*B*C*D": (dict.fromkeys("ABCD", 2), 4),
    "A+B": ({"A": 5 / 3, "B": 5 / 3}, 2),
    "A+B+C": (dict.fromkeys("ABC", 7 / 3), 3),
    "A+B+C+D": (dict.fromkeys("ABCD", 3), 4),
    "A*B+C": ({"A": 2, "B": 2, "C": 5 / 3}, 7 / 3),
    "A*B+C*D": (dict.fromkeys("ABCD", 2), 4),
}

FUNCTIONS = {
    "INV": lambda a: not a,
    "BUF": lambda a: a,
    "NAND3": lambda a, b, c: not (a and b and c),
    "NOR4": lambda a, b, c, d: not (a or b or c or d),
    "NAND2B": lambda a, b: not (not a and b),
    "NOR2B": lambda a, b: not (not a or b),
    "AOI22": lambda a, b, c, d: not ((a and b) or (c and d)),
    "OAI31": lambda a, b, c, d: not ((a or b or c) and d),
    "OAI211": lambda a, b, c, d: not ((a or b) and c and d),
    "MUX2": lambda a, b, s: b if s else a,
    "MUX2I": lambda a, b, s: not (b if s else a),
    "XOR2": lambda a, b: a != b,
    "XNOR2": lambda a, b: a == b,
}


@pytest.mark.parametrize("network", PUBLISHED)
def test_published_efforts_and_parasitics(network):
    efforts, parasitic = PUBLISHED[network]
    stage = Stage(parse(network))
    assert stage.efforts == pytest.approx(efforts)
    assert stage.parasitic == pytest.approx(parasitic)


@pytest.mark.parametrize("text", ["", "A*", "(A+B", "A B", "!A", "A)"])
def test_networks_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match=r"^The network must "):
        parse(text)


@pytest.mark.parametrize("family", FUNCTIONS)
def test_functions(family):
    cell = CELLS[f"{family}_X1"]
    code = re.sub(r"\b([A-Z])\b", r"{\1}", cell.function).replace("!", "~")
    code = code.replace("*", "&").replace("+", "|")
    for values in itertools.product((0, 1), repeat=len(cell.pins)):
        got = eval(code.format(**dict(zip(cell.pins, values, strict=True))))
        assert got & 1 == bool(FUNCTIONS[family](*values)), values


def test_an_inverter_driving_four_takes_one_fo4():
    inverter = CELLS["INV_X1"]
    delay = inverter.intrinsic["A"] + inverter.resistance * 4 * inverter.pins["A"]
    assert delay == pytest.approx(FO4)


def test_area_is_gate_columns_over_those_of_nand2():
    areas = {name: round(3 * CELLS[f"{name}_X1"].area) for name in ("INV", "NAND2", "XOR2", "MUX2")}
    assert areas == {"INV": 2, "NAND2": 3, "XOR2": 6, "MUX2": 7}
    assert round(3 * FLIP_FLOPS["DFF_X1"].area) == 17
    assert CELLS["NAND2_X1"].area == 1


def test_delays_of_a_cell_of_two_stages_add_up():
    # NOR2 into the third pin of AOI21: 2 + 5/3 * 5/6, then 7/3.
    assert CELLS["XOR2_X1"].intrinsic["A"] == pytest.approx(2 + 25 / 18 + 7 / 3)
    assert CELLS["XOR2_X1"].pins["A"] == pytest.approx(2)


@pytest.mark.parametrize("family", ["INV", "NAND2", "XOR2", "BUF"])
def test_a_stronger_cell_is_larger_and_drives_more(family):
    weak, strong = CELLS[f"{family}_X1"], CELLS[f"{family}_X2"]
    assert strong.area > weak.area
    assert strong.resistance == pytest.approx(weak.resistance / 2)


def test_enable_and_reset_in_the_flip_flop_pay():
    areas = {name: flop.area for name, flop in FLIP_FLOPS.items()}
    assert areas["DFFE_X1"] < areas["DFF_X1"] + CELLS["MUX2_X1"].area
    assert areas["DFFR_X1"] < areas["DFF_X1"] + CELLS["AND2_X1"].area


def test_setup_times_by_hand():
    # Clocked inverter, widths 2 and 4: 2 + 2; master inverter: 1 + 2. A NAND2 of widths 3 and 4
    # there takes 7/3 + 7/3; an enable adds MUX2I from its select: 1 + 1 and 4, loaded by one.
    setups = {name: flop.setup for name, flop in FLIP_FLOPS.items()}
    assert setups["DFF_X1"] == pytest.approx(7)
    assert setups["DFFR_X1"] == pytest.approx(14 / 3 + 3)
    assert setups["DFFE_X1"] == pytest.approx(7 + 1 + 1 + 4 + 2)


def test_liberty_holds_every_cell_and_positive_delays():
    text = liberty_text()
    assert text.count("{") == text.count("}")
    assert re.findall(r"^  cell \((\w+)\)", text, re.M) == [*CELLS, *FLIP_FLOPS]
    delays = re.findall(r"(?:cell|transition)_?\w* \(delay\) \{ values \((.*?)\)", text)
    assert delays
    assert all(float(v) > 0 for row in delays for v in re.findall(r"[\d.]+", row))
    assert len(liberty_digest()) == 12
