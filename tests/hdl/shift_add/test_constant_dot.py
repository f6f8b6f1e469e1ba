"""Constant weights: every weight by every element, and columns, against Python's integers."""

import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.arithmetic.constants import signed_digits
from bitwright.hdl.formats import parse_format
from bitwright.verif.golden.shift_add.constant_dot import packed
from bitwright.verif.verify import golden, run_on


def made_of(weights, texts):
    """A unit with rows of weights; of its parameters ``a`` and ``b`` as written."""
    columns, lanes = len(weights), len(weights[0])
    number = packed(weights, parse_format(texts["b"]))
    sizes = {"lanes": str(lanes), "columns": str(columns), "weights": hex(number)}
    return generate("constant-dot", {**texts, **sizes})


@pytest.mark.parametrize(
    ("a", "b", "structure"), [("int4", "int5", "compressor"), ("uint4", "uint4", "plain")]
)
def test_every_weight_and_element(a, b, structure):
    """A column a weight, and all elements one after the other."""
    weight, element = parse_format(b), parse_format(a)
    weights = [[n] for n in range(weight.min_integer, weight.max_integer + 1)]
    made = made_of(weights, {"a": a, "b": b, "structure": structure})
    codes = np.arange(1 << element.width)
    want = [[int(x) * w for (w,) in weights] for x in element.integers(codes)]
    got, _ = run_on(made, {"a": codes[:, None]}, len(want), simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == want


@pytest.mark.parametrize(
    ("texts", "lanes", "columns"),
    [
        ({"a": "int8", "b": "int4"}, 7, 2),
        ({"a": "uint8", "b": "int2n", "stages": "2"}, 9, 1),
        ({"a": "int3", "b": "int8", "adder": "plain"}, 5, 3),
    ],
)
def test_sums_of_columns(texts, lanes, columns):
    rng = random.Random(5)
    b, a = parse_format(texts["b"]), parse_format(texts["a"])
    weights = [
        [rng.randint(b.min_integer, b.max_integer) for _ in range(lanes)] for _ in range(columns)
    ]
    made = made_of(weights, texts)
    assert made.unit.weights == weights
    # Each column's least and largest sum among them: the format holds just those.
    ends = [
        [a.min_integer if (w < 0) == top else a.max_integer for w in row]
        for row in weights
        for top in (True, False)
    ]
    drawn = [[rng.randint(a.min_integer, a.max_integer) for _ in range(lanes)] for _ in range(90)]
    rows = ends + drawn
    inputs = {"a": np.array(rows) & (1 << a.width) - 1}
    want = [[sum(x * w for x, w in zip(row, ws, strict=True)) for ws in weights] for row in rows]
    flat = [n for sums in want for n in sums]
    format = made.unit.sum_format
    assert format == type(format).holding(min(flat), max(flat))
    got, _ = run_on(made, inputs, len(want), simulator="icarus")
    assert format.integers(got["p"]).tolist() == want
    assert (golden("constant-dot", made.unit, inputs)["p"] == format.integers(got["p"])).all()


def test_rounded_once_to_fixed_point():
    weights, a = [[5, -3], [-8, 7]], parse_format("int4f2")
    texts = {"a": "int4f2", "b": "int4f1", "o": "int5f1", "rounding": "rne", "overflow": "sat"}
    made = made_of(weights, texts)
    codes = np.array([[x, y] for x in range(16) for y in range(16)])
    want = []
    for row in a.integers(codes).tolist():
        sums = (Fraction(sum(x * w for x, w in zip(row, ws, strict=True)), 4) for ws in weights)
        want.append([min(max(round(n), -16), 15) & 31 for n in sums])
    got, _ = run_on(made, {"a": codes}, 256, simulator="icarus")
    assert got["p"].tolist() == want


def test_a_column_of_zeros_is_zero():
    made = made_of([[0, 0]], {"a": "int3", "b": "int4"})
    got, _ = run_on(made, {"a": np.array([[3, 4], [7, 1]])}, 2, simulator="icarus")
    assert got["p"].tolist() == [[0], [0]]


def test_fewest_digits():
    """No two neighbours, which no other way to write a number has fewer digits than."""
    fewest = {0: 0}
    for _ in range(5):
        sums = {n + s * 2**k for n in fewest for k in range(10) for s in (1, -1)}
        fewest = {n: 1 + max(fewest.values()) for n in sums if n not in fewest} | fewest
    for number in range(-256, 257):
        digits = signed_digits(number)
        places = [place for _, place in digits]
        assert sum(sign << place for sign, place in digits) == number
        assert all(y - x > 1 for x, y in pairwise(places))
        assert len(digits) == fewest[number]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"weights": "0x10000", "lanes": "4"},
            "The weights must be a number of 16 bits, 4 for each of 4 lanes and 1 columns, "
            "not 0x10000",
        ),
        (
            {"weights": "-1"},
            "The weights must be a number of 32 bits, 4 for each of 8 lanes and 1 columns, "
            "not -0x1",
        ),
        (
            {"weights": "0x8", "b": "int4n"},
            "The weights must be in 'int4n', without a code of -8",
        ),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("constant-dot", texts)
