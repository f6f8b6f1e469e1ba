"""The Hadamard transform against its definition by parities, and what follows from it."""

from fractions import Fraction

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.hdl.transform.hadamard_transform import HadamardTransform
from bitwright.verif.verify import golden, run_on

# As published for NVFP4 training, for 16 points.
PUBLISHED = [1, 1, 1, -1, 1, -1, -1, -1, -1, -1, -1, 1, -1, 1, -1, -1]


def matrix(points, signs=0):
    """Rows of results, columns of points: a sign for the parity of the common bits."""
    return np.array(
        [
            [(-1) ** ((i & j).bit_count() + (signs >> i & 1)) for i in range(points)]
            for j in range(points)
        ]
    )


def transformed(texts, blocks, **options):
    """What the simulated unit makes of blocks of integers; and its format."""
    made = generate("hadamard-transform", texts)
    format = made.unit.parameters.a
    lanes = made.unit.i.payload.shape()["a"].shape.length
    codes = blocks & ((1 << format.width) - 1)
    inputs = {"a": codes.reshape(-1, lanes)}
    count = len(inputs["a"])
    got, _ = run_on(made, inputs, count, simulator="icarus", **options)
    result = made.unit.sum_format
    return result.integers(got["p"]).reshape(blocks.shape), result


def draws(name, count, points, seed):
    """Blocks of integers, the outermost ones often."""
    format = parse_format(name)
    rng = np.random.default_rng(seed)
    blocks = rng.integers(format.min_integer, format.max_integer + 1, (count, points))
    ends = rng.choice([format.min_integer, format.max_integer], (count, points))
    return np.where(rng.random((count, 1)) < 0.5, blocks, ends)


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        ({"a": "int8", "points": "2", "signs": "3"}, 40),
        ({"a": "uint5", "points": "8", "signs": "170", "stages": "2"}, 40),
        ({"a": "int4", "points": "16", "signs": str(0xD7E8)}, 40),
        ({"a": "int4", "points": "16", "signs": str(0xD7E8), "lanes": "4"}, 30),
        ({"a": "int8n", "points": "8", "lanes": "1", "stages": "2"}, 20),
        ({"a": "int3", "points": "32", "lanes": "8", "adder": "plain", "signs": "77777"}, 20),
    ],
    ids=lambda x: "-".join(x.values()) if isinstance(x, dict) else str(x),
)
def test_against_parities(texts, count):
    points = int(texts["points"])
    blocks = draws(texts["a"], count, points, 3)
    got, _ = transformed(texts, blocks, gaps=0.3, stalls=0.3, seed=4)
    want = blocks @ matrix(points, int(texts.get("signs", 0))).T
    np.testing.assert_array_equal(got, want)


def test_extreme_points_fit():
    """Points that are as far out as can be, with the sign that each result gives them."""
    rows = matrix(16, 0xD7E8)
    blocks = np.concatenate([np.where(rows > 0, 7, -8), np.where(rows < 0, 7, -8)])
    got, result = transformed({"a": "int4", "signs": str(0xD7E8)}, blocks)
    assert result == parse_format("int8")
    np.testing.assert_array_equal(got, blocks @ rows.T)


def test_only_a_result_of_negated_points_needs_another_bit():
    """-8 times minus one, sixteen times, is 128: one more than eight bits hold."""
    blocks = np.full((1, 16), -8)
    got, result = transformed({"a": "int4", "signs": str(0xFFFF)}, blocks)
    assert result == parse_format("int9")
    assert got[0].tolist() == [128] + [0] * 15


@pytest.mark.parametrize("lanes", ["0", "2"])
def test_twice_is_the_block_times_its_points(lanes):
    blocks = draws("int4", 20, 8, 5)
    once, format = transformed({"a": "int4", "points": "8", "lanes": lanes}, blocks)
    assert format == parse_format("int7")
    twice, _ = transformed({"a": "int7", "points": "8", "lanes": lanes}, once)
    np.testing.assert_array_equal(twice, 8 * blocks)


