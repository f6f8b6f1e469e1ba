"""The block dot product's golden model against its definitions, one vector at a time, in fractions.

Nothing of the model is used here but the names of the choices: exact sums as IEEE P3109 defines
BlockDotProduct, aligned ones as the text on tensor cores has it (MMA-Sim), with significands and
exponents of every term written out, and chains of fused multiply-adds by IEEE 754.
"""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
import scalar
from scalar import Layout, two_to

from bitwright.gen.parameters import make_unit
from bitwright.hdl.formats import IntegerFormat, Overflow, Projection
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden

VECTORS = 120


def number(format, code):
    """A code as a Fraction, or as one of the texts of tests.scalar."""
    if isinstance(format, IntegerFormat):
        return Fraction(int(format.integers(np.array([code]))[0])) * two_to(-format.fraction)
    return Layout.of(format).decode(int(code))


def times(*factors):
    """The exact product, by IEEE 754's rules for NaN, infinities and zeros."""
    if "nan" in factors:
        return "nan"
    signs = sum(x in ("-inf", "-0") or (isinstance(x, Fraction) and x < 0) for x in factors)
    zero = any(x in ("-0", 0) for x in factors)
    if any(x in ("inf", "-inf") for x in factors):
        return "nan" if zero else "-inf" if signs % 2 else "inf"
    if zero:
        return "-0" if signs % 2 else Fraction(0)
    result = Fraction(1)
    for x in factors:
        result *= x
    return result


def plus(terms):
    """The exact sum; a sum of zero is positive."""
    if "nan" in terms or ("inf" in terms and "-inf" in terms):
        return "nan"
    for infinity in ("inf", "-inf"):
        if infinity in terms:
            return infinity
    return sum((x for x in terms if isinstance(x, Fraction)), Fraction(0))


def flushed(format, x):
    if isinstance(format, IntegerFormat) or not format.zero or not isinstance(x, Fraction):
        return x
    return x if abs(x) >= format.min_normal else Fraction(0)


