"""Look-ups against plain multiplication, term by term; the papers' identities; what is refused."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.hdl.table.lookup import Coding
from bitwright.hdl.table.lut_dot import LutDot, Schedule
from bitwright.verif.golden.table.weights import remap
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

UNIT = "lut-dot"


def weight(p, code):
    if p.coding == "bipolar":
        return 2 * code - (2**p.b.width - 1)
    return code - (2**p.b.width if p.b.signed and code >> (p.b.width - 1) else 0)


def by_definition(p, inputs):
    """Tiles of exact fractions, or None where an activation is no number."""
    tiles = []
    for t in range(len(inputs["b"])):
        if p.beats == 1 or inputs["first"][t]:
            tiles.append([Fraction(0)] * (p.rows * p.columns))
        for r, c, k in product(range(p.rows), range(p.columns), range(p.lanes)):
            code = int(inputs["a"][t][r * p.lanes + k])
            number = p.a.decode(np.array([code]))
            n = r * p.columns + c
            if number.nan[0] or number.infinite[0] or tiles[-1][n] is None:
                tiles[-1][n] = None
                continue
            w = weight(p, int(inputs["b"][t][c * p.lanes + k]))
            w -= int(inputs["b_zero"][t][c]) if p.zero else 0
            tiles[-1][n] += w * p.a.to_fraction(code)
    return tiles


SMALL = {"columns": "2", "lanes": "4", "group": "2"}
SERIAL = {"schedule": "serial"}
ONE_HOT = {"group": "4", "select": "one-hot"}


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "int8", "b": "int2", "rows": "2"},
        {"a": "int4", "b": "int1", "group": "4"},
        {"a": "uint8", "b": "uint3", "zero": "true", "beats": "3"},
        {"a": "int5n", "b": "uint2", "coding": "bipolar", "stages": "2"},
        {"a": "int8", "b": "int2n", "coding": "ternary"},
        {"a": "int8", "b": "int6", **SERIAL},
        {"a": "int8", "b": "uint4", "zero": "true", "beats": "2", **SERIAL},
        {"a": "int8", "b": "int3", "symmetric": "false", "beats": "2", "stages": "1", **SERIAL},
        {"a": "uint4", "b": "uint2", "coding": "bipolar", "symmetric": "false"},
        # One entry a cycle: no tree, and its negation's carry goes into the adder.
        {"b": "uint3", "coding": "bipolar", "beats": "3", "group": "4", **SERIAL},
        {"b": "uint2", "coding": "bipolar", "beats": "2", **ONE_HOT, **SERIAL},
        {"a": "e3m2fn", "b": "int2"},
        {"a": "e4m3fn", "b": "uint2", "zero": "true", "beats": "2"},
        {"a": "e5m2", "b": "int2n", "coding": "ternary", "columns": "1"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_the_definition(texts):
    made = generate(UNIT, {**SMALL, **texts})
    p = made.unit.parameters
    inputs, _ = stimuli(made.unit, 120, seed=6)
    want = by_definition(p, inputs)
    model = golden(UNIT, made.unit, inputs)["p"]
    got, _ = run_on(made, inputs, len(want), simulator="icarus", seed=2, gaps=0.2, stalls=0.2)
    unit = Fraction(2) ** made.unit.sum_format.lsb_exponent
    exact = [[0 if n is None else n / unit for n in tile] for tile in want]
    assert model.tolist() == exact
    assert made.unit.sum_format.integers(got["p"]).tolist() == exact
    if "nan" in got:
        flags = [[tile[r * p.columns] is None for r in range(p.rows)] for tile in want]
        assert got["nan"].tolist() == flags
        assert any(map(any, flags))


CHANGES_NO_BIT = (
    {"symmetric": "false"},
    {"select": "one-hot"},
    {"structure": "plain", "adder": "plain"},
    {"stages": "3"},
    SERIAL,
    {"symmetric": "false", **SERIAL},
    {"group": "1", "lanes": "4"},
    {"group": "4", "lanes": "4"},
)


@pytest.mark.parametrize("texts", CHANGES_NO_BIT, ids=lambda texts: "-".join(texts.values()))
def test_choices_change_no_bit(texts):
    base = {"b": "int3", "columns": "2"}
    plain, other = generate(UNIT, base), generate(UNIT, {**base, **texts})
    inputs, _ = stimuli(plain.unit, 100, seed=8)
    want = golden(UNIT, plain.unit, inputs)["p"].tolist()
    got, _ = run_on(other, inputs, 100, simulator="icarus")
    assert other.unit.sum_format.integers(got["p"]).tolist() == want


@pytest.mark.parametrize(
    "texts",
    [
        {"b": "int2", "group": "4"},
        {"b": "uint3", "zero": "true", **SERIAL},
        {"b": "uint2", "coding": "bipolar"},
        {"b": "int2n", "coding": "ternary", "group": "3", "lanes": "6"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_remapped_offline(texts):
    """The codes that software packs give the remapped unit the same weights."""
    plain = generate(UNIT, {"columns": "2", **texts})
    made = generate(UNIT, {"columns": "2", "remapped": "true", **texts})
    inputs, _ = stimuli(plain.unit, 100, seed=9)
    want = golden(UNIT, plain.unit, inputs)["p"].tolist()
    inputs = {**inputs, "b": remap(plain.unit.parameters, inputs["b"])}
    assert golden(UNIT, made.unit, inputs)["p"].tolist() == want
    got, _ = run_on(made, inputs, 100, simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == want


@pytest.mark.parametrize(
    "texts",
    [
        {"b": "int2", "lanes": "8"},
        {"b": "int2", "symmetric": "false", "group": "4"},
        {"a": "e4m3fn", "b": "uint2", "zero": "true", "o": "bf16", "overflow": "inf_or_nan"},
        {"b": "int3", "table_int8": "true", **SERIAL},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_tables_of_another_unit(texts):
    """lut-table and a lut-dot that shares its tables, against one that makes them itself."""
    fused = generate(UNIT, {"columns": "2", **texts})
    made = generate(UNIT, {"columns": "2", "shared_precompute": "true", **texts})
    shape = made.unit.table_shape
    words = {"a": shape.a.name, "lanes": str(fused.unit.parameters.lanes)}
    words |= {"group": str(shape.group)}
    words |= {"contents": str(shape.contents), "quantized": str(shape.quantized).lower()}
    table = generate("lut-table", words)
    inputs, _ = stimuli(fused.unit, 80, seed=10)
    want = golden(UNIT, fused.unit, inputs)["p"]
    tables, _ = run_on(table, {"a": inputs["a"]}, 80, simulator="icarus")
    given = {**tables, **{k: v for k, v in inputs.items() if k != "a"}}
    assert golden(UNIT, made.unit, given)["p"].tolist() == want.tolist()
    got, _ = run_on(made, given, 80, simulator="icarus")
    found = got["p"]
    if made.unit.parameters.o is None:
        found = made.unit.sum_format.integers(found)
    assert found.tolist() == want.tolist()


def test_recombination_of_t_mac():
    """v = p0/2 + p1 + 2 p2 + 4 p3 - 1/2 with signs p, so that tables and a bias are enough."""
    texts = {"b": "int4", "columns": "2", "lanes": "8", "group": "4", "shared_precompute": "true"}
    made = generate(UNIT, texts)
    table = LutDot(b=parse_format("int4"), columns=2, lanes=8)
    inputs, _ = stimuli(table, 60, seed=11)
    a = ((inputs["a"] + 128) % 256 - 128).tolist()
    maker = generate("lut-table", {"lanes": "8", "group": "4"}).unit
    tables = golden("lut-table", maker, {"a": inputs["a"]})
    got, _ = run_on(made, {**tables, "b": inputs["b"]}, 60, simulator="icarus")
    for t, c in product(range(60), range(2)):
        half = Fraction(1, 2)
        total = half * -sum(a[t])  # the bias: the entry of all signs -1, of every group
        for i, alpha in enumerate((half, 1, 2, 4)):
            for k in range(8):
                unsigned = (int(inputs["b"][t][c * 8 + k]) + 8) % 16
                total += alpha * (2 * (unsigned >> i & 1) - 1) * a[t][k]
        assert made.unit.sum_format.integers(got["p"][t][c : c + 1]).tolist() == [total]


@pytest.mark.parametrize("b", ["int3", "uint3"])
def test_int8_tables(b):
    """Entries rounded by Python, looked up one by one, in 254ths of the activations' step."""
    texts = {"columns": "1", "lanes": "4", "group": "2", "table_int8": "true"}
    made = generate(UNIT, {"b": b, **texts})
    p = made.unit.parameters
    inputs, _ = stimuli(made.unit, 80, seed=12)
    got, _ = run_on(made, inputs, 80, simulator="icarus")
    offset = 4 if p.b.signed else 0
    inexact = 0
    for t in range(80):
        a = [int(np.int8(c)) for c in inputs["a"][t].astype(np.uint8)]
        codes = [(int(c) + offset) % 8 for c in inputs["b"][t]]
        scale = max(abs(a[0]) + abs(a[1]), abs(a[2]) + abs(a[3]))
        total = Fraction((7 - 2 * offset) * sum(a))  # sum of 2 w less that of signs, times a
        for i, g in product(range(3), (0, 2)):
            signs = [2 * (codes[g + k] >> i & 1) - 1 for k in range(2)]
            entry = signs[0] * a[g] + signs[1] * a[g + 1]
            total += 2**i * Fraction(scale, 127) * round(Fraction(127 * entry, scale or 1))
        weights = [weight(p, int(c)) for c in inputs["b"][t]]
        exact = sum(x * w for x, w in zip(a, weights, strict=True))
        inexact += total / 2 != exact
        assert abs(total / 2 - exact) <= 7 * Fraction(scale, 254)
        assert made.unit.sum_format.integers(got["p"][t]).tolist() == [127 * total]
    assert inexact


