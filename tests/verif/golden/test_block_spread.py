"""Scales from the spread of a block: the rule in fractions, and what cutting the numbers costs."""

from fractions import Fraction

import block_scalar
import numpy as np
import pytest
from block_stimuli import blocks
from scalar import Layout, two_to

from bitwright.hdl.formats import Projection, parse_block, parse_format
from bitwright.hdl.formats.scale_rules import ScaleOverflow, ScaleRule, ZeroBlock
from bitwright.verif.golden.convert.block_quantizer import quantize

FP32 = parse_format("fp32")
C = Fraction("2.92247856") / 6


def scale_exponent(numbers, rule):
    """``floor(log2(c * sd))``, or the logarithm to nearest; None without a spread."""
    mean = sum(numbers) / len(numbers)
    variance = sum((x - mean) ** 2 for x in numbers) / len(numbers)
    if variance == 0:
        return None
    square = C**2 * variance * (2 if rule == "quest_nearest" else 1)
    k = block_scalar.log2_floor(square) // 2
    assert two_to(2 * k) <= square < two_to(2 * k + 2)
    return k


def cut(numbers, bits, least):
    """To ``bits`` bits from the largest number's leading one down, towards zero."""
    amax = max(abs(x) for x in numbers)
    top = block_scalar.log2_floor(amax) if amax else least
    unit = two_to(max(top, least) - bits + 1)
    return [(abs(x) // unit) * unit * (-1 if x < 0 else 1) for x in numbers]


@pytest.mark.parametrize("rule", ["quest", "quest_nearest"])
@pytest.mark.parametrize(
    ("a", "bits", "size", "more"),
    [
        ("fp32", 8, 8, {}),
        ("bf16", 5, 6, {"zero_block": "one"}),
        ("fp16", 12, 8, {"flush": True}),
        ("fp32", 24, 3, {"overflow": "inf_or_nan"}),
    ],
)
def test_beside_fractions(rule, a, bits, size, more, rng):
    a, o = parse_format(a), parse_block(f"e2m1fn_e8m0fnu_{size}")
    numbers = blocks(rng, a, (300, size))
    numbers[:20] = numbers[:20, :1] & a.magnitude_mask
    if not more:  # the ends of the scale's range
        numbers[20:40] |= 0xFE << 23
    flush, zero_block = more.get("flush", False), more.get("zero_block", "least")
    overflow = more.get("overflow", "sat")
    projection = Projection(ftz_in=flush)
    got, got_scales = quantize(
        numbers, a, o, ScaleRule(rule), projection=projection, spread_bits=bits,
        zero_block=ZeroBlock(zero_block), scale_overflow=ScaleOverflow(overflow),
    )
    layout, least = Layout.of(a), 1 - a.bias
    for n, row in enumerate(numbers):
        values = [layout.decode(int(code)) for code in row]
        if all(isinstance(x, Fraction) or x == "-0" for x in values):
            values = [Fraction(0) if x == "-0" else x for x in values]
            if flush:
                values = [x if abs(x) >= two_to(least) else Fraction(0) for x in values]
            exponent = scale_exponent(cut(values, bits, least), rule)
            scale = {"one": 127, "least": 0}[zero_block]
            if exponent is not None:
                scale = max(exponent + 127, 0)
                if scale > 254:
                    scale = 255 if overflow == "inf_or_nan" else 254
        else:
            scale = 255
        want = block_scalar.quantize(row, a, o, "quest", projection=projection, scale=scale)
        assert (got[n].tolist(), got_scales[n]) == want, [hex(x) for x in row]


def test_against_the_published_formula(rng):
    """Gaussian blocks in binary64: ``2**floor(log2(c * sd + 1e-8))``, and how seldom numbers that
    are cut give another scale."""
    x = rng.standard_normal((20000, 32)).astype(np.float32) * 2.0 ** rng.uniform(0, 1, (20000, 1))
    x = x.astype(np.float32)
    sd = x.astype(float).std(axis=1)
    published = np.floor(np.log2(2.92247856 / 6 * sd + 1e-8)) + 127
    codes, o = x.view(np.uint32), parse_block("mxfp4")
    differ = {
        bits: (quantize(codes, FP32, o, ScaleRule.QUEST, spread_bits=bits)[1] != published).mean()
        for bits in (8, 12, 24)
    }
    assert differ[24] == 0
    assert differ[12] < 0.001
    assert 0.004 < differ[8] < 0.012


def test_error_of_gaussian_numbers(rng):
    """The logarithm to nearest, not down, is worth having: less error than OCP's rule has, not
    more."""
    x = rng.standard_normal((20000, 32)).astype(np.float32) * 2.0 ** rng.uniform(0, 1, (20000, 1))
    x = x.astype(np.float32)
    o, errors = parse_block("mxfp4"), {}
    for rule in ("floor", "quest", "quest_nearest"):
        codes, scales = quantize(x.view(np.uint32), FP32, o, ScaleRule(rule))
        made = o.decode(codes, scales[:, None])
        real = np.ldexp(made.significand.astype(float), made.exponent.astype(int))
        real = np.where(made.negative, -real, real)
        errors[rule] = ((real - x) ** 2).sum() / (x.astype(float) ** 2).sum()
    assert errors["quest"] == pytest.approx(0.0231, abs=0.0010)
    assert errors["quest_nearest"] < errors["floor"] == pytest.approx(0.0138, abs=0.0004)