def factors_of(p, inputs, vector):
    """For each lane: element, scale of a; element, scale of b."""
    lanes = []
    for lane in range(inputs["a"].shape[1]):
        here = []
        for side, block in (("a", p.a), ("b", p.b)):
            x = number(block.element, inputs[side][vector][lane])
            if block.zero_point:
                zeros = np.atleast_1d(inputs[f"{side}_zero"][vector])
                x -= number(block.element, zeros[lane // block.size])
            scales = np.atleast_1d(inputs[f"{side}_scale"][vector])
            s = number(block.scale, scales[lane // block.size])
            if p.projection.ftz_in:
                x, s = flushed(block.element, x), flushed(block.scale, s)
            here += [x, s]
        lanes.append(here)
    return lanes


def addend(p, inputs, vector):
    if p.c is None:
        return Fraction(0)
    c = number(p.c, inputs["c"][vector])
    return flushed(p.c, c) if p.projection.ftz_in else c


def rounded(p, x, random=0):
    if isinstance(p.o, IntegerFormat):
        return scalar.project_integer(x, p.o, p.projection, random)
    if p.o.width == 32:
        return to_fp32(x, p.projection)
    return scalar.project(x, Layout.of(p.o), p.projection, random)


def to_fp32(x, projection):
    """Rounded as IEEE 754 has it: the same definition, without a table of all numbers."""
    if x == "nan":
        return 0x7FC00000
    negative = x in ("-inf", "-0") or (isinstance(x, Fraction) and x < 0)
    sign = negative << 31
    if x in ("inf", "-inf"):
        return sign | (0x7F800000 if projection.overflow != "sat" else 0x7F7FFFFF)
    if x in (0, "-0"):
        return sign
    s, e = significand(abs(x), -126)
    scaled = s * two_to(23)
    whole, nu = floor(scaled), scaled - floor(scaled)
    up = {
        "rne": nu > Fraction(1, 2) or (nu == Fraction(1, 2) and whole % 2 == 1),
        "rd": nu > 0 and negative,
        "ru": nu > 0 and not negative,
        "rtz": False,
    }[projection.rounding]
    code = (e + 126 << 23) + whole + up
    if code < 0x7F800000:
        return sign | code
    toward_zero = projection.rounding == ("ru" if negative else "rd")
    saturates = projection.overflow == "sat" or projection.rounding == "rtz" or toward_zero
    return sign | (0x7F7FFFFF if saturates else 0x7F800000)


def exact(p, inputs, vector):
    terms = [times(*factors) for factors in factors_of(p, inputs, vector)]
    total = plus([*terms, addend(p, inputs, vector)])
    random = int(inputs["random"][vector]) if "random" in inputs else 0
    return rounded(p, total, random)


def sequential(p, inputs, vector):
    so_far = addend(p, inputs, vector)
    code = None
    for factors in factors_of(p, inputs, vector):
        term = times(*factors)
        total = plus([so_far, term])
        if total == 0:
            down = p.projection.rounding == "rd"
            if so_far == term == "-0" or (down and not so_far == term == 0):
                total = "-0"
        code = rounded(p, total)
        so_far = number(p.o, code)
    return code


def made(texts):
    unit = make_unit("block-dot-product", texts)
    inputs, _ = stimuli(unit, VECTORS, seed=3)
    return unit, inputs, golden("block-dot-product", unit, inputs)["p"]


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "mxfp4", "b": "mxfp4"},
        {"a": "nvfp4", "b": "nvfp4", "blocks": "2", "o": "bf16"},
        {"a": "nvfp4", "b": "mxfp8_e4m3", "o": "fp16", "overflow": "inf_or_nan"},
        {"a": "e5m2_e8m0fnu_4", "b": "e4m3_ue5m3_2", "c": "fp32", "overflow": "inf_or_nan"},
        {"a": "uint4z_fp16_4", "b": "int8_fp32_4", "c": "bf16", "overflow": "inf_or_nan"},
        {"a": "uint4z_bf16_4", "b": "uint3z_fp16_2", "o": "int16", "rounding": "ru"},
        {"a": "bfp8_8", "b": "bfp5sm_4", "o": "bf16", "rounding": "src", "random_bits": "5"},
        {"a": "e5m2_ue4m3_4", "b": "e4m3fn_ue4m3_4", "ftz_in": "true", "c": "fp16"},
        {"a": "e4m3fn_binary8p1uf_4", "b": "e5m2_e8m0fnu_4", "overflow": "inf_or_nan"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_exact(texts):
    unit, inputs, codes = made(texts)
    want = [exact(unit.parameters, inputs, k) for k in range(VECTORS)]
    assert codes.tolist() == want
    assert len(set(want)) > VECTORS / 4  # the sums differ


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "e4m3fn_e8m0fnu_8", "b": "e2m1fn_e8m0fnu_8", "c": "fp32"},
        {"a": "e5m2_ue4m3_2", "b": "int4_e8m0fnu_4", "o": "fp16", "rounding": "rd"},
        {"a": "e2m1fn_fp16_4", "b": "e5m2_fp16_4", "c": "bf16", "o": "bf16"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_sequential(texts):
    unit, inputs, codes = made({**texts, "semantics": "sequential", "overflow": "inf_or_nan"})
    assert codes.tolist() == [sequential(unit.parameters, inputs, k) for k in range(VECTORS)]


def test_zeros_of_a_chain_keep_their_sign():
    block = "e2m1fn_e8m0fnu_2"
    texts = {"a": block, "b": block, "semantics": "sequential", "c": "fp32"}
    one, minus_zero = 127, 8
    inputs = {
        "a": np.array([[minus_zero] * 2, [minus_zero, 0], [2, 10], [0, 0]]),
        "b": np.full((4, 2), 2),
        "a_scale": np.full(4, one),
        "b_scale": np.full(4, one),
        "c": np.array([1 << 31, 1 << 31, 1 << 31, 1 << 31]),
    }
    for rounding, want in (("rne", [1, 0, 0, 0]), ("rd", [1, 1, 1, 1])):
        unit = make_unit("block-dot-product", {**texts, "rounding": rounding})
        codes = golden("block-dot-product", unit, inputs)["p"]
        assert (codes >> 31).tolist() == want
        assert not (codes & 0x7FFFFFFF).any()


# Aligned sums, restated: published name, F, products a fused sum, group, mantissa bits.
UNITS = {
    "volta": (23, 4, 1, 23),
    "turing": (24, 8, 1, 23),
    "ampere": (24, 8, 1, 23),
    "ada_fp8": (13, 16, 1, 13),
    "hopper": (25, 32, 1, 23),
    "hopper_fp8": (13, 32, 1, 13),
    "blackwell": (25, 32, 1, 23),
    "blackwell_fp4": (35, 64, 16, 23),
}


def significand(x, least):
    """A finite number as significand and exponent, the latter ``least`` for small ones."""
    if x in (0, "-0"):
        return Fraction(0), least
    exponent = abs(x).numerator.bit_length() - abs(x).denominator.bit_length()
    exponent -= abs(x) < two_to(exponent)
    exponent = max(exponent, least)
    return x / two_to(exponent), exponent


def least_exponent(format):
    return (1 - format.bias) if format.zero else -format.bias


def fused_sum(terms, fraction):
    terms = [(s, -126 if s == 0 else e) for s, e in terms]
    largest = max([-126, *(e for _, e in terms)])
    kept = 0
    for s, e in terms:
        scaled = abs(s) * two_to(fraction + e - largest)
        kept += floor(scaled) if s > 0 else -floor(scaled)
    return kept * two_to(largest - fraction)


def truncated(x, mantissa):
    """The FP32 word of a number cut to so many mantissa bits; infinite if it is too large."""
    sign = (x < 0) << 31
    s, e = significand(abs(x), -126)
    whole = floor(s * two_to(mantissa)) << 23 - mantissa
    if whole >> 23 and e > 127:
        return sign | 0x7F800000
    return sign | (e + 126 << 23) + whole


def tensor_core(p, inputs, vector):
    fraction, count, group, mantissa = UNITS[p.preset]
    if p.a.element.width > 16:
        count //= 2
    lanes = factors_of(p, inputs, vector)
    c = addend(p, inputs, vector)
    half = p.o.width == 16
    for start in range(0, len(lanes), count):
        part = lanes[start : start + count]
        special = plus([*(times(*factors) for factors in part), c])
        if special in ("nan", "inf", "-inf"):
            nan = 0x7FFF if half else 0x7FFFFFFF
            infinity = 0x7C00 if half else 0x7F800000
            sign = 1 << (15 if half else 31)
            code = {"nan": nan, "inf": infinity, "-inf": infinity | sign}[special]
            c = number(p.o, code)
            continue
        terms = []
        for first in range(0, len(part), group):
            scales = [
                significand(part[first][k], least_exponent(f.scale))
                for k, f in ((1, p.a), (3, p.b))
            ]
            s, e = scales[0][0] * scales[1][0], scales[0][1] + scales[1][1]
            if group == 1:
                a = significand(part[first][0], least_exponent(p.a.element))
                b = significand(part[first][2], least_exponent(p.b.element))
                terms.append((s * a[0] * b[0], e + a[1] + b[1]))
                continue
            inner = plus([times(f[0], f[2]) for f in part[first : first + group]])
            terms.append((s * inner, e))
        if not isinstance(c, str) or c == "-0":
            terms.append(significand(c, -14 if half else -126))
        total = fused_sum(terms, fraction)
        if half:
            code = scalar.project(total, Layout.of(p.o), Projection(overflow=Overflow.INF_OR_NAN))
        else:
            code = truncated(total, mantissa)
        c = number(p.o, code)
    return code


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "fp16_e8m0fnu_8", "preset": "volta", "c": "fp32"},
        {"a": "fp16_e8m0fnu_8", "preset": "volta", "c": "fp16", "o": "fp16"},
        {"a": "fp16_e8m0fnu_12", "preset": "turing", "c": "fp32"},
        {"a": "bf16_e8m0fnu_16", "preset": "ampere", "c": "fp32"},
        {"a": "tf32_e8m0fnu_8", "preset": "ampere"},
        {"a": "mxfp8_e4m3", "b": "mxfp8_e5m2", "preset": "ada_fp8", "c": "fp32"},
        {"a": "mxfp8_e4m3", "preset": "hopper_fp8", "c": "fp32"},
        {"a": "mxfp8_e5m2", "preset": "hopper_fp8"},
        {"a": "fp16_e8m0fnu_16", "preset": "hopper", "c": "fp32"},
        {"a": "mxfp8_e4m3", "b": "mxfp4", "blocks": "2", "preset": "blackwell", "c": "fp32"},
        {"a": "mxfp6_e3m2", "b": "mxfp6_e2m3", "preset": "blackwell"},
        {"a": "nvfp4", "blocks": "4", "preset": "blackwell_fp4", "c": "fp32"},
        {"a": "mxfp4", "blocks": "2", "preset": "blackwell_fp4", "c": "fp32"},
        {"a": "mxfp4", "b": "nvfp4", "blocks": "3", "preset": "blackwell_fp4"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_presets(texts):
    texts = {"b": texts["a"], **texts, "semantics": "aligned"}
    unit, inputs, codes = made(texts)
    p = unit.parameters
    want = [tensor_core(p, inputs, k) for k in range(VECTORS)]
    # Which sign a zero result has, the published description leaves open.
    got = [code if code & 0x7FFFFFFF >> (32 - p.o.width) else 0 for code in codes.tolist()]
    want = [code if code & 0x7FFFFFFF >> (32 - p.o.width) else 0 for code in want]
    assert got == want


@pytest.mark.parametrize(
    ("products", "value"),
    [
        # Hopper's FP8: units of 2**-13 remain of what stands beside 1.
        ([(1, 1), (Fraction(3, 2) / 128, Fraction(1, 64))], 1.0001220703125),
        ([(1, 1), (Fraction(1, 128), Fraction(1, 128))], 1.0),
        ([(1, 1), (-Fraction(3, 2) / 128, Fraction(1, 64))], 1 - 2.0**-13),
    ],
)
def test_worked_vectors(products, value):
    unit = make_unit(
        "block-dot-product",
        {"a": "mxfp8_e4m3", "b": "mxfp8_e4m3", "semantics": "aligned", "preset": "hopper_fp8"},
    )
    element = unit.parameters.a.element
    codes = {side: np.zeros((1, 32), np.int64) for side in "ab"}
    for lane, pair in enumerate(products):
        for side, x in zip("ab", pair, strict=True):
            codes[side][0, lane] = element.encode(Fraction(x))
    scales = {"a_scale": np.array([127]), "b_scale": np.array([127])}
    (code,) = golden("block-dot-product", unit, {**codes, **scales})["p"]
    assert unit.parameters.o.to_fraction(int(code)) == Fraction(value)


def test_scales_change_nothing_but_the_exponent():
    """Of an aligned sum within range: its bits below the largest term are the same ones."""
    texts = {"a": "mxfp8_e4m3", "b": "mxfp8_e4m3", "semantics": "aligned", "fraction": "13"}
    unit = make_unit("block-dot-product", texts)
    inputs, _ = stimuli(unit, 200, seed=9)
    inputs["a_scale"][:] = 127
    sums = []
    for scale in (117, 127, 137):
        inputs["b_scale"] = np.full(200, scale)
        codes = golden("block-dot-product", unit, inputs)["p"]
        sums.append(unit.parameters.o.to_float(codes) * 2.0 ** (127 - scale))
    np.testing.assert_array_equal(sums[0], sums[1])
    np.testing.assert_array_equal(sums[2], sums[1])
