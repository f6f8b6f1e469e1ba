"""Aligned tables against a scalar loop over Python's fractions; how far from the exact sum."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.formats import IntegerFormat, parse_format
from bitwright.hdl.table.lookup import Coding
from bitwright.hdl.table.lut_dot import LutDot
from bitwright.hdl.table.lut_table import LutTable
from bitwright.hdl.table.table_shape import Contents, Semantics
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

ALIGNED = {"semantics": "aligned"}


def exponent_of(p, code):
    """That of the number's unit in the last place of a significand of full length."""
    field = code >> p.a.mantissa_width & ((1 << p.a.exponent_width) - 1)
    return max(field, 1 if p.a.zero else 0) - p.a.bias


def value(p, code):
    number = p.a.decode(np.array([code]))
    return None if number.nan[0] or number.infinite[0] else p.a.to_fraction(code)


def cut(x, unit):
    """To a multiple of the unit, toward zero."""
    return unit * (floor(abs(x) / unit) * (1 if x > 0 else -1))


def weight(p, code, zero):
    if p.coding == "bipolar":
        return 2 * code - (2**p.b.width - 1)
    return (code - (2**p.b.width if p.b.signed and code >> (p.b.width - 1) else 0)) - zero


def row_sums(p, inputs, row):
    """Of each transaction: the aligned sums, the exact ones, their unit, and how far the two may
    be apart; None where a number is missing."""
    fraction = p.a.mantissa_width + 2 if p.fraction == -1 else p.fraction
    found = []
    top = None
    for t in range(len(inputs["b"])):
        codes = [int(c) for c in inputs["a"][t][row * p.lanes : (row + 1) * p.lanes]]
        first = p.beats == 1 or inputs["first"][t]
        if first:
            top = None
            found.append([[0] * p.columns, [Fraction(0)] * p.columns, None, 2])
        now = max(exponent_of(p, code) for code in codes)
        top = now if top is None else max(top, now)
        unit = Fraction(2) ** (top - fraction)
        sums, exact, _, bound = found[-1]
        # What is there already, rounded down to the new unit.
        sums = [None if s is None else unit * floor(s / unit) for s in sums]
        for k, code in enumerate(codes):
            x = value(p, code)
            most = 0
            for c in range(p.columns):
                if x is None or sums[c] is None:
                    sums[c] = None
                    continue
                zero = int(inputs["b_zero"][t][c]) if p.zero else 0
                w = weight(p, int(inputs["b"][t][c * p.lanes + k]), zero)
                sums[c] += cut(x, unit) * w
                exact[c] += x * w
                most = max(most, abs(w))
            bound += most
        found[-1] = [sums, exact, unit, bound]
    return found


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "fp16", "b": "int2", "lanes": "4", "rows": "2"},
        {"a": "e4m3fn", "b": "int3", "beats": "4", "fraction": "2", "rows": "2", "stages": "1"},
        {"a": "e5m2", "b": "uint3", "zero": "true", "beats": "3", "schedule": "serial"},
        {"a": "e5m2", "b": "int2n", "coding": "ternary", "beats": "3", "fraction": "1"},
        {"a": "bf16", "b": "uint2", "coding": "bipolar", "beats": "5", "group": "1"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_the_definition(texts):
    made = generate("lut-dot", {"columns": "2", "lanes": "2", **ALIGNED, **texts})
    p = made.unit.parameters
    inputs, _ = stimuli(made.unit, 250, seed=21)
    # Exponents near each other in every second beat, so that bits are cut and not all of them.
    near = inputs["a"] & ~(((1 << p.a.exponent_width - 2) - 1) << p.a.mantissa_width + 2)
    inputs["a"] = np.where(np.arange(250)[:, None] % 2, near, inputs["a"])
    want = golden("lut-dot", made.unit, inputs)
    count = len(want["p"])
    got, _ = run_on(made, inputs, count, simulator="icarus", seed=2, gaps=0.2, stalls=0.2)
    sums = made.unit.sum_format.integers(got["p"])
    assert sums.tolist() == want["p"].tolist()
    power = made.unit.table_shape.exponent_format.integers(got["exponent"])
    inexact = 0
    for row in range(p.rows):
        for t, (aligned, exact, unit, bound) in enumerate(row_sums(p, inputs, row)):
            here = sums[t][row * p.columns : (row + 1) * p.columns]
            assert got["nan"][t][row] == (aligned[0] is None)
            if aligned[0] is None:
                assert not here.any()
                continue
            assert Fraction(2) ** int(power[t][row]) == unit
            assert [int(n) * unit for n in here] == aligned
            inexact += aligned != exact
            for x, y in zip(aligned, exact, strict=True):
                assert abs(x - y) < bound * unit
    assert inexact > 10


@pytest.mark.parametrize("o", ["fp16", "fp32", "int10f4"])
def test_results_are_the_sums_rounded_once(o):
    texts = {"a": "fp16", "b": "int3", "columns": "2", "beats": "3", **ALIGNED}
    sums, rounded = generate("lut-dot", texts), generate("lut-dot", {**texts, "o": o})
    format = parse_format(o)
    inputs, _ = stimuli(sums.unit, 300, seed=22)
    inputs["a"] = np.where(inputs["a"] >> 10 & 31 == 31, inputs["a"] & 0x83FF, inputs["a"])
    exact = golden("lut-dot", sums.unit, inputs)
    count = len(exact["p"])
    got, _ = run_on(rounded, inputs, count, simulator="icarus")
    for t in range(count):
        unit = Fraction(2) ** int(exact["exponent"][t][0])
        for n, code in zip(exact["p"][t], got["p"][t], strict=True):
            assert nearest(format, int(code), int(n) * unit)


def nearest(format, code, number):
    """Whether no neighbour of a code is nearer to a number, as far as the format reaches."""
    if isinstance(format, IntegerFormat):
        rounded = round(number / Fraction(2) ** format.lsb_exponent)
        want = min(max(rounded, format.min_integer), format.max_integer)
        return format.integers(np.array([code])).tolist() == [want]
    mine = abs(format.to_fraction(code) - number)
    magnitude, sign = code & format.magnitude_mask, code & format.sign_mask
    around = [m for m in (magnitude - 1, magnitude + 1) if 0 <= m <= format.max_magnitude]
    return all(mine <= abs(format.to_fraction(m | sign) - number) for m in around)


@pytest.mark.parametrize(
    "texts",
    [
        {"schedule": "serial"},
        {"symmetric": "false"},
        {"select": "one-hot", "group": "4", "lanes": "4"},
        {"structure": "plain", "adder": "plain"},
        {"stages": "3"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_choices_change_no_bit(texts):
    base = {"a": "e5m2", "b": "int3", "columns": "2", "beats": "4", **ALIGNED}
    plain, other = generate("lut-dot", base), generate("lut-dot", {**base, **texts})
    inputs, _ = stimuli(plain.unit, 120, seed=23)
    want = golden("lut-dot", plain.unit, inputs)
    got, _ = run_on(other, inputs, len(want["p"]), simulator="icarus")
    assert other.unit.sum_format.integers(got["p"]).tolist() == want["p"].tolist()


@pytest.mark.parametrize(
    "texts",
    [
        {"b": "uint2", "coding": "bipolar", "schedule": "serial", "beats": "3", "group": "4"},
        {"b": "int3", "symmetric": "false"},
        {"b": "int2n", "coding": "ternary", "beats": "4", "fraction": "4", "o": "bf16"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_tables_of_another_unit(texts):
    """lut-table keeps the exponent, and a lut-dot that shares its tables only shifts its sums."""
    base = {"a": "fp16", "columns": "2", "lanes": "4", "group": "2", **ALIGNED, **texts}
    fused = generate("lut-dot", base)
    made = generate("lut-dot", {**base, "shared_precompute": "true"})
    p, shape = fused.unit.parameters, made.unit.table_shape
    words = {k: base[k] for k in ("a", "lanes", "group", "fraction", "semantics") if k in base}
    words |= {"contents": str(shape.contents), "beats": str(p.beats), "stages": "1"}
    table = generate("lut-table", words)
    inputs, _ = stimuli(fused.unit, 150, seed=24)
    want = golden("lut-dot", fused.unit, inputs)
    asked = {k: inputs[k] for k in ("a", "first") if k in inputs}
    tables, _ = run_on(table, asked, 150, simulator="icarus", gaps=0.3, stalls=0.3)
    expected = golden("lut-table", table.unit, asked)
    for name, format in (("table", shape.entry_format), ("exponent", shape.exponent_format)):
        assert format.integers(tables[name]).tolist() == expected[name].tolist()
    given = {**tables, **{k: v for k, v in inputs.items() if k != "a"}}
    got, _ = run_on(made, given, len(want["p"]), simulator="icarus")
    found = got["p"] if p.o is not None else made.unit.sum_format.integers(got["p"])
    assert found.tolist() == want["p"].tolist()
    assert golden("lut-dot", made.unit, given)["p"].tolist() == want["p"].tolist()


HALF = parse_format("fp16")


@pytest.mark.parametrize(
    ("unit", "arguments", "message"),
    [
        (LutDot, {}, "With aligned tables the activations must be floats, not 'int8'"),
        (
            LutDot,
            {"a": HALF, "table_int8": True},
            "The semantics must be exact where entries are int8, not 'aligned'",
        ),
        (
            LutDot,
            {"a": HALF, "fraction": 49, "coding": Coding.PLANES},
            "The fraction must be from 1 to 48 bits, or -1 for two more than the mantissa's, "
            "not 49",
        ),
        (
            LutDot,
            {"a": HALF, "fraction": 9, "semantics": Semantics.EXACT},
            "The semantics must be aligned with a fraction 9",
        ),
        (
            LutTable,
            {"semantics": Semantics.EXACT, "beats": 4, "contents": Contents.SUBSET},
            "The semantics must be aligned with 4 beats, not 'exact'",
        ),
        (
            LutTable,
            {"a": HALF, "beats": 4},
            "With several beats there must be a pipeline register, not 0 stages",
        ),
    ],
)
def test_refused(unit, arguments, message):
    with refused(message):
        unit(**{"semantics": Semantics.ALIGNED, **arguments})