def test_products_of_transformed_vectors():
    """Both sides of a matrix product, with the same signs: sixteen times the product."""
    signs = sum(1 << k for k, sign in enumerate(PUBLISHED) if sign < 0)
    assert signs == 0xD7E8
    x, w = draws("int4", 30, 16, 6), draws("int4", 30, 16, 7)
    unit = generate("hadamard-transform", {"a": "int4", "signs": str(signs)}).unit
    left, right = (golden("hadamard-transform", unit, {"a": v & 15})["p"] for v in (x, w))
    np.testing.assert_array_equal((left * right).sum(axis=1), 16 * (x * w).sum(axis=1))


def test_results_wait_for_no_later_block():
    blocks = draws("int4", 1, 8, 8)
    got, _ = transformed({"a": "int4", "points": "8", "lanes": "2"}, blocks)
    np.testing.assert_array_equal(got, blocks @ matrix(8).T)


def test_a_beat_a_cycle():
    """Blocks back to back leave as they come: 40 beats more take 40 cycles more."""
    made = generate("hadamard-transform", {"a": "int4", "points": "8", "lanes": "2", "stages": "1"})
    cycles = []
    for beats in (40, 80):
        inputs = {"a": draws("int4", beats, 2, 9) & 15}
        cycles.append(run_on(made, inputs, beats, simulator="icarus")[1].cycles)
    assert cycles[1] - cycles[0] == 40


def test_normalized_is_a_binary_point():
    fixed = HadamardTransform(a=parse_format("int8f4"), points=64, normalize=True)
    assert fixed.sum_format == parse_format("int14f7")


def restated(format, width, codes):
    """Integers of one block and the exponent of their unit, one element after the other."""
    fields = [max((c & format.magnitude_mask) >> format.mantissa_width, 1) for c in codes]
    unit = Fraction(2) ** (int(max(fields)) - format.bias - (width - 2))
    integers = []
    for code in codes:
        value = format.to_fraction(int(code)) / unit
        integers.append(int(value))  # towards zero
    return integers, unit


@pytest.mark.parametrize(("name", "width"), [("bf16", 16), ("fp16", 9), ("e4m3fn", 24)])
def test_floats_of_a_block(name, width):
    """The model against fractions; where the width is enough, nothing is lost."""
    format = parse_format(name)
    unit = HadamardTransform(a=format, points=8, width=width, signs=0b10110)
    rng = np.random.default_rng(10)
    near = rng.integers(0, 4, (40, 8)) + format.bias << format.mantissa_width
    far = rng.integers(0, format.max_magnitude + 1, (40, 8))
    mantissas = rng.integers(0, 1 << format.mantissa_width, (40, 8))
    codes = np.where(rng.random((40, 1)) < 0.5, near + mantissas, far)
    codes = codes | np.where(rng.random(codes.shape) < 0.5, format.sign_mask, 0)
    want = golden("hadamard-transform", unit, {"a": codes})
    rows = matrix(8, 0b10110)
    exact = 0
    for block, got, field in zip(codes, want["p"], want["exponent"], strict=True):
        integers, one = restated(format, width, block)
        assert got.tolist() == [int(x) for x in rows @ np.array(integers)]
        values = [format.to_fraction(int(c)) for c in block]
        scale = Fraction(2) ** (int(field) - format.bias) / Fraction(2) ** unit.sum_format.fraction
        assert scale == one
        exact += [int(x) * scale for x in got] == [
            sum(int(s) * v for s, v in zip(row, values, strict=True)) for row in rows
        ]
    assert exact > 10 if width - 2 - format.mantissa_width >= 3 else exact < 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"points": 12}, "The number of points must be a power of two from 2 to 256, not 12"),
        ({"lanes": 32}, "The number of lanes must be a power of two from 1 to 16, not 32"),
        ({"signs": 1 << 16}, "The sign mask must be an integer from 0 to 65535, not 65536"),
        ({"points": 32, "normalize": True}, "With normalize the number of points must be 4, .*"),
        ({"width": 12}, "The width of aligned floats must be 0 with integers, not 12"),
        ({"a": parse_format("bf16"), "lanes": 4}, "The number of lanes must be 0 with floats, .*"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        HadamardTransform(**arguments)
