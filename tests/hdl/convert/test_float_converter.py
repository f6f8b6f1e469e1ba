"""All inputs of conversions that can go more than one way: subnormals, shifts to integers."""

import pytest

from bitwright.gen.generate import generate
from bitwright.verif.exhaust import exhaust

# From the last one, subnormals are normalised: the result's format reaches further down. Towards
# infinity and to odd, the smallest of them counts.
PAIRS = [
    ("e5m2", "e4m3fn"),
    ("e5m2", "fp16"),
    ("e4m3fn", "e2m1fn"),
    ("e4m3fn", "e5m2"),
]


@pytest.mark.parametrize("rounding", ["rne", "ru", "rto", "src"])
@pytest.mark.parametrize("flushed", [False, True])
@pytest.mark.parametrize(("a", "o"), PAIRS)
def test_every_input(a, o, rounding, flushed):
    texts = {"a": a, "o": o, "rounding": rounding, "ftz_out": str(flushed).lower()}
    if rounding.startswith("sr"):
        texts["random_bits"] = "3"
    result = exhaust(generate("float-converter", texts))
    assert result.passed, result.examples


# Shifted down from the integer's top, but for the last two.
INTEGERS = [("e5m2", "int4"), ("e5m2", "uint3"), ("e4m3fn", "int3f2"), ("bf16", "int8"),
            ("e4m3fn", "int8"), ("e3m4", "int12f2")]  # fmt: skip


@pytest.mark.parametrize("rounding", ["rne", "rtz", "ru", "rto", "src"])
@pytest.mark.parametrize(("a", "o"), INTEGERS)
def test_every_input_to_integers(a, o, rounding):
    texts = {"a": a, "o": o, "rounding": rounding}
    if rounding == "src":
        texts["random_bits"] = "2"
    result = exhaust(generate("float-converter", texts))
    assert result.passed, result.examples


@pytest.mark.parametrize("texts", [{"a": "fp16"}, {"a": "bf16", "o": "e3m2fn", "ftz_out": "true"}])
def test_every_input_of_16_bits(texts):
    result = exhaust(generate("float-converter", texts))
    assert (result.vectors, result.mismatches) == (1 << 16, 0), result.examples
