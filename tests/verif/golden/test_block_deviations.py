"""Where other libraries quantize blocks otherwise: their rule in a few lines, and who is right."""

import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np
import pytest

from bitwright.hdl.formats import Projection, Rounding, parse_block, parse_format
from bitwright.hdl.formats.scale_rules import ScaleRule
from bitwright.verif.golden.convert.block_quantizer import quantize
from bitwright.verif.golden.convert.block_scales import scale_codes

FP32 = parse_format("fp32")
F = np.float32
#: Largest elements, with the exponent of their largest power of two.
TOPS = {
    "mxfp8_e4m3": (448, 8), "mxfp8_e5m2": (57344, 15), "mxfp6_e3m2": (28, 4),
    "mxfp6_e2m3": (7.5, 2), "mxfp4": (6, 2),
}
# All rules step once between 1 and 2, somewhere: every number near where they may, and some others.
_EDGES = [n << 17 for n in range(0x3F800000 >> 17, (0x40000000 >> 17) + 1)]
MANTISSAS = np.unique(
    np.concatenate(
        [np.arange(0x3F800000, 0x40000000, 1009)]
        + [np.arange(max(e - 300, 0x3F800000), min(e + 300, 0x40000000)) for e in _EDGES]
    )
).astype(np.int64)


def ours(amax, name, rule):
    return scale_codes(amax, FP32, parse_block(name), ScaleRule(rule))


@pytest.mark.parametrize("name", TOPS)
def test_floor_as_exponent_arithmetic(name):
    """The rule as kernels have it: the exponent field less emax. No logarithm, no deviation."""
    _, emax = TOPS[name]
    want = np.maximum((MANTISSAS >> 23) - emax, 0)
    np.testing.assert_array_equal(ours(MANTISSAS, name, "floor"), want)


def test_fpga_converter_takes_emax_16_for_e5m2():
    """MX-for-FPGA: emax is 2**(E-1) for every E. Verdict: wrong for E5M2, whose all-ones exponent
    is for specials; with 16 every block's largest element is beyond the largest number."""
    amax = MANTISSAS[::101]
    theirs = (amax >> 23) - 16
    assert (theirs == ours(amax, "mxfp8_e5m2", "floor") - 1).all()
    largest = amax.astype(np.uint32).view(F) / np.exp2(theirs - 127.0)
    assert (largest > 57344).all()
    for name, width in (("mxfp8_e4m3", 4), ("mxfp6_e3m2", 3), ("mxfp6_e2m3", 2), ("mxfp4", 2)):
        assert TOPS[name][1] == 2 ** (width - 1)


@pytest.mark.parametrize("name", TOPS)
def test_torchao_rceil(name):
    """amax times the rounded reciprocal, then up. Verdict: a deviation by construction, but for
    the MX elements it never shows: no amax of 24 bits lies between top times a power of two and
    where the product rounds to one."""
    top, _ = TOPS[name]
    amax = MANTISSAS
    product = (amax.astype(np.uint32).view(F) * (F(1) / F(top))).view(np.uint32).astype(np.int64)
    theirs = (product >> 23) + ((product & 0x7FFFFF) != 0)
    np.testing.assert_array_equal(theirs, ours(amax, name, "rceil"))


@pytest.mark.parametrize("name", TOPS)
def test_torchao_even_and_ceil(name):
    """Half an element's ulp added to amax's bits, then floor; one more for any mantissa bit."""
    _, emax = TOPS[name]
    mantissa = parse_block(name).element.mantissa_width
    even = ((MANTISSAS + (1 << (23 - mantissa - 1))) >> 23) - emax
    np.testing.assert_array_equal(ours(MANTISSAS, name, "even"), even)
    ceil = (MANTISSAS >> 23) + ((MANTISSAS & 0x7FFFFF) != 0) - emax
    np.testing.assert_array_equal(ours(MANTISSAS, name, "ceil"), ceil)


