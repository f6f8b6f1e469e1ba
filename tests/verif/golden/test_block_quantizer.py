"""The golden block quantizer against a scalar reference, ml_dtypes and gfloat."""

import block_scalar
import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np
import pytest
from block_stimuli import blocks

from bitwright.hdl.formats import (
    NanTo,
    Overflow,
    Projection,
    Rounding,
    parse_block,
    parse_format,
)
from bitwright.hdl.formats.scale_rules import BlockSpecials, ScaleOverflow, ScaleRule, ZeroBlock
from bitwright.verif.golden.convert.block_quantizer import quantize
from bitwright.verif.stimuli.neighbours import neighbours

FP32 = parse_format("fp32")
DTYPES = {
    "mxfp8_e4m3": ml_dtypes.float8_e4m3fn, "mxfp8_e5m2": ml_dtypes.float8_e5m2,
    "mxfp6_e3m2": ml_dtypes.float6_e3m2fn, "mxfp6_e2m3": ml_dtypes.float6_e2m3fn,
    "mxfp4": ml_dtypes.float4_e2m1fn,
}
NONSATURATING = Projection(overflow=Overflow.INF_OR_NAN)
BY_EXPONENT = ("floor", "ceil", "rceil", "even", "three_quarters")


def check(numbers, a, o, rule, *, specials="scale_nan", zero_block="least", overflow="sat",
          projection=Projection(), random=None, scales=None, exponent=None):
    got, got_scales = quantize(
        numbers, a, o, ScaleRule(rule), specials=BlockSpecials(specials),
        zero_block=ZeroBlock(zero_block), scale_overflow=ScaleOverflow(overflow),
        projection=projection, random=random, scales=scales,
        exponent=0 if exponent is None else exponent,
    )
    for n, row in enumerate(numbers):
        multiplier = 1 if exponent is None else block_scalar.two_to(int(exponent[n]))
        want, want_scale = block_scalar.quantize(
            row, a, o, rule, projection=projection, specials=specials, zero_block=zero_block,
            overflow=overflow, random=None if random is None else random[n], multiplier=multiplier,
            scale=None if scales is None else int(scales[n]),
        )
        assert (got_scales[n], got[n].tolist()) == (want_scale, want), [hex(x) for x in row]


