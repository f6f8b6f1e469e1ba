"""Conversions where subnormals are left as they are, or taken as zero: all inputs."""

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


@pytest.mark.parametrize("texts", [{"a": "fp16"}, {"a": "bf16", "o": "e3m2fn", "ftz_out": "true"}])
def test_every_input_of_16_bits(texts):
    result = exhaust(generate("float-converter", texts))
    assert (result.vectors, result.mismatches) == (1 << 16, 0), result.examples