def test_microxcaling_rounds_ties_away():
    """Its mode "nearest" is floor(x + 1/2) of the magnitude. Verdict: MX v1.0 demands ties to
    even; rounding=rna is theirs."""
    x = F([[4, 0.25, 1.25, 2.5, 5 / 2, -0.25, 0.75, 3.5]])
    block = parse_block("e2m1fn_e8m0fnu_8")
    even, _ = quantize(x.view(np.uint32), FP32, block)
    away, _ = quantize(x.view(np.uint32), FP32, block, projection=Projection(rounding=Rounding.RNA))
    assert block.element.to_float(even[0]).tolist() == [4, 0, 1, 2, 2, -0.0, 1, 4]
    assert block.element.to_float(away[0]).tolist() == [4, 0.5, 1.5, 3, 3, -0.5, 1, 4]


def test_microxcaling_int8_is_symmetric():
    """It clamps MXINT8 to 127/64 on both sides. Verdict: MX v1.0 allows both; the narrow element
    is theirs."""
    x = F([[-1.9999, 1.9999]]).view(np.uint32)
    full, _ = quantize(x, FP32, parse_block("mxint8_e8m0fnu_2"))
    narrow, _ = quantize(x, FP32, parse_block("int8f6n_e8m0fnu_2"))
    assert full.tolist() == [[0x80, 0x7F]]
    assert narrow.tolist() == [[0x81, 0x7F]]


def test_microxcaling_zero_and_subnormal_blocks():
    """It takes amax 0 as 2**-126 and, asked to, flushes a whole block whose shared exponent is that
    of the smallest normal number. Verdict: both are free to choose. A zero block's scale is the
    same but for MXINT8, where ours is one less; flushing goes number by number here, as the MX
    paper has it."""
    zero = np.zeros(1, np.int64)
    for name, (_, emax) in TOPS.items():
        assert ours(zero, name, "floor") == max(1 - emax, 0)
    assert ours(zero, "mxint8", "floor") == 0
    x = np.array([[0x00800000, 0x00400000]])  # 2**-126 and half of it
    block = parse_block("e2m1fn_e8m0fnu_2")
    assert quantize(x, FP32, block)[0].tolist() == [[4, 2]]
    assert quantize(x, FP32, block, projection=Projection(ftz_in=True))[0].tolist() == [[4, 0]]


def test_gfloat_takes_a_rounded_logarithm():
    """Of binary32 numbers just below a power of two. Verdict: wrong, as MX v1.0 takes the largest
    power of two not above amax; from binary64 it is right."""
    x = np.nextafter(F(8), F(0))
    amax = np.array([x]).view(np.uint32).astype(np.int64)
    assert gfloat.block.compute_scale_amax(2, np.array([x])) == 2.0
    assert gfloat.block.compute_scale_amax(2, np.array([x], np.float64)) == 1.0
    assert ours(amax, "mxfp4", "floor") == 127


def test_scales_rounded_to_nearest_power():
    """ml_dtypes rounds ties up, gfloat to the even code. Verdict: ties to even, as everywhere."""
    amax = F([1.5, 3, 6, 12, 0.75, 1.4999, 1.5001])
    codes = amax.view(np.uint32).astype(np.int64)
    got = scale_codes(codes, FP32, parse_block("e4m3fn_e8m0fnu_8"), ScaleRule.MAX_ABS)
    e8m0 = parse_format("e8m0fnu")
    by_gfloat = gfloat.round_ndarray(gfloat.formats.format_info_ocp_e8m0, amax.astype(np.float64))
    np.testing.assert_array_equal(e8m0.to_float(got), by_gfloat)
    up = amax.astype(ml_dtypes.float8_e8m0fnu).view(np.uint8)
    assert up[:5].tolist() == [128, 129, 130, 131, 127]
    assert got.tolist() == [128, 128, 130, 130, 126, 127, 128]


def test_power_of_two_of_transformer_engine():
    """MXFP4 there is 2**ceil(log2(amax / 6)), not OCP's floor: rule rceil. Two conversions of one
    name, and neither is wrong; OCP's clips, with amax above 6 times its scale."""
    amax = F([5, 6, 6.5, 7.9]).view(np.uint32).astype(np.int64)
    assert ours(amax, "mxfp4", "floor").tolist() == [127] * 4
    assert ours(amax, "mxfp4", "rceil").tolist() == [127, 127, 128, 128]
