"""Block quantization by binary floating point and tables, against the same in integers."""

import numpy as np
import pytest
from block_stimuli import blocks

from bitwright.hdl.formats import Overflow, Projection, Rounding, parse_block, parse_format
from bitwright.hdl.formats.scale_rules import (
    BlockSpecials,
    ScaleOverflow,
    ScaleRule,
    element_top,
    rule_of,
)
from bitwright.verif.golden.convert import block_quantizer, block_scales
from bitwright.verif.golden.convert.block_quantizer import quantize

FP32 = parse_format("fp32")
DETERMINISTIC = [mode for mode in Rounding if not mode.stochastic]


@pytest.fixture
def same(monkeypatch):
    """Whether floats and a table give what integers give. Without tables all goes the exact way;
    with them none of the elements does."""

    def compare(*arguments, **options):
        with monkeypatch.context() as patch:
            patch.setattr(block_quantizer, "_exact", None)
            fast = quantize(*arguments, **options)
        with monkeypatch.context() as patch:
            for module in (block_quantizer, block_scales):
                patch.setattr(module, "has_table", lambda *_: False)
            exact = quantize(*arguments, **options)
        for got, want in zip(fast, exact, strict=True):
            np.testing.assert_array_equal(got, want)

    return compare


@pytest.mark.parametrize(
    "o",
    ["mxfp8_e4m3", "mxfp8_e5m2", "mxfp4", "mxint8", "bfp5sm_8", "dfp8_8", "nvfp4", "e4m3fn_e5m2_8",
     "int8n_fp16_8", "int4_fp32_8"],
)
def test_the_fast_way_is_the_exact_one(o, rng, same):
    """Every rule and rounding, at the ends of the range too: millions of numbers in all."""
    o = parse_block(o)
    for a in map(parse_format, ("fp32", "bf16", "fp16", "e5m9")):
        numbers = blocks(rng, a, (12000 // o.size, o.size))
        for rule in ScaleRule:
            if o.power_of_two_scale or not rule_of(o, rule).by_exponent:
                for mode in DETERMINISTIC:
                    specials = BlockSpecials.IGNORE if mode == "rne" else BlockSpecials.SCALE_NAN
                    projection = Projection(rounding=mode, ftz_out=mode == "ru")
                    same(numbers, a, o, rule, specials=specials, projection=projection)
    numbers = blocks(rng, FP32, (1000, o.size))
    exponents = rng.integers(-512, 513, len(numbers))
    same(numbers, FP32, o, exponent=exponents)
    given = rng.integers(0, 1 << o.scale.width, len(numbers))
    projection = Projection(overflow=Overflow.INF_OR_NAN)
    same(numbers, FP32, o, scales=given, exponent=exponents, projection=projection)


@pytest.mark.parametrize("o", ["mxint8", "nvfp4"])
def test_more_numbers_than_a_chunk(o, rng):
    o = parse_block(o)
    numbers = blocks(rng, FP32, (9000, o.size))
    whole = quantize(numbers, FP32, o)
    parts = [quantize(part, FP32, o) for part in np.array_split(numbers, 7)]
    for n, codes in enumerate(whole):
        np.testing.assert_array_equal(codes, np.concatenate([part[n] for part in parts]))


def near(products, rng):
    """Codes of the binary32 numbers next to these, with either sign."""
    codes = products.astype(np.float32).view(np.uint32).astype(np.int64)
    codes = np.clip(codes[..., None] + np.arange(-2, 3), 0, 0x7F800000)
    return codes | rng.integers(0, 2, codes.shape) << 31


@pytest.mark.parametrize(
    "o", ["mxfp8_e4m3", "mxfp4", "mxint8", "nvfp4", "e4m3fn_bf16_8", "int8_fp16_8", "e2m1fn_fp32_8"]
)
def test_ties_the_fast_way(o, rng, same):
    """Next to each scale times each element, and times each number between two."""
    o = parse_block(o)
    scales = rng.permutation(1 << min(o.scale.width, 20))[:256] << max(o.scale.width - 20, 0)
    scales += rng.integers(0, 1 << max(o.scale.width - 20, 1), len(scales))
    scales = scales[np.isfinite(o.scale.to_float(scales))]
    values = o.element.to_float(np.arange(1 << o.element.width))
    values = np.unique(abs(values[np.isfinite(values)]))
    ties = np.concatenate([values, (values[1:] + values[:-1]) / 2])
    with np.errstate(over="ignore", under="ignore"):
        numbers = near(abs(o.scale.to_float(scales))[:, None] * ties, rng)
    for mode in DETERMINISTIC:
        same(numbers.reshape(len(scales), -1), FP32, o, scales=scales,
             specials=BlockSpecials.IGNORE, projection=Projection(rounding=mode))


@pytest.mark.parametrize("rule", [ScaleRule.NEAREST, ScaleRule.MAX_ABS])
@pytest.mark.parametrize(
    "o", ["e2m1fn_ue4m3_1", "int8_ue5m3_1", "e4m3fn_e5m2_1", "mxint8_e8m0fnu_1"]
)
def test_ties_of_scales_the_fast_way(o, rule, rng, same):
    """Blocks of one number, next to those between two scales."""
    o = parse_block(o)
    values = o.scale.to_float(np.arange(1 << o.scale.width))
    values = np.unique(abs(values[np.isfinite(values)]))
    top = float(element_top(o)) if rule is ScaleRule.NEAREST else 1
    with np.errstate(over="ignore", under="ignore"):
        numbers = near(np.concatenate([values, (values[1:] + values[:-1]) / 2]) * top, rng)
    for overflow in ScaleOverflow:
        same(numbers.reshape(-1, 1), FP32, o, rule, scale_overflow=overflow)
