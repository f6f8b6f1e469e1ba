"""Floats: every code's meaning by the definition, by two libraries, and by published facts."""

from fractions import Fraction
from itertools import product

import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np
import pytest
from expect import refused
from scalar import Layout, two_to

from bitwright.hdl.formats import FloatFormat, Specials, parse_format
from bitwright.hdl.formats.floats import default_bias

# OCP OFP8 and MX v1.0, IEEE 754-2019, the FNUZ definitions, P3109 v4.0, by their published tables:
# layout, then max, exponents of the least normal and subnormal (None: there is none), number of
# distinct finite values, of NaN codes and of infinities, and the largest integer at the last place.
FACTS = {
    "fp32": (Layout(8, 23, 127), (2 - two_to(-23)) * two_to(127), -126, -149, 4278190079,
             2**24 - 2, 2, (2**24 - 1) << 253),
    "tf32": (Layout(8, 10, 127), (2 - two_to(-10)) * two_to(127), -126, -136, 522239, 2046, 2,
             2047 << 253),
    "fp16": (Layout(5, 10, 15), 65504, -14, -24, 63487, 2046, 2, 2047 << 29),
    "bf16": (Layout(8, 7, 127), (2 - two_to(-7)) * two_to(127), -126, -133, 65279, 254, 2,
             255 << 253),
    "e5m2": (Layout(5, 2, 15), 57344, -14, -16, 247, 6, 2, 3758096384),
    "e4m3fn": (Layout(4, 3, 7, "topnan"), 448, -6, -9, 253, 2, 0, 229376),
    "e4m3fnuz": (Layout(4, 3, 8, "fnuz"), 240, -7, -10, 255, 1, 0, 245760),
    "e5m2fnuz": (Layout(5, 2, 16, "fnuz"), 57344, -15, -17, 255, 1, 0, 7516192768),
    "e4m3b11fnuz": (Layout(4, 3, 11, "fnuz"), 30, -10, -13, 255, 1, 0, 245760),
    "e4m3": (Layout(4, 3, 7), 240, -6, -9, 239, 14, 2, 122880),
    "e3m4": (Layout(3, 4, 3), Fraction(31, 2), -2, -6, 223, 30, 2, 992),
    "e3m2fn": (Layout(3, 2, 3, "none"), 28, -2, -4, 63, 0, 0, 448),
    "e2m3fn": (Layout(2, 3, 1, "none"), Fraction(15, 2), 0, -3, 63, 0, 0, 60),
    "e2m1fn": (Layout(2, 1, 1, "none"), 6, 0, -1, 15, 0, 0, 12),
    "ue5m3": (Layout(5, 3, 15, "topnan", False), 114688, -14, -17, 255, 1, 0, 14 << 30),
    "ue4m3": (Layout(4, 3, 7, "topnan", False), 448, -6, -9, 127, 1, 0, 229376),
    "e8m0fnu": (Layout(8, 0, 127, "topnan", False, False), two_to(127), -127, None, 255, 1, 0,
                1 << 254),
    "binary8p3se": (Layout(5, 2, 16, "ext"), 49152, -15, -17, 253, 1, 2, 6442450944),
    "binary8p4se": (Layout(4, 3, 8, "ext"), 224, -7, -10, 253, 1, 2, 229376),
    "binary8p3sf": (Layout(5, 2, 16, "fnuz"), 57344, -15, -17, 255, 1, 0, 7516192768),
    "binary8p4sf": (Layout(4, 3, 8, "fnuz"), 240, -7, -10, 255, 1, 0, 245760),
    "binary8p1uf": (Layout(8, 0, 128, "topnan", False), two_to(126), -127, None, 255, 1, 0,
                    1 << 253),
    "binary6p3sf": (Layout(3, 2, 4, "fnuz"), 14, -3, -5, 63, 1, 0, 448),
    "binary6p4sf": (Layout(2, 3, 2, "fnuz"), Fraction(15, 4), -1, -4, 63, 1, 0, 60),
    "binary4p2sf": (Layout(2, 1, 2, "fnuz"), 3, -1, -2, 15, 1, 0, 12),
    "binary4p2se": (Layout(2, 1, 2, "ext"), 2, -1, -2, 13, 1, 2, 8),
    "binary3p2sf": (Layout(1, 1, 1, "fnuz"), Fraction(3, 2), 0, -1, 7, 1, 0, 3),
}

