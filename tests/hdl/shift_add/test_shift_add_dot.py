"""Groups with one zero point and one scale: against integers and fractions."""

from fractions import Fraction

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.hdl.shift_add.shift_add_dot import ShiftAddDot
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on


def by_definition(p, inputs):
    """Sums of ``a * (b - zero)`` of groups, as fractions."""
    sums, start = [], 0
    for t in range(len(inputs["a"])):
        if p.beats > 1 and not inputs["last"][t]:
            continue
        zero = int(p.b.integers(inputs["b_zero"][t])) if p.zero else 0
        total = Fraction(0)
        for beat in range(start, t + 1):
            weights = p.b.integers(inputs["b"][beat]).tolist()
            for x, w in zip(inputs["a"][beat].tolist(), weights, strict=True):
                total += p.a.to_fraction(x) * (w - zero)
        sums.append(total)
        start = t + 1
    return sums


@pytest.mark.parametrize(
    "texts",
    [
        {"lanes": "5", "beats": "3"},
        {"lanes": "5", "beats": "3", "structure": "plain"},
        {"lanes": "3", "b": "int4", "beats": "1", "stages": "2"},
        {"lanes": "3", "b": "uint1", "a": "uint5", "beats": "2"},
        {"lanes": "2", "b": "int8n", "zero": "false", "structure": "booth"},
        {"lanes": "2", "b": "int7", "a": "int16", "structure": "booth", "adder": "plain"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_the_definition(texts):
    made = generate("shift-add-dot", texts)
    inputs, _ = stimuli(made.unit, 200, seed=6)
    want = by_definition(made.unit.parameters, inputs)
    assert golden("shift-add-dot", made.unit, inputs)["p"].tolist() == want
    got, _ = run_on(made, inputs, len(want), simulator="icarus", seed=2, gaps=0.2, stalls=0.2)
    assert made.unit.sum_format.integers(got["p"]).tolist() == want


@pytest.mark.parametrize("b", ["int4", "uint4"])
def test_every_element_and_weight_of_a_lane(b):
    """W4A8 with every zero point in turn: 16 operand bits."""
    made = generate("shift-add-dot", {"lanes": "1", "beats": "1", "b": b})
    codes = np.arange(1 << 16)
    inputs = {"a": codes[:, None] & 255, "b": codes[:, None] >> 8 & 15, "b_zero": codes >> 12}
    a, w, z = ((inputs["a"][:, 0] ^ 128) - 128, inputs["b"][:, 0], inputs["b_zero"])
    w, z = ((x ^ 8) - 8 if b == "int4" else x for x in (w, z))
    got, _ = run_on(made, inputs, 1 << 16)
    np.testing.assert_array_equal(made.unit.sum_format.integers(got["p"]), a * (w - z))


@pytest.mark.parametrize(("weight", "zero"), [(0, 15), (15, 0)])
def test_the_largest_group_of_the_paper_fits(weight, zero):
    """128 uint4 weights and int8 elements: a sum of 19 bits."""
    made = generate("shift-add-dot", {})
    assert made.unit.sum_format.width == 19
    inputs = {
        "first": np.array([1, 0, 0, 0]),
        "last": np.array([0, 0, 0, 1]),
        "a": np.full((4, 32), 0x80),
        "b": np.full((4, 32), weight),
        "b_zero": np.full(4, zero),
    }
    got, _ = run_on(made, inputs, 1, simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == [128 * 128 * (zero - weight)]


def test_floats_exactly_and_rounded_once():
    """fp16 elements: subnormal ones beside the largest, in one sum."""
    texts = {"a": "fp16", "lanes": "2", "beats": "2", "b": "int4", "zero": "false"}
    exact = generate("shift-add-dot", texts)
    rng = np.random.default_rng(7)
    magnitude = np.where(rng.random((120, 2)) < 0.5, rng.integers(0, 1100, (120, 2)), 0x7BFF)
    a = magnitude | rng.integers(0, 2, (120, 2)) << 15
    place = np.arange(120) % 2
    inputs = {"first": 1 - place, "last": place, "a": a, "b": rng.integers(0, 16, (120, 2))}
    want = by_definition(exact.unit.parameters, inputs)
    got, _ = run_on(exact, inputs, 60, simulator="icarus")
    sums = exact.unit.sum_format.integers(got["p"]).tolist()
    assert [Fraction(n) / 2**24 for n in sums] == want
    rounded = generate("shift-add-dot", {**texts, "o": "fp32"})
    got, _ = run_on(rounded, inputs, 60, simulator="icarus")
    # A double is rounded to nearest, ties to even, by NumPy's conversion; the sums fit in one.
    expected = np.array([float(n) for n in want]).astype(np.float32).view(np.uint32)
    assert got["p"].tolist() == expected.tolist()


def test_infinite_elements():
    texts = {"a": "e5m2", "lanes": "1", "beats": "1", "b": "int4"}
    inputs = {"a": np.array([[0x7C], [0xFC], [0x7C], [0x7D]]), "b": np.array([[1], [1], [0], [1]])}
    made = generate("shift-add-dot", {**texts, "zero": "false"})
    got, _ = run_on(made, inputs, 4, simulator="icarus")
    assert got["plus_infinity"].tolist() == [1, 0, 0, 0]
    assert got["minus_infinity"].tolist() == [0, 1, 0, 0]
    assert got["nan"].tolist() == [0, 0, 1, 1]
    made = generate("shift-add-dot", texts)
    got, _ = run_on(made, {**inputs, "b_zero": np.zeros(4, int)}, 4, simulator="icarus")
    assert got["nan"].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("scale", ["fp16", "e8m0fnu"])
def test_scaled_groups_are_rounded_once(scale):
    made = generate("shift-add-dot", {"lanes": "3", "scale": scale, "o": "bf16", "beats": "2"})
    p = made.unit.parameters
    inputs, _ = stimuli(made.unit, 300, seed=1)
    sums = by_definition(p, inputs)
    got, _ = run_on(made, inputs, len(sums), simulator="icarus")
    scales = inputs["scale"][np.flatnonzero(inputs["last"])].tolist()
    checked = 0
    for answer, total, code in zip(got["p"].tolist(), sums, scales, strict=True):
        decoded = p.scale.decode(np.array([code]))
        if decoded.nan[0] or decoded.infinite[0]:
            continue
        number = total * p.scale.to_fraction(code)
        assert abs(p.o.to_fraction(answer) - number) <= _half_an_ulp(p.o, number)
        checked += 1
    assert checked > 50


def _half_an_ulp(format, number):
    """Of the format at this number, within its range."""
    least = format.lsb_exponent
    top = Fraction(2) ** (format.max_integer.bit_length() + least)
    if abs(number) >= top:
        return abs(number)  # saturated
    exponent = least
    while Fraction(2) ** (exponent + format.mantissa_width + 1) <= abs(number):
        exponent += 1
    return Fraction(2) ** exponent / 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 0}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        (
            {"b": parse_format("int9")},
            "The number of weight bits must be an integer from 1 to 8, not 9",
        ),
        (
            {"scale": parse_format("fp16")},
            "The result of a scaled sum must be a float format, not 'exact'",
        ),
        (
            {"scale": parse_format("fp16"), "o": parse_format("int8")},
            "The result of a scaled sum must be a float format, not 'int8'",
        ),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        ShiftAddDot(**arguments)
