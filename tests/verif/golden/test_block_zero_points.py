"""Scales and zero points from a block's range, against fractions."""

from fractions import Fraction

import numpy as np
import pytest
from block_stimuli import blocks
from expect import refused
from scalar import Layout, project

from bitwright.hdl.formats import Projection, parse_block, parse_format
from bitwright.verif.golden.convert.block_zero_points import quantize_with_zero_points

FP32 = parse_format("fp32")


def one_block(row, a, o):
    """As the three lines say, in fractions."""
    source, target = Layout.of(a), Layout.of(o.scale)
    numbers = [source.decode(int(code)) for code in row]
    numbers = [Fraction(0) if x == "-0" else x for x in numbers]
    if not all(isinstance(x, Fraction) for x in numbers):
        return [0] * len(row), target.nan, 0
    top = (1 << o.element.width) - 1
    low, high = min([*numbers, 0]), max([*numbers, 0])
    scale = project(Fraction(high - low) / top, target, Projection())
    s = target.decode(scale)
    if s == 0:
        return [0] * len(row), scale, 0
    zero = min(max(round(-low / s), 0), top)
    return [min(max(round(x / s) + zero, 0), top) for x in numbers], scale, zero


@pytest.mark.parametrize("a", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("o", ["uint4z_fp16_6", "uint8z_fp16_6", "uint2z_e5m2_6", "uint1z_ue4m3_6"])
def test_beside_fractions(a, o, rng):
    a, o = parse_format(a), parse_block(o)
    numbers = blocks(rng, a, (200, 6))
    numbers[:20] &= a.magnitude_mask
    numbers[20:40] |= a.sign_mask
    got = quantize_with_zero_points(numbers, a, o)
    for n, row in enumerate(numbers):
        want = one_block(row, a, o)
        assert (got[0][n].tolist(), got[1][n], got[2][n]) == want, [hex(x) for x in row]


def test_a_block_by_hand():
    """From -1 to 2 in 15 steps of a fifth; minus one is the 0th, zero the 5th."""
    x = np.float32([[-1, 0, 2, 0.5], [3, 3, 3, 3], [0, 0, 0, 0], [1, np.nan, 0, 0]])
    block = parse_block("uint4z_fp32_4")
    codes, scales, zeros = quantize_with_zero_points(x.view(np.uint32), FP32, block)
    fifth, nan = int(np.float32(0.2).view(np.uint32)), 0x7FC00000
    assert codes.tolist() == [[0, 5, 15, 7], [15] * 4, [0] * 4, [0] * 4]
    assert scales.tolist() == [fifth, fifth, 0, nan]
    assert zeros.tolist() == [5, 0, 0, 0]


def test_refused():
    numbers = np.zeros((1, 4), np.int64)
    with refused("The block format must have zero points, not 'mxfp4'"):
        quantize_with_zero_points(numbers, FP32, parse_block("mxfp4"))
    with refused("The scales must be floats with a zero and a NaN, not 'e8m0fnu'"):
        quantize_with_zero_points(numbers, FP32, parse_block("uint4z_e8m0fnu_4"))
