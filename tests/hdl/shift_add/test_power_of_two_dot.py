"""Sums of powers of two: every digit, every rounding, and quantizers against their definitions."""

from fractions import Fraction
from itertools import product
from math import floor

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.hdl.shift_add.power_of_two_dot import PowerOfTwoDot
from bitwright.verif.golden.shift_add.power_of_two_dot import decode, encode, greedy, nearest
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on


def power(digit, code, bits):
    """A digit read bit by bit."""
    position = digit % (1 << bits)
    if code == "flagged":
        negative, some = digit >> bits & 1, digit >> bits + 1
        return some * (-1) ** negative * 2**position
    return 0 if position == 0 else (-1) ** (digit >> bits) * 2 ** (position - 1)


@pytest.mark.parametrize("structure", ["compressor", "plain"])
@pytest.mark.parametrize(
    ("code", "bits", "a"),
    [("flagged", 3, "int8"), ("exponent", 3, "uint8"), ("flagged", 1, "int4")],
)
def test_every_element_and_digit_of_a_lane(a, code, bits, structure):
    texts = {"a": a, "powers": "1", "code": code, "position_bits": str(bits), "lanes": "1"}
    made = generate("power-of-two-dot", {**texts, "structure": structure})
    format = parse_format(a)
    width = bits + (2 if code == "flagged" else 1)
    x, y = (n.ravel() for n in np.meshgrid(range(1 << format.width), range(1 << width)))
    inputs = {"a": x[:, None], "b": y[:, None]}
    numbers = format.integers(x).tolist()
    want = [n * power(int(d), code, bits) for n, d in zip(numbers, y, strict=True)]
    got, _ = run_on(made, inputs, len(want), simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == want
    assert golden("power-of-two-dot", made.unit, inputs)["p"].tolist() == want


@pytest.mark.parametrize(
    "texts",
    [
        {"lanes": "3", "beats": "3"},
        {"lanes": "2", "powers": "3", "code": "exponent", "a": "uint4", "stages": "2"},
        {"lanes": "4", "powers": "1", "beats": "2", "structure": "plain"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_pythons_integers(texts):
    made = generate("power-of-two-dot", texts)
    p = made.unit.parameters
    inputs, _ = stimuli(made.unit, 200, seed=8)
    sums = []
    for t, (row, digits) in enumerate(zip(inputs["a"], inputs["b"], strict=True)):
        if p.beats == 1 or inputs["first"][t]:
            sums.append(0)
        for k, element in enumerate(p.a.integers(row).tolist()):
            for digit in digits[k * p.powers : (k + 1) * p.powers]:
                sums[-1] += element * power(int(digit), p.code, p.position_bits)
    got, _ = run_on(made, inputs, len(sums), simulator="icarus", seed=1, gaps=0.2, stalls=0.2)
    assert made.unit.sum_format.integers(got["p"]).tolist() == sums


def test_the_largest_sum_fits():
    """Three equal powers of the highest position, with the most negative element."""
    made = generate("power-of-two-dot", {"powers": "3", "lanes": "2"})
    inputs = {"a": np.full((2, 2), 0x80), "b": np.array([[0b10111] * 6, [0b11111] * 6])}
    got, _ = run_on(made, inputs, 2, simulator="icarus")
    most = 2 * 3 * 128 * 128
    assert made.unit.sum_format.integers(got["p"]).tolist() == [-most, most]


ROUNDED = {
    "floor": lambda n: floor(n),
    "zero": lambda n: floor(abs(n)) * (-1 if n < 0 else 1),
    "half_up": lambda n: floor(n + Fraction(1, 2)),
    "rne": round,
}


@pytest.mark.parametrize("rounding", list(ROUNDED))
@pytest.mark.parametrize(
    ("o", "overflow"),
    [("int6f2", "wrap"), ("int5n", "sat"), ("uint4f1", "sat"), ("int12f5", "wrap")],
)
def test_roundings_and_overflows(o, overflow, rounding):
    """Of every element and weight, as exact fractions: least positions below the result's."""
    texts = {"a": "int5f1", "least": "-3", "powers": "1", "lanes": "1", "o": o}
    made = generate("power-of-two-dot", {**texts, "rounding": rounding, "overflow": overflow})
    x, y = (n.ravel() for n in np.meshgrid(range(32), range(32)))
    inputs = {"a": x[:, None], "b": y[:, None]}
    target = parse_format(o)
    want = []
    for element, digit in zip(x.tolist(), y.tolist(), strict=True):
        number = Fraction(element - 32 * (element > 15), 2) * power(digit, "flagged", 3) / 8
        units = ROUNDED[rounding](number * 2**target.fraction)
        if overflow == "sat":
            units = min(max(units, target.min_integer), target.max_integer)
        want.append(units % (1 << target.width))
    got, _ = run_on(made, inputs, len(want), simulator="icarus")
    assert got["p"].tolist() == want
    assert golden("power-of-two-dot", made.unit, inputs)["p"].tolist() == want


@pytest.mark.parametrize("powers", [1, 2, 3])
def test_no_sum_is_nearer_than_the_nearest(powers):
    digits = [0, *(s << k for k in range(5) for s in (1, -1))]
    sums = {sum(some) for some in product(digits, repeat=powers)}
    weights = np.arange(-160, 161) / 4
    found, quick = nearest(weights, powers, 4), greedy(weights, powers, 4)
    for weight, best, some in zip(weights.tolist(), found.tolist(), quick.tolist(), strict=True):
        error = min(abs(weight - n) for n in sums)
        assert abs(weight - sum(best)) == error
        assert abs(weight - sum(some)) >= error
        assert set(best) | set(some) <= set(digits)


def test_four_powers_are_every_integer_of_eight_bits():
    weights = np.arange(-128, 128)
    digits = encode(nearest(weights, 4, 7), "flagged", 3)
    assert [sum(power(int(d), "flagged", 3) for d in some) for some in digits] == weights.tolist()
    made = generate("power-of-two-dot", {"powers": "4", "lanes": "1", "least": "-7"})
    inputs = {"a": np.full((256, 1), 0x80), "b": digits}
    got, _ = run_on(made, inputs, 256, simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == (-128 * weights).tolist()


@pytest.mark.parametrize("powers", [1, 2, 3])
def test_greedy_is_as_near(powers):
    """It is often said not to be. With eight positions, it is for every quarter up to 255."""
    weights = np.arange(0, 4 * 255 + 1) / 4
    quick, best = (f(weights, powers, 7).sum(axis=1) for f in (greedy, nearest))
    np.testing.assert_array_equal(abs(quick - weights), abs(best - weights))


def test_ties_go_to_the_larger_power():
    assert greedy([3.0, 0.5, -0.5, 0.4], 1, 4).tolist() == [[4], [1], [-1], [0]]
    assert nearest([3.0, 0.5, -0.5, 0.4], 1, 4).tolist() == [[4], [1], [-1], [0]]
    assert nearest([3.0, 7.0], 2, 4).tolist() == [[2, 1], [8, -1]]


@pytest.mark.parametrize("code", ["flagged", "exponent"])
def test_digits_go_there_and_back(code):
    powers = np.array([0, *(s << k for k in range(7) for s in (1, -1))])
    digits = encode(powers, code, 3)
    assert decode(digits, code, 3).tolist() == powers.tolist()
    assert [power(int(d), code, 3) for d in digits] == powers.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"powers": 5}, "The number of powers must be an integer from 1 to 4, not 5"),
        ({"position_bits": 5}, "The number of position bits must be an integer from 1 to 4, not 5"),
        ({"least": 65}, "The least exponent must be an integer from -64 to 64, not 65"),
        ({"lanes": 0}, "The number of lanes must be an integer from 1 to 1024, not 0"),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        PowerOfTwoDot(**arguments)
