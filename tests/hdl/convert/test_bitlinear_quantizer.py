"""Codes by the largest magnitude, against Python's rounding of fractions, and against BitLinear."""

from fractions import Fraction
from math import copysign, isfinite

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.gen.parameters import make_unit
from bitwright.hdl.formats import parse_format
from bitwright.verif.verify import golden, run_on


def code_of(number, largest, top):
    """By the definition; ``round`` takes ties to even."""
    if not isfinite(largest) or largest == 0:
        return 0
    if not abs(number) <= abs(largest):
        return int(copysign(top, number))
    return round(top * Fraction(number) / abs(Fraction(largest)))


@pytest.mark.parametrize(
    ("a", "o", "stages"),
    [("e3m2fn", "int8", 0), ("e3m2", "int5", 1), ("int6", "int8", 0), ("uint5", "int3", 2)],
)
def test_every_number_by_every_largest(a, o, stages):
    texts = {"a": a, "o": o, "stages": str(stages), "lanes": "4"}
    made = generate("bitlinear-quantizer", texts)
    format, top = parse_format(a), parse_format(o).max_integer
    field = made.unit.i.payload.shape()["largest"].shape
    codes = np.arange(1 << format.width).reshape(-1, 4)
    most = np.arange(1 << field.width)
    inputs = {
        "a": np.tile(codes, (len(most), 1)),
        "largest": np.repeat(most, len(codes)),
    }
    got, _ = run_on(made, inputs, len(inputs["a"]), simulator="icarus")
    assert (golden("bitlinear-quantizer", made.unit, inputs)["p"] == got["p"]).all()
    numbers = format.to_float(np.arange(1 << format.width)).tolist()
    sign = format.sign_mask if hasattr(format, "sign_mask") else 0
    numbers = [
        copysign(float("inf"), -1 if code & sign else 1) if number != number else number
        for code, number in enumerate(numbers)
    ]
    mask = (1 << parse_format(o).width) - 1
    want = [
        [code_of(number, bound, top) & mask for number in numbers]
        for bound in field.to_float(most).tolist()
    ]
    assert got["p"].reshape(len(most), -1).tolist() == want


def bitlinear(tokens, eps):
    """RMSNorm and the quantization of activations as the model's code has them, in binary64."""
    root = np.sqrt((tokens**2).mean(axis=1, keepdims=True) + eps)
    y = tokens / root
    largest = np.maximum(abs(y).max(axis=1, keepdims=True), 1e-5)
    return np.clip(np.rint(y * (127 / largest)), -128, 127), largest[:, 0] / 127, y


@pytest.mark.parametrize("smallest", [False, True])
def test_three_units_make_bitlinear(smallest):
    """Sums, scales and codes of tokens in fp16, with those of its least numbers, where the model's
    least maximum would show if it mattered."""
    size, beats = 64, 8
    rng = np.random.default_rng(4)
    tokens = rng.standard_t(4, (40, size)) * 2.0 ** rng.integers(-10, 8, (40, 1))
    if smallest:
        tokens = rng.integers(-2, 3, (40, size)) * 2.0**-24
        tokens[:, 0] = 2.0**-24
    tokens = tokens.astype(np.float16)
    rows = tokens.view(np.uint16).astype(np.int64).reshape(-1, 8)
    sizes = {"lanes": "8", "beats": str(beats)}
    statistics = make_unit("rms-statistics", {**sizes, "epsilon": "6"})
    bounds = {"first": np.tile([1] + [0] * 7, 40), "last": np.tile([0] * 7 + [1], 40)}
    found = golden("rms-statistics", statistics, {**bounds, "a": rows})
    scale = make_unit("rms-scale", {"size": str(size)})
    operands = {"a": found["p"], "largest": found["largest"]}
    scales = golden("rms-scale", scale, operands)["p"]
    scales = scales.astype(np.uint32).view(np.float32).astype(np.float64)
    quantizer = make_unit("bitlinear-quantizer", {"lanes": "8"})
    largest = np.repeat(found["largest"], beats)
    codes = golden("bitlinear-quantizer", quantizer, {"a": rows, "largest": largest})["p"]
    codes = ((codes ^ 128) - 128).reshape(40, size)
    want, factors, y = bitlinear(tokens.astype(np.float64), float(np.float32(1e-6)))
    # The model rounds three times where this rounds once: at a tie, or next to one, codes may
    # differ.
    ties = 254 * abs(tokens.astype(float)) / abs(tokens.astype(float)).max(axis=1, keepdims=True)
    assert ((codes != want) & (ties % 2 != 1)).mean() < 0.002
    assert abs(codes - want).max() <= 1
    assert np.allclose(scales, factors, rtol=2.0**-22, atol=0)
    assert (abs(codes * scales[:, None] - y) <= scales[:, None] * (0.5 + 1e-6)).all()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"o": "uint8"}, "The codes must be signed, of 2 to 16 bits, not 'uint8'"),
        ({"o": "int17"}, "The codes must be signed, of 2 to 16 bits, not 'int17'"),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("bitlinear-quantizer", texts)
