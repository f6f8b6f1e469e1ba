"""Tables of signed sums: every entry by its definition, with as few adders as are claimed."""

import re
from fractions import Fraction

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.hdl.table.lut_table import LutTable
from bitwright.hdl.table.table_shape import Contents
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

UNIT = "lut-table"


def weights_of(contents, entry, group):
    """The coefficients of one entry, from the unit's documentation."""
    if contents == "signed":
        return [1 if k == group - 1 or entry >> k & 1 else -1 for k in range(group)]
    if contents == "subset":
        return [(entry + 1) >> k & 1 for k in range(group)]
    rest, found = entry + 1, []
    for _ in range(group):
        digit = (rest + 1) % 3 - 1
        found.append(digit)
        rest = (rest - digit) // 3
    assert rest == 0
    return found


def numbers(format, codes):
    """Exact values, 0 for what is no number."""
    decoded = format.decode(codes)
    bad = decoded.nan | decoded.infinite
    pairs = zip(codes, bad, strict=True)
    return [Fraction(0) if b else format.to_fraction(int(code)) for code, b in pairs]


@pytest.mark.parametrize(
    ("a", "group", "contents"),
    [
        ("int8", 4, "signed"),
        ("uint4", 3, "signed"),
        ("int5n", 1, "signed"),
        ("e4m3fn", 2, "signed"),
        ("int8", 3, "subset"),
        ("int8", 3, "ternary"),
        ("e3m2fn", 2, "ternary"),
    ],
)
def test_entries(a, group, contents):
    texts = {"a": a, "group": str(group), "lanes": str(2 * group), "contents": contents}
    made = generate(UNIT, texts)
    format, shape = made.unit.parameters.a, made.unit.table_shape
    inputs, _ = stimuli(made.unit, 60, seed=3)
    got, _ = run_on(made, inputs, 60, simulator="icarus")
    model = golden(UNIT, made.unit, inputs)
    for t in range(60):
        exact = numbers(format, inputs["a"][t])
        want = []
        for g in range(2):
            part = exact[g * group : (g + 1) * group]
            for e in range(shape.entries):
                weights = weights_of(contents, e, group)
                want.append(sum(w * x for w, x in zip(weights, part, strict=True)))
        stored = shape.entry_format.integers(got["table"][t]).tolist()
        unit = Fraction(2) ** format.lsb_exponent
        if contents == "signed":
            odd = got["odd"][t].tolist()
            found = [unit * (2 * n + odd[i // shape.entries]) for i, n in enumerate(stored)]
        else:
            found = [unit * n for n in stored]
        assert found == want
        assert stored == model["table"][t].tolist()


@pytest.mark.parametrize(
    ("lanes", "group", "contents"), [(4, 4, "signed"), (4, 2, "signed"), (3, 3, "ternary")]
)
def test_int8_entries(lanes, group, contents):
    """Python's own round() is to nearest, ties to even."""
    texts = {"lanes": str(lanes), "group": str(group), "contents": contents, "quantized": "true"}
    made = generate(UNIT, texts)
    inputs, _ = stimuli(made.unit, 80, seed=4)
    # Nothing at all; and entries halfway between codes, one to be rounded up and one down.
    edges = [(0, 0, 0, 0), (1, 1, 1, 1), (1, 1, 0, 1), (1, 1, 0, 0), (127, 127, 1, 0)]
    edges += [(-128, 126, 127, 127), (127, 126, 1, 0)]
    inputs["a"][: len(edges)] = np.array(edges)[:, :lanes] & 255
    got, _ = run_on(made, inputs, 80, simulator="icarus")
    ties = set()
    for t in range(80):
        a = [int(np.int8(c)) for c in inputs["a"][t].astype(np.uint8)]
        groups = [a[k : k + group] for k in range(0, lanes, group)]
        scale = max(sum(map(abs, part)) for part in groups)
        assert got["scale"][t].tolist() == [scale]
        total = made.unit.table_shape.sum_format(len(groups))
        assert total.integers(got["total"][t]).tolist() == [sum(a)]
        want = []
        for part in groups:
            for e in range(made.unit.table_shape.entries):
                weights = weights_of(contents, e, group)
                entry = sum(w * x for w, x in zip(weights, part, strict=True))
                quotient = Fraction(127 * entry, scale) if scale else Fraction(0)
                if quotient.denominator == 2:
                    ties.add(round(quotient) > quotient)
                want.append(round(quotient))
        assert got["table"][t].astype(np.uint8).astype(np.int8).tolist() == want
    assert ties == {True, False}  # else the rounding of ties would be untested


@pytest.mark.parametrize(("contents", "group", "adders"), [("signed", 4, 12), ("subset", 4, 11)])
def test_entries_share_their_parts(contents, group, adders):
    """12 adders for 8 signed entries, where one by one they take 24; 11 for 15 subsets, not 17."""
    verilog = generate(UNIT, {"contents": contents, "group": str(group)}).verilog
    half_sums = re.findall(r"wire \[\d+:0\] (a_group0_\w+_p0) =", verilog)
    assert len(half_sums) == len(set(half_sums)) == adders


@pytest.mark.parametrize(
    ("a", "contents", "width"),
    [
        # Fixed plus: -128 - 128 - 128 + -128 is -512, whose half takes 9 bits. 512 does not occur.
        ("int8", Contents.SIGNED, 9),
        ("int8", Contents.SUBSET, 10),
        ("int8n", Contents.SIGNED, 9),
        ("uint8", Contents.SIGNED, 10),
        ("fp16", Contents.SIGNED, 42),
        ("e4m3fn", Contents.SIGNED, 20),
    ],
)
def test_entry_widths(a, contents, width):
    unit = LutTable(a=parse_format(a), contents=contents, group=4)
    assert unit.table_shape.entry_format.width == width


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 7}, "The number of lanes must be a multiple of the group size 2, not 7"),
        ({"group": 7, "lanes": 7}, "The group size must be an integer from 1 to 6, not 7"),
        (
            {"a": parse_format("bf16")},
            "The activations must take at most 64 bits in fixed point, as fp16 does, not 262 as "
            "'bf16' does",
        ),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        LutTable(**arguments)