P3109 = [
    f"binary{k}p{p}{sign}{domain}"
    for k, sign, domain in product(range(3, 9), "su", "ef")
    for p in range(1, k + (sign == "u"))
]
IN_ML_DTYPES = {
    "e5m2": "float8_e5m2", "e4m3fn": "float8_e4m3fn", "e4m3fnuz": "float8_e4m3fnuz",
    "e5m2fnuz": "float8_e5m2fnuz", "e4m3b11fnuz": "float8_e4m3b11fnuz", "e4m3": "float8_e4m3",
    "e3m4": "float8_e3m4", "e3m2fn": "float6_e3m2fn", "e2m3fn": "float6_e2m3fn",
    "e2m1fn": "float4_e2m1fn", "e8m0fnu": "float8_e8m0fnu", "bf16": "bfloat16",
}
IN_GFLOAT = {
    "e5m2": "ocp_e5m2", "e4m3fn": "ocp_e4m3", "e3m2fn": "ocp_e3m2", "e2m3fn": "ocp_e2m3",
    "e2m1fn": "ocp_e2m1", "e8m0fnu": "ocp_e8m0", "bf16": "bfloat16", "fp16": "binary16",
}
POLICIES = tuple(Specials)


def minifloats():
    """Every layout of 3 to 8 bits that the description allows, with its default bias."""
    for bits, signed, policy, zero in product(range(3, 9), (True, False), POLICIES, (True, False)):
        for e in range(1, bits - signed + 1):
            m = bits - signed - e
            try:
                yield FloatFormat(e, m, default_bias(e, policy), signed, policy, zero)
            except ValueError:
                continue


MINIFLOATS = list(minifloats())


def gfloat_info(name):
    if name in IN_GFLOAT:
        return getattr(gfloat.formats, f"format_info_{IN_GFLOAT[name]}")
    body, domain = name[len("binary") : -1], name[-1]
    k, _, p = body[:-1].partition("p")
    signedness = gfloat.Signedness.Signed if body[-1] == "s" else gfloat.Signedness.Unsigned
    kind = gfloat.Domain.Extended if domain == "e" else gfloat.Domain.Finite
    return gfloat.formats.format_info_p3109(int(k), int(p), signedness, kind)


def by_gfloat(name, codes):
    info = gfloat_info(name)
    return np.array([gfloat.decode_float(info, int(code)).fval for code in codes])


def by_ml_dtypes(name, codes):
    dtype = np.dtype(getattr(ml_dtypes, IN_ML_DTYPES[name]))
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return codes.astype(f"u{dtype.itemsize}").view(dtype).astype(np.float64)


def same_numbers(format, got, want):
    """Values, NaN, infinities and signs of zeros."""
    __tracebackhide__ = True
    bits = [np.where(np.isnan(x), np.nan, x).astype(np.float64).view(np.int64) for x in (got, want)]
    bits = [np.where(np.isnan(x), -1, b) for x, b in zip((got, want), bits, strict=True)]
    bad = np.flatnonzero(bits[0] != bits[1])
    shown = [f"0b{i:0{format.width}b}: got {got[i]}, want {want[i]}" for i in bad[:5]]
    assert not shown, f"{format.name}, {len(bad)} codes: {shown}"


