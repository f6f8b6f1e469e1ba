"""The exact dot product does not depend on the order of its terms, nor on how they are split."""

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.dot.dot_product import DotProduct
from bitwright.hdl.formats import IntegerFormat, parse_format
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import run_on

TERMS = 8


def answers(texts, a, b):
    """Results of sums of 8 terms, however many lanes the unit has."""
    made = generate("dot-product", {**texts, "beats": str(TERMS // int(texts["lanes"]))})
    lanes = int(texts["lanes"])
    inputs = {"a": a.reshape(-1, lanes), "b": b.reshape(-1, lanes)}
    beats = TERMS // lanes
    if beats > 1:
        place = np.arange(len(inputs["a"])) % beats
        inputs |= {"first": (place == 0) * 1, "last": (place == beats - 1) * 1}
    outputs, _ = run_on(made, inputs, len(a), seed=5, gaps=0.2, stalls=0.2)
    return outputs["p"]


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "e4m3fn", "b": "e5m2", "o": "bf16", "overflow": "inf_or_nan"},
        {"a": "e3m4", "b": "e3m4", "o": "fp16", "product": "lmul"},
        {"a": "int6", "b": "int6", "o": "exact"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_order_and_split_do_not_matter(texts):
    unit = DotProduct(a=parse_format(texts["a"]), b=parse_format(texts["b"]), lanes=TERMS)
    codes, _ = stimuli(unit, 500, seed=11)
    a, b = codes["a"], codes["b"]
    rng = np.random.default_rng(12)
    order = rng.permuted(np.tile(np.arange(TERMS), (len(a), 1)), axis=1)
    shuffled = (np.take_along_axis(x, order, axis=1) for x in (a, b))
    reference = answers({**texts, "lanes": "8"}, a, b)
    np.testing.assert_array_equal(answers({**texts, "lanes": "8"}, *shuffled), reference)
    np.testing.assert_array_equal(answers({**texts, "lanes": "2"}, a, b), reference)


@pytest.mark.parametrize(
    ("a", "b", "count", "width"),
    [
        # Exact sum widths of signed products: the fixed-point integers of the formats decide.
        ("e5m2", "e5m2", 16, 69),
        ("e4m3fn", "e4m3fn", 32, 42),
        ("e4m3fnuz", "e4m3fnuz", 64, 43),
        ("e3m4", "e3m4", 32, 26),
        ("e3m2fn", "e3m2fn", 16, 23),
        ("e2m3fn", "e2m3fn", 64, 19),
        ("e2m1fn", "e2m1fn", 32, 14),
        ("int8", "int8", 32, 21),
        ("int8n", "int8n", 32, 20),
        ("int4", "int4", 16, 12),
        ("fp16", "fp16", 32, 86),
        ("bf16", "bf16", 1, 523),
        ("e4m3fn", "e2m1fn", 1024, 33),
        ("mxint8", "mxint8", 4096, 28),
    ],
)
def test_sum_widths(a, b, count, width):
    unit = DotProduct(a=parse_format(a), b=parse_format(b), lanes=1, beats=count, o=None)
    assert unit.sum_format.width == width
    assert isinstance(unit.sum_format, IntegerFormat)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 0}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"beats": -1}, "The number of beats must be an integer from 1 to 4294967296, not -1"),
        ({"stages": 33}, "The number of pipeline stages must be an integer from 0 to 32, not 33"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        DotProduct(**arguments)
