"""NVFP4 in TransformerEngine's order of operations against a restatement with ml_dtypes; and what
the exact quotient of `block-quantizer` makes of the same numbers."""

import ml_dtypes
import numpy as np
import pytest

from bitwright.hdl.formats import NegativeZero, Projection, parse_block, parse_format
from bitwright.verif.golden.convert.block_quantizer import quantize
from bitwright.verif.golden.convert.nvfp4 import (
    quantize_blocks_te,
    quantize_te,
    tensor_scale_te,
)
from bitwright.verif.stimuli.neighbours import neighbours

FP32 = parse_format("fp32")
F = np.float32


def restated(x, s_enc=None):
    """The published lines, one after the other, with ml_dtypes for both roundings."""
    amax_tensor = np.abs(x).max()
    if s_enc is None:
        s_enc = F(1) if amax_tensor == 0 else min(F(448) * F(6) / amax_tensor, np.finfo(F).max)
    s_dec = F(1) / s_enc
    mult = s_enc * (F(1) / F(6))
    with np.errstate(over="ignore"):
        unrounded = np.abs(x).max(axis=1) * mult
    s_b = np.clip(unrounded, F(-448), F(448)).astype(ml_dtypes.float8_e4m3fn)
    with np.errstate(divide="ignore"):
        enc_b = np.minimum(F(1) / (s_b.astype(F) * s_dec), np.finfo(F).max)
    with np.errstate(over="ignore"):
        y = np.clip(x * enc_b[:, None], F(-6), F(6))
    thresholds = np.float32([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5])
    magnitude = abs(y)[..., None]
    # A tie goes to the even mantissa: up from 0.75, 1.75 and 3.5, down from the others.
    above = np.where([0, 1, 0, 1, 0, 1, 0], magnitude >= thresholds, magnitude > thresholds)
    return above.sum(axis=-1) | (y < 0) << 3, s_b.view(np.uint8)


@pytest.mark.parametrize("size", [16, 256])
@pytest.mark.parametrize("bf16", [False, True])
def test_as_restated(size, bf16, rng):
    x = rng.standard_normal((60000 // size, size)) * 10.0 ** rng.integers(-8, 8, (60000 // size, 1))
    x = x.astype(ml_dtypes.bfloat16 if bf16 else F).astype(F)
    x[rng.random(x.shape) < 0.05] = 0
    x[::7] = 0
    x[3, :] = -0.0
    codes, scales = quantize_te(x)
    want, want_scales = restated(x)
    np.testing.assert_array_equal(scales, want_scales)
    np.testing.assert_array_equal(codes, want)


def test_ties_as_thresholds():
    """Each tie, with a tensor whose scale is 1: its largest number is 448 * 6."""
    ties = [0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5]
    x = np.zeros((2, 16), F)
    x[0, 0] = 448 * 6
    x[1, :8] = [6, *ties]
    codes, scales = quantize_te(x)
    assert tensor_scale_te(448 * 6) == 1
    assert scales.tolist() == [0x7E, 0x38]
    assert codes[1, :8].tolist() == [7, 0, 2, 2, 4, 4, 6, 6]


def test_zero_tensor():
    codes, scales = quantize_te(np.zeros((2, 16), F))
    assert not codes.any()
    assert not scales.any()


def test_the_exact_quotient_differs_seldom_and_by_one_code(rng):
    """Verdict: TransformerEngine rounds more than once, so near ties it may give the farther
    neighbour, of scales and of elements. Never by more than one code; exact zeros lose their sign
    there, and blocks with a zero scale keep codes."""
    # The tensor's scale is 1 or a power of two, so that both are given the same numbers.
    x = rng.standard_normal((40000, 16)).astype(F)
    x = np.clip(x, -5.25, 5.25)
    x[0, 0] = 5.25
    exponent = int(np.log2(tensor_scale_te(5.25)))
    assert tensor_scale_te(5.25) == 2.0**exponent
    theirs, their_scales = quantize_te(x)
    block = parse_block("nvfp4")
    ours, scales = quantize(x.view(np.uint32), FP32, block, exponent=exponent)
    other_scale = scales != their_scales
    assert other_scale.mean() < 1e-3
    assert (abs(scales - their_scales.astype(np.int64)) <= 1).all()
    same = ~other_scale
    differ = ours[same] != theirs[same]
    assert differ.mean() < 1e-3
    assert (abs((ours[same] & 7) - (theirs[same].astype(np.int64) & 7)) <= 1).all()


@pytest.mark.parametrize("a", ["fp32", "bf16"])
def test_blocks_of_tensors_of_their_own(a, rng):
    """What the unit computes: blocks as the restated lines have them, zeros but for their sign."""
    a = parse_format(a)
    x = neighbours(rng, a, (400, 4))
    x[:30, 1] = a.sign_mask
    numbers = a.to_float(x).astype(F)
    amax = abs(numbers).max(axis=1).astype(float)
    with np.errstate(divide="ignore", over="ignore"):
        tensors = (2688 / amax * rng.choice([0.5, 0.999, 1, 7, 3e4], len(amax))).astype(F)
    codes, scales = quantize_blocks_te(x, a, tensors.view(np.uint32), Projection())
    counted = 0
    for n, row in enumerate(numbers):
        if not np.isfinite([*row, tensors[n]]).all() or tensors[n] < np.finfo(F).tiny:
            assert (scales[n], codes[n].any()) == (0x7F, False)
            continue
        want, want_scale = restated(row[None], tensors[n])
        assert scales[n] == want_scale[0]
        signs = np.where(want[0] & 7, want[0] & 8, np.signbit(row) << 3)
        expected = want[0] & 7 | signs if scales[n] else np.zeros(4)
        assert codes[n].tolist() == expected.tolist()
        counted += 1
    assert counted > 300


def test_zeros_without_signs():
    x = np.float32([[6, -6, -1e-9, -0.0]]).view(np.uint32)
    one = np.float32([1]).view(np.uint32)
    assert quantize_blocks_te(x, FP32, one, Projection())[0].tolist() == [[7, 15, 8, 8]]
    drop = Projection(neg_zero=NegativeZero.DROP)
    assert quantize_blocks_te(x, FP32, one, drop)[0].tolist() == [[7, 15, 0, 0]]