def meanings(format, codes=None):
    """What our decoder says, in the terms of the scalar one."""
    codes = np.arange(1 << format.width) if codes is None else codes
    d = format.decode(codes)
    rows = zip(*(x.tolist() for x in (d.nan, d.infinite, d.negative, d.significand, d.exponent)),
               strict=True)
    for nan, infinite, negative, significand, exponent in rows:
        if nan or infinite:
            assert significand == 0
            yield "nan" if nan else "-inf" if negative else "inf"
        else:
            value = significand * two_to(exponent)
            yield "-0" if negative and not value else -value if negative else value


def test_there_are_layouts_enough():
    assert len(MINIFLOATS) == len(set(MINIFLOATS)) > 250
    assert len(P3109) == 2 * sum((k - 1) + k for k in range(3, 9))


@pytest.mark.parametrize("name", FACTS)
def test_facts_of_standard_formats(name):
    layout, most, normal, subnormal, finite, nans, infinities, integer = FACTS[name]
    format = parse_format(name)
    assert format.name == name
    assert Layout.of(format) == layout
    assert format.width == layout.bits
    assert format.max_value == most
    assert format.max_integer == integer == most / two_to(format.lsb_exponent)
    assert format.min_normal == two_to(normal)
    assert format.precision == layout.m + 1
    if subnormal is not None:
        assert format.lsb_exponent == subnormal
    if format.width <= 16:
        numbers = [x for x in meanings(format) if isinstance(x, Fraction)]
        assert len(set(numbers)) == finite
        assert max(numbers) == most
        assert min(numbers) == format.min_integer * two_to(format.lsb_exponent)
        decoded = format.decode(np.arange(1 << format.width))
        assert (decoded.nan.sum(), decoded.infinite.sum()) == (nans, infinities)


@pytest.mark.parametrize("name", [n for n in FACTS if parse_format(n).width <= 16])
def test_every_code_of_standard_formats_by_definition(name):
    format = parse_format(name)
    assert list(meanings(format)) == FACTS[name][0].meanings


@pytest.mark.parametrize("name", ["fp32", "tf32"])
def test_codes_of_wide_formats_by_definition(name, rng):
    format, layout = parse_format(name), FACTS[name][0]
    edges = [e << layout.m | m for e in (0, 1, 2, 127, 253, 254, 255) for m in
             (0, 1, 1 << (layout.m - 1), (1 << layout.m) - 1)]
    sign = 1 << (format.width - 1)
    codes = np.array([*edges, *(c | sign for c in edges),
                      *rng.integers(0, 1 << format.width, 4000).tolist()])
    assert list(meanings(format, codes)) == [layout.decode(c) for c in codes.tolist()]


@pytest.mark.parametrize("bits", range(3, 9))
def test_every_code_of_every_minifloat_by_definition(bits):
    for format in (f for f in MINIFLOATS if f.width == bits):
        layout = Layout.of(format)
        assert list(meanings(format)) == layout.meanings, format.name
        # What the description says of itself follows from the list of its numbers.
        numbers = [x for x in layout.meanings if isinstance(x, Fraction)]
        unit = two_to(format.lsb_exponent)
        assert format.max_integer * unit == format.max_value == max(numbers), format.name
        assert format.min_integer * unit == min(numbers), format.name
        assert format.max_magnitude == layout.top, format.name
        assert format.infinity_magnitude == layout.infinity, format.name
        assert (format.has_infinity, format.has_nan) == (
            "inf" in layout.meanings, "nan" in layout.meanings), format.name
        assert format.nan_code == layout.nan, format.name
        assert format.has_negative_zero == ("-0" in layout.meanings), format.name
        if format.zero:
            subnormals = [x for x in numbers if x > 0]
            assert min(subnormals) == unit or format.mantissa_width == 0, format.name


@pytest.mark.parametrize("bits", range(3, 9))
def test_encode_inverts_decode(bits):
    """Every code comes back, NaNs as the one that units emit."""
    for format in (f for f in MINIFLOATS if f.width == bits):
        for code, meaning in enumerate(Layout.of(format).meanings):
            number = float(meaning) if isinstance(meaning, str) else meaning
            want = format.nan_code if meaning == "nan" else code
            assert format.encode(number) == want, (format.name, code)