@pytest.mark.parametrize("rule", BY_EXPONENT)
@pytest.mark.parametrize("a", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize(
    "o", ["e4m3fn_e8m0fnu_8", "e2m1fn_e8m0fnu_8", "mxint8_e8m0fnu_8", "bfp5sm_8", "e5m2_e8m0fnu_8"]
)
def test_rules_by_exponent(rule, a, o, rng):
    a, o = parse_format(a), parse_block(o)
    check(blocks(rng, a, (120, 8)), a, o, rule)


@pytest.mark.parametrize("rule", ["nearest", "max_abs"])
@pytest.mark.parametrize(
    "o",
    ["e2m1fn_ue4m3_8", "e2m1fn_ue5m3_8", "int8n_fp16_8", "int4_e6m9_8", "e4m3fn_e5m2_8",
     "binary8p4se_binary8p1uf_8", "e2m1fn_e8m0fnu_8"],
)
def test_rules_by_magnitude(rule, o, rng):
    a = parse_format("fp32")
    check(blocks(rng, a, (150, 8)), a, parse_block(o), rule)


@pytest.mark.parametrize(
    ("o", "more"),
    [
        ("e4m3fn_e8m0fnu_6", {"specials": "ignore", "zero_block": "one"}),
        ("e2m1fn_e8m0fnu_6", {"specials": "ignore", "projection": Projection(nan_to=NanTo.ZERO)}),
        ("e5m2_e8m0fnu_6", {"specials": "ignore", "projection": NONSATURATING}),
        ("mxint8_e8m0fnu_6", {"overflow": "inf_or_nan", "rule": "rceil"}),
        ("e2m1fn_ue4m3_6", {"overflow": "inf_or_nan", "zero_block": "one", "rule": "nearest"}),
        ("e4m3fn_e8m0fnu_6", {"projection": Projection(ftz_in=True)}),
        ("e4m3fn_binary8p1uf_6", {"zero_block": "one", "rule": "rceil"}),
    ],
)
def test_choices(o, more, rng):
    a = parse_format("fp32")
    check(blocks(rng, a, (250, 6)), a, parse_block(o), **{"rule": "floor", **more})


@pytest.mark.parametrize("mode", ["rna", "rtz", "ru", "rd", "rto", "sra", "srb", "src"])
@pytest.mark.parametrize("o", ["e2m1fn_e8m0fnu_6", "mxint8_e8m0fnu_6", "e2m1fn_ue4m3_6"])
def test_roundings(mode, o, rng):
    a, o = parse_format("bf16"), parse_block(o)
    bits = 5 if mode.startswith("sr") else 0
    numbers = blocks(rng, a, (100, 6))
    random = rng.integers(0, 32, numbers.shape) if bits else None
    projection = Projection(rounding=Rounding(mode), random_bits=bits)
    check(numbers, a, o, "floor" if o.power_of_two_scale else "nearest", projection=projection,
          random=random)


@pytest.mark.parametrize("o", ["e4m3fn_e8m0fnu_6", "e2m1fn_ue4m3_6", "int8_fp16_6"])
def test_given_scales_and_exponents(o, rng):
    a, o = parse_format("fp32"), parse_block(o)
    numbers = blocks(rng, a, (200, 6))
    scales = rng.integers(0, 1 << o.scale.width, len(numbers))
    check(numbers, a, o, "auto", scales=scales)
    exponent = rng.integers(-256, 256, len(numbers))
    check(numbers, a, o, "floor" if o.power_of_two_scale else "nearest", exponent=exponent)


@pytest.mark.parametrize("name", DTYPES)
def test_mx_as_ml_dtypes_and_gfloat(name, rng, agree):
    """Scales by gfloat's rule, elements by both, of numbers whose quotients binary32 holds."""
    o = parse_block(name)
    numbers = neighbours(rng, FP32, (3000, 32))
    exponents = numbers >> 23 & 0xFF
    numbers = numbers[(exponents.min(axis=1) > 40) & (exponents.max(axis=1) < 230)]
    assert len(numbers) > 500
    x = numbers.astype(np.uint32).view(np.float32)
    got, scales = quantize(numbers, FP32, o)
    info = getattr(gfloat.formats, f"format_info_ocp_{o.element.name.removesuffix('fn')}")
    # In binary64: of binary32 numbers log2 would round up to the next power.
    doubles = x.astype(np.float64)
    theirs = np.array([gfloat.block.compute_scale_amax(info.emax, row) for row in doubles])
    np.testing.assert_array_equal(o.scale.to_float(scales), theirs)
    quotient = (x / theirs[:, None]).astype(np.float32)
    top = o.element.to_float(o.element.max_magnitude)
    by_ml_dtypes = np.clip(quotient, -top, top).astype(DTYPES[name])
    want = by_ml_dtypes.view(np.uint8).astype(np.int64)
    agree(o.element, got.ravel(), want.ravel(), a=(FP32, numbers.ravel()))
    rounded = gfloat.round_ndarray(info, quotient[:200].astype(np.float64), sat=True)
    agree(o.element, got[:200].ravel(), gfloat.encode_ndarray(info, rounded).ravel())


def test_mx_scale_codes():
    """Worked by hand: amax 5.5, 6 and 7.75 in E2M1, whose largest power of two is 4."""
    numbers = np.float32([[5.5, 0], [6, 0], [6.5, 0], [7.75, 1], [1.5, 0]]).view(np.uint32)
    o = parse_block("e2m1fn_e8m0fnu_2")
    assert quantize(numbers, FP32, o)[1].tolist() == [127, 127, 127, 127, 125]
    assert quantize(numbers, FP32, o, ScaleRule.RCEIL)[1].tolist() == [127, 127, 128, 128, 125]
    assert quantize(numbers, FP32, o, ScaleRule.CEIL)[1].tolist() == [128, 128, 128, 128, 126]
    # To one bit below the first: 7.75 is rounded to 8, and so would be 7 but not 6.5.
    assert quantize(numbers, FP32, o, ScaleRule.EVEN)[1].tolist() == [127, 127, 127, 128, 125]
