"""The block dot product's hardware: any order, specials in each lane, scales' ends, refusals."""

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.gen.parameters import make_unit
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

UNIT = "block-dot-product"
ONE = 127  # the code of 1 in E8M0


def answers(made, inputs):
    return run_on(made, inputs, len(inputs["a"]), simulator="icarus")[0]["p"]


def test_order_of_lanes_and_blocks_does_not_matter():
    blocks = {"a": "e2m1fn_ue4m3_2", "b": "e2m3fn_ue4m3_2", "blocks": "3"}
    made = generate(UNIT, {**blocks, "adder": "plain"})
    inputs, _ = stimuli(made.unit, 100, seed=21)
    rng = np.random.default_rng(22)
    blocks = rng.permuted(np.tile(np.arange(3), (100, 1)), axis=1)
    within = rng.permuted(np.tile(np.arange(2), (100, 3, 1)), axis=2)
    lanes = (2 * blocks[:, :, None] + within).reshape(100, 6)
    shuffled = {
        name: np.take_along_axis(codes, blocks if name.endswith("scale") else lanes, axis=1)
        for name, codes in inputs.items()
    }
    together = {name: np.concatenate([inputs[name], shuffled[name]]) for name in inputs}
    got = answers(made, together)
    np.testing.assert_array_equal(got[:100], got[100:])
    np.testing.assert_array_equal(got, golden(UNIT, made.unit, together)["p"])


def test_specials_in_each_lane():
    """NaN, infinities, and infinity beside zero, alone in a lane, before scales of each kind."""
    texts = {"a": "e5m2_ue5m3_4", "b": "e4m3fn_e8m0fnu_4", "c": "fp32", "overflow": "inf_or_nan"}
    made = generate(UNIT, texts)
    one, zero, nan, inf, top = 0x3C, 0, 0x7E, 0x7C, 0x7B
    rows = []
    for lane in range(4):
        for x in (nan, inf, inf | 0x80, top):
            for y in (0x38, 0xB8, zero, 0x7F):
                for scales in ((0, ONE), (15 << 3, ONE), (255, ONE), (15 << 3, 255), (254, 254)):
                    for c in (0, 0x7F800000, 0xFF800000, 0x7FC00000):
                        rows.append((lane, x, y, *scales, c))
    count = len(rows)
    a, b = np.full((count, 4), one), np.full((count, 4), 0x38)
    lane, x, y, scale_a, scale_b, c = np.array(rows).T
    a[np.arange(count), lane], b[np.arange(count), lane] = x, y
    inputs = {"a": a, "b": b, "a_scale": scale_a, "b_scale": scale_b, "c": c}
    got, want = answers(made, inputs), golden(UNIT, made.unit, inputs)["p"]
    np.testing.assert_array_equal(got, want)
    # What must come out of some of them, said without the model.
    any_nan = (x == nan) | (y == 0x7F) | (scale_a == 255) | (scale_b == 255) | (c == 0x7FC00000)
    infinite = (x & 0x7F) == inf
    any_nan |= infinite & ((y == zero) | (scale_a == 0))
    minus = ((x >> 7) ^ (y >> 7)) == 1
    opposite = np.where(minus, 0x7F800000, 0xFF800000)
    any_nan |= infinite & (c == opposite)
    np.testing.assert_array_equal(got == 0x7FC00000, any_nan)
    rest = infinite & ~any_nan
    np.testing.assert_array_equal(got[rest], np.where(minus, 0xFF800000, 0x7F800000)[rest])