@pytest.mark.parametrize("name", ["fp16", "bf16", "tf32", "fp32"])
def test_encode_inverts_decode_of_wide_formats(name, rng):
    format = parse_format(name)
    codes = rng.integers(0, 1 << format.width, 3000)
    decoded = format.decode(codes)
    numbers = format.to_float(codes)
    want = np.where(decoded.nan, format.nan_code, codes)
    assert [format.encode(x) for x in numbers.tolist()] == want.tolist()


@pytest.mark.parametrize(("name", "number"), [
    ("e4m3fn", 449), ("e4m3fn", 480), ("e4m3fn", Fraction(1, 3)), ("e4m3fn", 2.0**-10),
    ("e4m3fn", float("inf")), ("e2m1fn", float("nan")), ("e2m1fn", 2.5), ("ue4m3", -1),
    ("ue4m3", -0.5), ("e8m0fnu", 0), ("e8m0fnu", 3), ("e8m0fnu", 2.0**128), ("e8m0fnu", 2.0**-128),
    ("e4m3fnuz", float("-inf")), ("e5m2", 65536), ("binary8p4se", 240), ("e5m2", Fraction(1, 10)),
])
def test_encode_rounds_nothing(name, number):
    with refused(f"{name} must hold the number exactly; it has no {number!r}"):
        parse_format(name).encode(number)


@pytest.mark.parametrize("bits", [3, 4, 5])
def test_encode_takes_the_numbers_of_the_format_and_no_others(bits):
    """All multiples of half the smallest step, to beyond the largest number."""
    for format in (f for f in MINIFLOATS if f.width == bits and f.max_integer < 150):
        numbers = set(Layout.of(format).meanings)
        for halves in range(-2 * format.max_integer - 3, 2 * format.max_integer + 4):
            number = halves * two_to(format.lsb_exponent - 1)
            try:
                held = format.to_fraction(format.encode(number)) == number
            except ValueError:
                held = False
            assert held == (number in numbers), (format.name, number)


@pytest.mark.parametrize(("name", "number", "code"), [
    ("e4m3fn", -0.0, 0x80), ("e4m3fnuz", -0.0, 0), ("binary8p4se", -0.0, 0), ("ue4m3", -0.0, 0),
    ("e5m2", float("-inf"), 0xFC), ("binary8p4se", float("-inf"), 0xFF),
    ("e5m2", float("nan"), 0x7E),
    ("e4m3fn", float("nan"), 0x7F), ("e8m0fnu", 1, 127), ("e8m0fnu", 2.0**127, 254),
    ("e8m0fnu", 2.0**-127, 0), ("binary8p1uf", 0, 0), ("binary8p1uf", 2.0**-127, 1),
])
def test_encode_corners(name, number, code):
    assert parse_format(name).encode(number) == code


@pytest.mark.parametrize("name", IN_ML_DTYPES)
def test_every_code_as_in_ml_dtypes(name):
    format = parse_format(name)
    codes = np.arange(1 << format.width)
    same_numbers(format, format.to_float(codes), by_ml_dtypes(name, codes))
    info = ml_dtypes.finfo(getattr(ml_dtypes, IN_ML_DTYPES[name]))
    assert float(format.max_value) == float(info.max)
    assert float(format.min_normal) == float(info.smallest_normal)


@pytest.mark.parametrize("name", [*IN_GFLOAT, *P3109])
def test_every_code_as_in_gfloat(name):
    format = parse_format(name)
    codes = np.arange(1 << format.width)
    if format.width == 16:  # the scalar decoder of gfloat is slow: all exponents, some mantissas
        codes = np.unique(np.concatenate([codes[::13], codes[1::128], codes[::1 << 7]]))
    same_numbers(format, format.to_float(codes), by_gfloat(name, codes))
    info = gfloat_info(name)
    assert (info.k, info.precision, info.bias) == (format.width, format.precision, format.bias)
    assert float(format.max_value) == info.max


