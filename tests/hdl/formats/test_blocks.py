"""Block formats: names read back, values are exact, and gfloat's MX formats agree."""

from fractions import Fraction

import gfloat
import gfloat.formats
import numpy as np
import pytest
from expect import refused

from bitwright.hdl.formats import (
    STANDARD_BLOCKS,
    BlockFormat,
    FloatFormat,
    IntegerFormat,
    Specials,
    parse_block,
    parse_format,
)


@pytest.mark.parametrize("name", STANDARD_BLOCKS)
def test_standard_names(name):
    block = parse_block(name)
    assert block is STANDARD_BLOCKS[name]
    assert block.name == str(block) == name
    assert repr(block) == f"<block format {name}>"


@pytest.mark.parametrize(
    ("name", "spelled_out", "bits"),
    [
        ("mxfp8_e4m3", "e4m3fn_e8m0fnu_32", 8.25),
        ("mxfp6_e2m3", "e2m3fn_e8m0fnu_32", 6.25),
        ("mxfp4", "e2m1fn_e8m0fnu_32", 4.25),
        ("mxint8", "int8f6_e8m0fnu_32", 8.25),
        ("mxint8", "bfp8_32", 8.25),
        ("nvfp4", "e2m1fn_ue4m3_16_fp32", 4.4375),
        ("nvfp4_2d", "e2m1fn_ue4m3_16x16_fp32", 4 + 7 / 256),
        ("bfp6_16", "int6f4_e8m0fnu_16", 6.5),
        ("bfp4sm_16", "e1m2b1none_e8m0fnu_16", 4.5),
        ("dfp16_32", "int16f14n_e8m0fnu_32", 16.25),
        ("uint4z_fp16_128", "uint4z_fp16_128", 4 + 20 / 128),
        ("binary8p4se_binary8p1uf_32", "binary8p4se_binary8p1uf_32", 8.25),
    ],
)
def test_names_spelled_out(name, spelled_out, bits):
    block = parse_block(name)
    again = BlockFormat(
        block.element, block.scale, block.size, block.rows, block.tensor_scale, block.zero_point
    )
    assert again.name == parse_block(spelled_out).name or again == parse_block(spelled_out)
    assert parse_block(spelled_out) == block
    assert parse_block(again.name) == block
    assert block.bits_per_element == bits


def test_mantissas_of_block_floating_point():
    """In two's complement from -2 to below 2; in sign and magnitude the same without -2."""
    element = parse_block("bfp4_8").element
    assert element == IntegerFormat(4, fraction=2)
    element = parse_block("bfp4sm_8").element
    assert element == FloatFormat(1, 2, 1, specials=Specials.NONE)
    numbers = [element.to_fraction(code) for code in range(8)]
    assert numbers == [Fraction(n, 4) for n in range(8)]
    assert parse_block("dfp16_8").element.min_integer == -32767


def test_power_of_two_scales():
    assert parse_block("mxfp4").power_of_two_scale
    assert parse_block("binary8p4se_binary8p1uf_32").power_of_two_scale
    assert not parse_block("nvfp4").power_of_two_scale
    assert not parse_block("uint4z_uint7_128_fp32").power_of_two_scale


@pytest.mark.parametrize("name", ["mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2", "mxfp6_e2m3", "mxfp4"])
def test_values_are_gfloats(name):
    """Every element at scales over the whole range, NaN among them."""
    block = parse_block(name)
    info = getattr(gfloat.formats, "format_info_" + {
        "mxfp8_e4m3": "mxfp8_e4m3", "mxfp8_e5m2": "mxfp8_e5m2", "mxfp6_e3m2": "mxfp6_e3m2",
        "mxfp6_e2m3": "mxfp6_e2m3", "mxfp4": "mxfp4_e2m1",
    }[name])  # fmt: skip
    codes = np.resize(np.arange(1 << block.element.width), 256).reshape(-1, 32)
    for scale in (0, 1, 100, 127, 128, 200, 254, 255):
        decoded = block.decode(codes, np.full((len(codes), 1), scale))
        for row, want in enumerate(codes):
            values = list(gfloat.decode_block(info, [scale, *want.tolist()]))
            for lane, value in enumerate(values):
                place = row, lane
                if np.isnan(value):
                    assert decoded.nan[place]
                    continue
                if np.isinf(value):
                    assert decoded.infinite[place]
                    assert decoded.negative[place] == (value < 0)
                    continue
                exact = Fraction(int(decoded.significand[place]))
                exact *= Fraction(2) ** int(decoded.exponent[place])
                assert (-exact if decoded.negative[place] else exact) == Fraction(value)


def test_zero_points_and_wide_scales():
    block = parse_block("uint4z_fp32_4")
    scales = np.array([[parse_format("fp32").encode(1.5), parse_format("fp32").encode(-0.25)]])
    decoded = block.decode(np.array([[0, 3, 8, 15, 1, 2, 3, 4]]), scales, np.array([[8, 2]]))
    values = np.ldexp(decoded.significand.astype(float), decoded.exponent.astype(np.int64))
    values = np.where(decoded.negative, -values, values)
    assert values.tolist() == [[-12.0, -7.5, 0.0, 10.5, 0.25, 0.0, -0.25, -0.5]]
    wide = parse_block("int40_fp32_2").decode(np.array([[(1 << 39) - 1, 1 << 39]]), scales[:, :1])
    assert wide.significand.dtype == object
    # 1.5 has the significand 1.5 * 2**23, in units of 2**-23.
    assert wide.significand.tolist() == [[((1 << 39) - 1) * 3 << 22, 3 << 61]]


def test_infinite_scales():
    """Infinity times zero is NaN, as in every product."""
    block = parse_block("e2m1fn_fp16_2")
    decoded = block.decode(np.array([[0, 9]]), np.array([[0x7C00]]))
    assert decoded.nan.tolist() == [[True, False]]
    assert decoded.infinite.tolist() == [[False, True]]
    assert decoded.negative.tolist() == [[False, True]]


KINDS = "The block format must be like 'mxfp4', 'nvfp4', 'bfp8_32' or 'e2m1fn_ue5m3_16', not "


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("mxfp5", KINDS + "'mxfp5'; did you mean 'mxfp4'?"),
        ("e2m1fn_16", KINDS + "'e2m1fn_16'"),
        ("e2m1fn_e8m0fnu_0", "The block size must be from 1 to 1024, not 0"),
        ("e2m1fn_e8m0fnu_16x2000", "The number of rows must be from 1 to 1024, not 2000"),
        ("int4z_fp32_8", "A zero point needs elements that are unsigned integers, not 'int4'"),
        ("e2m1fn_ue4m3_16_int8", "The tensor's scale must be a float format, not 'int8'"),
        ("bfp1_8", "The mantissa width must be from 2 to 32, not 1"),
        ("bfp17sm_8", "The mantissa width must be from 2 to 16, not 17"),
    ],
)
def test_refused_names(name, says):
    if not says.startswith(KINDS):
        says = f"The block format {name!r} does not exist: {says}"
    with refused(says):
        parse_block(name)
