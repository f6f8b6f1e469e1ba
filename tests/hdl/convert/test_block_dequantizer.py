"""Blocks back to numbers: every element with every scale, against BlockFormat's exact values."""

import ml_dtypes
import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_block, parse_format
from bitwright.verif.verify import run_on, verify


def run(texts, inputs):
    made = generate("block-dequantizer", texts)
    got, _ = run_on(made, inputs, len(inputs["a"]), simulator="icarus")
    return got["p"].astype(np.int64)


@pytest.mark.parametrize(
    ("element", "dtype"),
    [("e2m1fn", "float4_e2m1fn"), ("e4m3fn", "float8_e4m3fn"), ("e5m2", "float8_e5m2"),
     ("e3m2fn", "float6_e3m2fn")],
)
def test_every_element_with_every_scale(element, dtype, agree):
    """Into fp32 by numpy's product of ml_dtypes' values, which is rounded once, to even."""
    width = parse_format(element).width
    scale, code = np.divmod(np.arange(1 << (8 + width)), 1 << width)
    got = run({"a": f"{element}_e8m0fnu_1"}, {"a": code[:, None], "a_scale": scale})[:, 0]
    values = code.astype(np.uint8).view(getattr(ml_dtypes, dtype)).astype(np.float64)
    scales = scale.astype(np.uint8).view(ml_dtypes.float8_e8m0fnu).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        want = (values * scales).astype(np.float32)
    fp32 = parse_format("fp32")
    agree(fp32, got, want, a=code, scale=scale)


@pytest.mark.parametrize("name", ["e2m1fn_ue4m3_2", "mxint8_e8m0fnu_2", "uint4z_fp16_2"])
def test_as_the_format_decodes(name, rng, agree):
    """`BlockFormat.decode` says what blocks are worth; numpy rounds it to binary32."""
    block, n = parse_block(name), 500
    codes = rng.integers(0, 1 << block.element.width, (n, 2))
    scales = rng.integers(0, 1 << block.scale.width, n)
    inputs = {"a": codes, "a_scale": scales}
    zero = None
    if block.zero_point:
        inputs["a_zero"] = rng.integers(0, 1 << block.element.width, n)
        zero = inputs["a_zero"][:, None]
    got = run({"a": name}, inputs)
    exact = block.decode(codes, scales[:, None], zero)
    want = np.ldexp(exact.significand.astype(np.float64), exact.exponent.astype(np.int64))
    want = np.where(exact.nan, np.nan, np.where(exact.infinite, np.inf, want))
    want = np.where(exact.negative, -want, want)
    number = ~(np.isnan(want) | (want == 0))  # signs of zeros are the projection's matter
    with np.errstate(over="ignore"):
        agree(parse_format("fp32"), got[number], want[number].astype(np.float32))
    assert (parse_format("fp32").decode(got).nan == np.isnan(want)).all()


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "e4m3fn_e8m0fnu_3", "o": "bf16", "stages": "2"},
        {"a": "bfp6sm_3", "o": "fp16", "overflow": "sat"},
        {"a": "e2m1fn_ue5m3_2x2", "o": "bf16", "rounding": "sra", "random_bits": "4"},
        {"a": "binary8p4se_binary8p1uf_2", "o": "fp16", "ftz_in": "true"},
        {"a": "int8_fp16_2", "o": "fp16"},
    ],
)
def test_verifies(texts):
    result = verify(generate("block-dequantizer", texts), simulator="icarus", vectors=1500)
    assert result.passed, result.examples
