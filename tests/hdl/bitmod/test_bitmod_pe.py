"""BitMoD's processing element against fractions: every code, groups, scales, and its cycles."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from beat_times import beat_times

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.verif.golden.bitmod.quantizer import quantize
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

LEVELS = {
    "fp3": [0, 1, 2, 4, None, -1, -2, -4],
    "fp4": [0, 0.5, 1, 1.5, 2, 3, 4, 6, None, -0.5, -1, -1.5, -2, -3, -4, -6],
    "int6": [*range(32), *range(-32, 0)],
    "int8": [*range(128), *range(-128, 0)],
}
SPECIAL = {"fp3": [3, -3, 6, -6], "fp4": [5, -5, 8, -8]}


def weight(kind, code, selector):
    level = LEVELS[kind][code]
    return Fraction(SPECIAL[kind][selector] if level is None else level)


def by_definition(p, inputs):
    """The scaled sums of all groups as fractions; None where an activation is no finite number."""
    results, total = [], Fraction(0)
    count = len(inputs["a"])
    first = inputs.get("first", np.ones(count, int))
    last = inputs.get("last", np.ones(count, int))
    for beat in range(count):
        if first[beat]:
            total = Fraction(0)
        selector = int(inputs["selector"][beat]) if "selector" in inputs else 0
        for a, b in zip(inputs["a"][beat].tolist(), inputs["b"][beat].tolist(), strict=True):
            decoded = p.a.decode(np.array([a]))
            if decoded.nan[0] or decoded.infinite[0]:
                total = None
            if total is not None:
                total += p.a.to_fraction(a) * weight(p.b, b, selector)
        if last[beat]:
            scale = int(inputs["b_scale"][beat]) if p.scale_width else 1
            results.append(None if total is None else total * scale)
    return results


def exact(made, got):
    """Results in units of the sum's last place, as fractions."""
    unit = Fraction(2) ** made.unit.sum_format.lsb_exponent
    numbers = [int(n) * unit for n in made.unit.sum_format.integers(got["p"]).tolist()]
    nan = got["nan"].tolist() if "nan" in got else [0] * len(numbers)
    return [None if flag else number for number, flag in zip(numbers, nan, strict=True)]


@pytest.mark.parametrize("a", ["fp16", "int8"])
@pytest.mark.parametrize("b", ["fp3", "fp4", "int6", "int8"])
def test_every_weight_code(a, b):
    """With the ends of the activations, a subnormal one and others, and every special value."""
    made = generate("bitmod-pe", {"a": a, "b": b, "lanes": "1", "beats": "1", "scale_width": "0"})
    numbers = {"fp16": [0x0001, 0x83FF, 0x3C00, 0x7BFF, 0xFBFF], "int8": [0, 1, 127, 128, 255]}
    selectors = range(4 if made.unit.code.special else 1)
    grid = np.meshgrid(numbers[a], range(1 << made.unit.code.width), selectors)
    x, code, selector = (axis.ravel() for axis in grid)
    inputs = {"a": x[:, None], "b": code[:, None], "selector": selector}
    if not made.unit.code.special:
        del inputs["selector"]
    got, _ = run_on(made, inputs, len(x), simulator="icarus")
    assert exact(made, got) == by_definition(made.unit.parameters, inputs)


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"scaling": "multiplier", "b": "int6", "a": "e5m2"},
        {"a": "int8", "b": "int8", "scale_width": "3", "stages": "1"},
        {"a": "uint4", "b": "int6", "scale_width": "0", "lanes": "3"},
        {"a": "e4m3fn", "b": "fp3", "scale_width": "1", "generation": "detector"},
        {"a": "uint8", "b": "fp3", "stages": "2", "beats": "1"},
    ],
)
def test_groups_exactly(texts):
    made = generate("bitmod-pe", {"lanes": "2", "beats": "4", **texts})
    inputs, _ = stimuli(made.unit, 250, seed=3)
    want = by_definition(made.unit.parameters, inputs)
    got, _ = run_on(made, inputs, len(want), simulator="icarus", seed=1, gaps=0.2, stalls=0.2)
    assert exact(made, got) == want
    model = golden("bitmod-pe", made.unit, inputs)
    assert exact(made, model) == want
    assert any(want)


def test_the_largest_group_of_the_paper_fits():
    """128 times the largest fp16 number times 8, by 255: no bit is lost at either end."""
    made = generate("bitmod-pe", {})
    assert made.unit.group_format.width == 52
    place = np.arange(32)
    inputs = {
        "first": 1 * (place == 0),
        "last": 1 * (place == 31),
        "a": np.full((32, 4), 0x7BFF),
        "b": np.full((32, 4), 8),
        "selector": np.full(32, 3),
        "b_scale": np.full(32, 255),
    }
    inputs["a"][5, 2], inputs["b"][5, 2] = 0x8001, 1
    got, _ = run_on(made, inputs, 1, simulator="icarus")
    want = (127 * 65504 * -8 - Fraction(1, 1 << 25)) * 255
    assert exact(made, got) == [want]