@pytest.mark.parametrize("name", sorted(set(IN_ML_DTYPES) & set(IN_GFLOAT)))
def test_the_libraries_agree_with_each_other(name):
    format = parse_format(name)
    codes = np.arange(0, 1 << format.width, 1 if format.width <= 8 else 11)
    same_numbers(format, by_ml_dtypes(name, codes), by_gfloat(name, codes))


@pytest.mark.parametrize(("name", "dtype"), [("fp16", "f2"), ("fp32", "f4")])
def test_codes_as_in_numpy(name, dtype, rng):
    format = parse_format(name)
    codes = rng.integers(0, 1 << format.width, 60000).astype(f"u{dtype[1]}")
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        same_numbers(format, format.to_float(codes), codes.view(dtype).astype(np.float64))


@pytest.mark.parametrize(("one", "other"), [
    ("binary8p3sf", "e5m2fnuz"), ("binary8p4sf", "e4m3fnuz"), ("e8m7", "bf16"), ("e5m10", "fp16"),
    ("ue8m0nozero", "e8m0fnu"),
])
def test_formats_are_equal_if_every_code_means_the_same(one, other):
    assert parse_format(one) == parse_format(other)
    assert hash(parse_format(one)) == hash(parse_format(other))


def test_p3109_scale_is_e8m0_shifted_by_one_code():
    """P3109's binary8p1uf has a zero, and so each power of two one code above E8M0's."""
    e8m0, scale = parse_format("e8m0fnu"), parse_format("binary8p1uf")
    codes = np.arange(254)
    assert (e8m0.to_float(codes) == scale.to_float(codes + 1)).all()


@pytest.mark.parametrize(("name", "code", "text"), [
    ("e4m3fn", 0x80, "-0"), ("e4m3fn", 0x7F, "nan"), ("e4m3fn", 0x7E, "448"),
    ("e5m2", 0xFC, "-inf"),
    ("e2m1fn", 0xB, "-1.5"), ("e5m2", 1, "1.52587891e-05"),
    ("fp32", 0x3DCCCCCD, "0.100000001"),
])
def test_text_of_a_code(name, code, text):
    assert parse_format(name).text(code) == text


@pytest.mark.parametrize(("name", "code", "text"), [
    ("e4m3fn", 0x7F, "nan"), ("e5m2", 0xFC, "-inf"),
])
def test_fraction_of_a_special_is_refused(name, code, text):
    with refused(f"Code {code:#x} of {name} must be finite, not {text}"):
        parse_format(name).to_fraction(code)


def test_fraction_of_a_code():
    assert parse_format("e4m3fn").to_fraction(0x81) == -two_to(-9)
    assert parse_format("fp32").to_fraction(0x00000001) == two_to(-149)


@pytest.mark.parametrize(("arguments", "message"), [
    ((0, 3, 0), "The exponent width must be at least 1, not 0"),
    ((4, -1, 7), "The mantissa width must be at least 0, not -1"),
    ((4, 3, 8, False, Specials.ZERO_NAN),
     "NaN in the place of negative zero needs a signed format"),
    ((8, 0, 127, True, Specials.TOP_NAN, False),
     "A format without zero must be unsigned, with one NaN or none"),
    ((8, 0, 127, False, Specials.IEEE, False),
     "A format without zero must be unsigned, with one NaN or none"),
    ((1, 0, 0, True, Specials.IEEE), "The format must hold a finite number other than 0"),
    ((1, 0, 0, True, Specials.TOP_NAN), "The format must hold a finite number other than 0"),
])
def test_descriptions_that_do_not_fit_are_refused(arguments, message):
    with refused(message):
        FloatFormat(*arguments)
