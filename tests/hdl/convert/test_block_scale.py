"""One scale for many beats, and what it does with the quantizer."""

import block_scalar
import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.formats import Projection, parse_block, parse_format
from bitwright.verif.golden.convert.block_quantizer import quantize
from bitwright.verif.verify import run_on, verify

FP32 = parse_format("fp32")


def scale_of(texts, x):
    """Of one transaction."""
    beats = len(x)
    inputs = {"a": x, "first": np.arange(beats) == 0, "last": np.arange(beats) == beats - 1}
    inputs = {name: np.asarray(value).astype(np.int64) for name, value in inputs.items()}
    made = generate("block-scale", texts)
    return int(run_on(made, inputs, 1, simulator="icarus")[0]["p_scale"][0])


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "fp32", "o": "dfp16_4", "beats": "8"},
        {"a": "fp16", "o": "e4m3fn_e8m0fnu_4", "rule": "rceil", "beats": "3", "zero_block": "one"},
        {"a": "bf16", "o": "e2m1fn_ue4m3_4", "beats": "5", "stages": "3", "specials": "ignore"},
        {"a": "bf16", "o": "binary8p4se_binary8p1uf_3", "beats": "4"},
    ],
)
def test_verifies(texts):
    result = verify(generate("block-scale", texts), simulator="icarus", vectors=1500)
    assert result.passed, result.examples


def test_dynamic_fixed_point_of_a_tensor(rng):
    """The tensor's exponent, then its mantissas with it, against fractions."""
    x = (rng.standard_normal((6, 4)) * 10.0 ** rng.integers(-3, 3, (6, 4))).astype(np.float32)
    codes, block = x.view(np.uint32), parse_block("dfp16_4")
    scale = scale_of({"o": "dfp16_4", "beats": "8"}, codes)
    want, want_scale = block_scalar.quantize(
        codes.ravel(), FP32, block, "floor", projection=Projection()
    )
    assert scale == want_scale
    made = generate("block-quantizer", {"o": "dfp16_4", "scale": "given"})
    inputs = {"a": codes, "a_scale": np.full(6, scale)}
    got, _ = run_on(made, inputs, 6, simulator="icarus")
    assert got["p"].astype(np.int64).ravel().tolist() == want


def test_a_tile_by_rows_is_the_two_dimensional_block(rng):
    """The scale of 4 rows one by one and that of all at once."""
    x = rng.standard_normal((4, 4)).astype(np.float32).view(np.uint32)
    tile = parse_block("e2m1fn_ue4m3_4x4")
    _, scales = quantize(x.reshape(1, 16), FP32, tile)
    assert scale_of({"o": "e2m1fn_ue4m3_4", "beats": "4"}, x) == scales[0]


def test_largest_magnitude_in_binary32(rng):
    """NVFP4's tensor scale starts from it."""
    x = rng.standard_normal((5, 16)).astype(np.float32)
    got = scale_of({"o": "e2m1fn_fp32_16", "rule": "max_abs", "beats": "5"}, x.view(np.uint32))
    assert got == int(np.abs(x).max().view(np.uint32))


def test_refused():
    with pytest.raises(ValueError, match="number of beats must be an integer from 1 to"):
        generate("block-scale", {"beats": "0"})
    with pytest.raises(ValueError, match="must be one of the largest magnitude, not 'quest'"):
        generate("block-scale", {"o": "mxfp4", "rule": "quest"})