@pytest.mark.parametrize("c", ["none", "fp32"])
def test_scale_extremes(c):
    """One block from far below FP32's least number to far beyond its largest."""
    texts = {"a": "e2m1fn_e8m0fnu_2", "b": "e2m1fn_e8m0fnu_2", "c": c, "overflow": "inf_or_nan"}
    made = generate(UNIT, texts)
    codes = np.array([0, 1, 2, 50, 52, 53, 54, 64, 126, 127, 128, 190, 252, 253, 254])
    scale_a, scale_b = (grid.ravel() for grid in np.meshgrid(codes, codes))
    elements = np.array([[1, 0], [7, 7], [2, 10], [3, 9], [8, 8]])
    count = len(scale_a) * len(elements)
    inputs = {
        "a": np.repeat(elements, len(scale_a), axis=0),
        "b": np.full((count, 2), 2),
        "a_scale": np.tile(scale_a, len(elements)),
        "b_scale": np.tile(scale_b, len(elements)),
    }
    if c == "fp32":
        inputs["c"] = np.arange(count) * 0x01234567 & 0xFFFFFFFF
    got = answers(made, inputs)
    np.testing.assert_array_equal(got, golden(UNIT, made.unit, inputs)["p"])
    if c == "none":
        exponent = inputs["a_scale"] + inputs["b_scale"] - 2 * ONE
        first = slice(0, len(scale_a))  # 0.5 times the scales
        exact = np.ldexp(0.5, exponent[first].astype(np.int64))
        with np.errstate(over="ignore"):
            want = exact.astype(np.float32).view(np.uint32)
        np.testing.assert_array_equal(got[first], want)
        assert not got[2 * len(scale_a) : 3 * len(scale_a)].any()  # 1 - 1


def test_sum_formats():
    """Fixed point over all that the scales can be: A.5's 57 bits of NVFP4, and E8M0's hundreds."""

    def width(**texts):
        unit = make_unit(UNIT, {name: str(text) for name, text in texts.items()})
        return unit.sum_format.width if unit.sum_format else None

    assert width(a="nvfp4", b="nvfp4", blocks=2) == 50
    assert width(a="nvfp4", b="nvfp4", blocks=64) == 55
    assert width(a="mxfp4", b="mxfp4", o="exact") == 523
    assert width(a="mxfp8_e4m3", b="mxfp8_e4m3", blocks=2) == 552
    assert width(a="mxfp8_e4m3", b="mxfp8_e4m3") is None
    assert width(a="mxfp8_e4m3", b="mxfp8_e4m3", c="fp32") is None


ALIGNED = {"semantics": "aligned"}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"blocks": "0"}, "The number of blocks must be an integer from 1 to 1024, not 0"),
        (
            {"a": "e2m1fn_ue4m3_24", "b": "nvfp4"},
            "One block size must divide the other, not be 24 and 16",
        ),
        ({"blocks": "33"}, "The lanes of 33 blocks must be at most 1024, not 1056"),
        (
            {"fraction": "13"},
            "The fraction bits must be left out with exact semantics, which cut nothing, not 13",
        ),
        (ALIGNED, "The fraction bits of aligned semantics must be from 1 to 64, not -1"),
        (
            {**ALIGNED, "fraction": "13", "o": "exact"},
            "The result of aligned semantics must be a float format, not 'exact'",
        ),
        (
            {**ALIGNED, "preset": "hopper_fp8"},
            "The elements of preset 'hopper_fp8' must be 'e4m3fn' or 'e5m2', not 'e2m1fn'",
        ),
        (
            {**ALIGNED, "preset": "blackwell", "a": "nvfp4", "b": "nvfp4"},
            "The scales of preset 'blackwell' must be 'e8m0fnu', not 'ue4m3'",
        ),
        (
            {**ALIGNED, "preset": "blackwell", "fraction": "20"},
            "The fraction bits must be left out with a preset, as 'blackwell' sets it, not 20",
        ),
        (
            {"preset": "blackwell"},
            "The semantics of preset 'blackwell' must be 'aligned', not 'exact'",
        ),
        (
            {**ALIGNED, "preset": "blackwell", "rounding": "ru"},
            "The projection of preset 'blackwell' must be left out, as it sets it, not 'ru'",
        ),
        (
            {**ALIGNED, "preset": "blackwell", "c": "bf16"},
            "The addend of preset 'blackwell' must be 'fp32', as its result, not 'bf16'",
        ),
        (
            {"preset": "mxdotp", "a": "e5m2_e8m0fnu_8", "b": "e5m2_e8m0fnu_8"},
            "The addend of preset 'mxdotp' must be 'fp32', not 'None'",
        ),
        (
            {"semantics": "sequential", "rounding": "sra", "random_bits": "4"},
            "The rounding of sequential semantics must not be stochastic, as 'sra' is: every "
            "element would need random bits",
        ),
        (
            {"a": "fp32_fp32_8", "b": "fp32_fp32_8", "o": "exact"},
            "The exact sum must be at most 1024 bits wide, not 1112, as it is with scales in fp32 "
            "and fp32",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(texts, message):
    with refused(message):
        make_unit(UNIT, texts)
