"""Ternary weights: every lane, every code of a byte, and sums in Python's integers."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.hdl.shift_add.ternary_dot import TernaryDot
from bitwright.verif.golden.shift_add.ternary_dot import decode, encode, quantize
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

TWO_BITS = {0b00: 0, 0b01: 1, 0b10: 0, 0b11: -1}
CODES = ("two_bits", "base3", "astc")


def number(code, name):
    """An integer's code, by the definition of two's complement."""
    format = parse_format(name)
    code = int(code)
    return code - (1 << format.width) if format.signed and code >> format.width - 1 else code


@pytest.mark.parametrize("structure", ["compressor", "plain"])
@pytest.mark.parametrize("name", ["int8", "uint8", "int1"])
def test_every_element_and_weight_of_a_lane(name, structure):
    made = generate("ternary-dot", {"a": name, "lanes": "1", "structure": structure})
    a, b = (x.ravel() for x in np.meshgrid(range(1 << parse_format(name).width), range(4)))
    want = [number(x, name) * TWO_BITS[int(y)] for x, y in zip(a, b, strict=True)]
    inputs = {"a": a[:, None], "b": b[:, None]}
    got, _ = run_on(made, inputs, len(want), simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == want
    assert golden("ternary-dot", made.unit, inputs)["p"].tolist() == want


@pytest.mark.parametrize("structure", ["compressor", "plain"])
def test_every_pair_of_small_lanes(structure):
    """All 18 operand bits of three lanes at once."""
    made = generate("ternary-dot", {"a": "int4", "lanes": "3", "structure": structure})
    codes = np.arange(1 << 18)
    a = np.stack([codes >> 4 * k & 15 for k in range(3)], axis=1)
    b = np.stack([codes >> 12 + 2 * k & 3 for k in range(3)], axis=1)
    value = np.where(a > 7, a - 16, a)
    want = (value * np.array([TWO_BITS[n] for n in range(4)])[b]).sum(axis=1)
    got, _ = run_on(made, {"a": a, "b": b}, len(want))
    np.testing.assert_array_equal(made.unit.sum_format.integers(got["p"]), want)


@pytest.mark.parametrize("code", ["base3", "astc"])
def test_every_byte(code):
    """What hardware and model make of a byte: powers of 3 for elements tell the weights apart."""
    made = generate("ternary-dot", {"a": "uint7", "lanes": "5", "code": code})
    inputs = {"a": np.tile(3 ** np.arange(5), (256, 1)), "b": np.arange(256)[:, None]}
    got, _ = run_on(made, inputs, 256, simulator="icarus")
    sums = made.unit.sum_format.integers(got["p"])
    np.testing.assert_array_equal(sums, golden("ternary-dot", made.unit, inputs)["p"])
    assert set(sums.tolist()) == set(range(-121, 122))
    if code == "base3":
        assert sums[:243].tolist() == list(range(-121, 122))
        assert not sums[243:].any()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("lanes", [5, 7])
def test_codes_go_there_and_back(code, lanes):
    weights = np.array(list(product((-1, 0, 1), repeat=lanes)))
    codes = encode(weights, code)
    assert codes.shape[1] == (lanes if code == "two_bits" else 1 + (lanes > 5))
    np.testing.assert_array_equal(decode(codes, code, lanes), weights)


@pytest.mark.parametrize(
    "texts",
    [
        {"lanes": "6", "beats": "4"},
        {"lanes": "7", "code": "astc", "stages": "2", "a": "uint5"},
        {"lanes": "6", "code": "base3", "beats": "2", "structure": "plain"},
        {"lanes": "1", "beats": "9", "adder": "plain"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_pythons_integers(texts):
    made = generate("ternary-dot", texts)
    p = made.unit.parameters
    inputs, _ = stimuli(made.unit, 300, seed=3)
    weights = decode(inputs["b"], p.code, p.lanes)
    sums = []
    for t, (row, signs) in enumerate(zip(inputs["a"], weights, strict=True)):
        if p.beats == 1 or inputs["first"][t]:
            sums.append(0)
        for code, sign in zip(row, signs, strict=True):
            sums[-1] += [0, number(code, p.a.name), -number(code, p.a.name)][sign]
    got, _ = run_on(made, inputs, len(sums), simulator="icarus", seed=2, gaps=0.2, stalls=0.2)
    assert made.unit.sum_format.integers(got["p"]).tolist() == sums


def test_the_largest_sums_fit():
    """-128 times -1 is beyond int8, in every lane."""
    made = generate("ternary-dot", {"lanes": "4", "beats": "2"})
    assert made.unit.sum_format.width == 12
    for weight, sum_of_all in ((0b11, 1024), (0b01, -1024)):
        inputs = {
            "first": np.array([1, 0]),
            "last": np.array([0, 1]),
            "a": np.full((2, 4), 0x80),
            "b": np.full((2, 4), weight),
        }
        got, _ = run_on(made, inputs, 1, simulator="icarus")
        assert made.unit.sum_format.integers(got["p"]).tolist() == [sum_of_all]


def test_floats_are_summed_exactly():
    made = generate("ternary-dot", {"a": "e5m2", "lanes": "3"})
    e5m2 = parse_format("e5m2")
    finite = [code for code in range(256) if code & 0x7C != 0x7C]
    rng = np.random.default_rng(4)
    a, b = rng.choice(finite, (300, 3)), rng.integers(0, 4, (300, 3))
    unit = Fraction(1, 1 << 16)
    want = [
        sum(e5m2.to_fraction(int(x)) * TWO_BITS[int(y)] for x, y in zip(row, signs, strict=True))
        / unit
        for row, signs in zip(a, b, strict=True)
    ]
    got, _ = run_on(made, {"a": a, "b": b}, 300, simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == want
    # Infinity times a weight of zero is NaN, as in any product.
    infinity = {"a": np.array([[0x7C, 0, 0]] * 3), "b": np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0]])}
    got, _ = run_on(made, infinity, 3, simulator="icarus")
    assert got["nan"].tolist() == [1, 0, 0]
    assert got["plus_infinity"].tolist() == [0, 1, 0]
    assert got["minus_infinity"].tolist() == [0, 0, 1]


def test_quantizer():
    weights, scale = quantize([0.4, -0.6, 0.1, 1.5, -0.2, 0.0])
    assert scale == pytest.approx(2.8 / 6)
    assert weights.tolist() == [1, -1, 0, 1, 0, 0]
    assert quantize([0.0, 0.0])[1] == 1e-5
    # Ties go to the even neighbour: 0.5 to 0.
    assert quantize([0.5, 1.5])[0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 0}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"beats": 0}, "The number of beats must be an integer from 1 to 4294967296, not 0"),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        TernaryDot(**arguments)