def test_rounded_once_to_fp32():
    texts = {"a": "int8", "b": "fp4", "lanes": "2", "beats": "3", "o": "fp32", "stages": "3"}
    made = generate("bitmod-pe", {**texts, "scale_width": "20"})
    inputs, _ = stimuli(made.unit, 200, seed=8)
    sums = by_definition(made.unit.parameters, inputs)
    got, _ = run_on(made, inputs, len(sums), simulator="icarus")
    # The sums fit in a double, which NumPy's conversion rounds to nearest, ties to even.
    expected = np.array([float(n) for n in sums]).astype(np.float32).view(np.uint32)
    assert got["p"].tolist() == expected.tolist()
    assert any(int(n * 2).bit_length() > 24 for n in sums)


def test_no_number_makes_nan_whatever_the_weight():
    made = generate("bitmod-pe", {"lanes": "1", "beats": "1", "o": "fp32", "scale_width": "2"})
    inputs = {
        "a": np.array([[0x7C00], [0xFC00], [0x7E00], [0x7C00], [0x3C00]]),
        "b": np.array([[2], [2], [2], [0], [2]]),
        "selector": np.zeros(5, int),
        "b_scale": np.array([1, 1, 1, 1, 3]),
    }
    got, _ = run_on(made, inputs, 5, simulator="icarus")
    fp32 = parse_format("fp32")
    assert np.isnan(fp32.to_float(got["p"])[:4]).all()
    assert fp32.to_float(got["p"])[4] == 3


@pytest.mark.parametrize(("b", "terms"), [("fp3", 2), ("fp4", 2), ("int6", 3), ("int8", 4)])
def test_as_many_cycles_as_terms_and_no_stall_for_scales(b, terms):
    made = generate("bitmod-pe", {"a": "int8", "b": b, "lanes": "1", "beats": "4"})
    beat = {"a": [3], "b": [1], "b_scale": 5}
    fed = [{**beat, "first": n % 4 == 0, "last": n % 4 == 3} for n in range(12)]
    taken, offered = beat_times(made.unit, fed, 3)
    assert taken == [terms * n + terms - 1 for n in range(12)]
    assert offered[0] == taken[3] + made.unit.latency
    assert offered[2] - offered[1] == 4 * terms


def test_a_shorter_group_waits_for_the_scale_before():
    made = generate("bitmod-pe", {"a": "int8", "lanes": "1", "beats": "4"})
    fed = [{"a": [3], "b": [1], "b_scale": 5, "first": 1, "last": 1}] * 5
    _, offered = beat_times(made.unit, fed, 5)
    assert [after - before for before, after in pairwise(offered)] == [8] * 4


def test_a_quantized_layer():
    """Weights quantized group by group, their products in the element, the channel's scale last."""
    rng = np.random.default_rng(11)
    weights = rng.standard_t(3, (2, 32))
    made = quantize(weights, "fp4", group=16)
    unit = generate("bitmod-pe", {"lanes": "4", "beats": "4"})
    a = rng.normal(size=32).astype(np.float16)
    place = np.arange(16) % 4
    inputs = {
        "first": 1 * (place == 0),
        "last": 1 * (place == 3),
        "a": np.tile(a.view(np.uint16).astype(np.int64), 2).reshape(16, 4),
        "b": made.codes.reshape(16, 4),
        "selector": np.repeat(made.selector.ravel(), 4),
        "b_scale": np.repeat(made.factor.ravel(), 4),
    }
    got, _ = run_on(unit, inputs, 4, simulator="icarus")
    sums = np.array([float(x) for x in exact(unit, got)]).reshape(2, 2).sum(axis=1)
    levels = np.array(
        [
            [float(weight("fp4", code, made.selector[c, k // 16])) for k, code in enumerate(row)]
            for c, row in enumerate(made.codes.tolist())
        ]
    )
    dequantized = levels * np.repeat(made.factor, 16, axis=1) * made.channel_scale[:, None]
    np.testing.assert_allclose(sums * made.channel_scale, dequantized @ a.astype(float), rtol=1e-12)
    assert np.linalg.norm(dequantized - weights) < 0.15 * np.linalg.norm(weights)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"lanes": "0"}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"beats": "0"}, "The number of beats must be an integer from 1 to 4294967296, not 0"),
        ({"scale_width": "33"}, "The scale width must be an integer from 0 to 32, not 33"),
        (
            {"special0": "-13"},
            "A special value must be an integer from -12 to 12 that is a sum or a difference of "
            "two powers of two, not '-13'",
        ),
    ],
)
def test_refused(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("bitmod-pe", texts)