@pytest.mark.parametrize("texts", [{}, SERIAL, {"symmetric": "false"}])
@pytest.mark.parametrize("zero", ["true", "false"])
def test_the_largest_sums_fit(texts, zero):
    texts = {"b": "uint4", "columns": "1", "zero": zero, **texts}
    made = generate(UNIT, texts)
    ends = list(product((-128, 127), (0, 15), (0, 15)))
    inputs = {
        "a": np.array([[a] * 4 for a, _, _ in ends]) & 255,
        "b": np.array([[b] * 4 for _, b, _ in ends]),
        "b_zero": np.array([[z if zero == "true" else 0] for _, _, z in ends]),
    }
    want = [[4 * a * (b - (z if zero == "true" else 0))] for a, b, z in ends]
    got, _ = run_on(made, inputs, len(ends), simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == want
    widths = {n.bit_length() + 1 for n in (abs(min(min(want))) - 1, max(max(want)))}
    assert made.unit.sum_format.width == max(widths)


def test_a_plane_a_cycle():
    assert LutDot(b=parse_format("int4"), schedule=Schedule.SERIAL).interval == 4
    assert LutDot(b=parse_format("int4")).interval == 1


def fmt(name):
    return parse_format(name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 7}, "The number of lanes must be a multiple of the group size 2, not 7"),
        ({"rows": 0}, "The number of rows must be an integer from 1 to 1024, not 0"),
        ({"b": fmt("int7")}, "The weights must have at most 6 bits, not 7"),
        ({"b": fmt("int4f1")}, "The weights must be integers such as int2 or uint4, not 'int4f1'"),
        ({"coding": Coding.TERNARY}, "With ternary coding the weights must be int2n, not 'int2'"),
        (
            {"coding": Coding.BIPOLAR},
            "With bipolar coding the weights must be unsigned codes, not 'int2'",
        ),
        ({"zero": True}, "A zero point needs weights of coding planes and an unsigned format"),
        (
            {"symmetric": False, "remapped": True},
            "The tables must be symmetric with remapped",
        ),
        (
            {"coding": Coding.TERNARY, "b": fmt("int2n"), "schedule": Schedule.SERIAL},
            "With ternary coding the schedule must be parallel: there are no planes",
        ),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        LutDot(**arguments)
