"""Numbers brought to a target's place: fixed point and floats, far up and far down."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.hdl import Cat, Const

from bitwright.hdl.arithmetic.place import fraction_bits, negligible_exponent
from bitwright.hdl.arithmetic.raw import Raw, decode_integer
from bitwright.hdl.formats import Decoded, IntegerFormat, Projection, Rounding, parse_format
from bitwright.verif.golden.rounding import project

ROUNDINGS = [Rounding.RNE, Rounding.RTZ, Rounding.RD, Rounding.RTO]


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("lsb", [-30, -7, 0, 30])
@pytest.mark.parametrize("target", ["e4m3fn", "e2m1fn", "fp16"])
def test_fixed_point(simulate_rounding, target, lsb, rounding):
    """Integers of eight bits in units of 2**lsb."""
    source, target = IntegerFormat(8), parse_format(target)
    projection = Projection(rounding=rounding)
    codes = np.arange(256)

    def make(m, code):
        return replace(decode_integer(m, code.as_signed(), source, "a"), offset=lsb)

    number = source.decode(codes)
    number = replace(number, exponent=number.exponent + lsb)
    got = simulate_rounding(make, [8], target, projection, [(c, 0) for c in codes])
    assert got == project(number, target, projection).tolist()


@pytest.mark.parametrize("ftz", [False, True])
@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize(("width", "slack"), [(3, 0), (4, 1), (8, 1)])
@pytest.mark.parametrize("target", ["e3m2fn", "e2m4", "e3m6"])
def test_normalized(simulate_rounding, target, width, slack, rounding, ftz):
    """Significands with an exponent of six bits: both shifters, every distance and beyond."""
    target = parse_format(target)
    projection = Projection(rounding=rounding, ftz_out=ftz)
    offset = target.lsb_exponent - 34

    def make(m, fraction, exponent, negative):
        return Raw(
            Cat(fraction, Const(1, 1)) if slack == 0 else Cat(fraction, ~fraction[-1]),
            exponent, offset, 0, 63, slack=slack, negative=negative,
        )

    rng = np.random.default_rng(2)
    fraction = rng.integers(0, 1 << width - 1, 150)
    exponent, negative = rng.integers(0, 64, 150), rng.integers(0, 2, 150)
    hidden = 1 if slack == 0 else (fraction >> width - 2 & 1) ^ 1
    significand = fraction | hidden << width - 1
    no = np.zeros(150, bool)
    number = Decoded(no, no, negative == 1, significand, exponent + offset)
    vectors = list(zip(fraction, exponent, negative, [0] * 150, strict=True))
    got = simulate_rounding(make, [width - 1, 6, 1], target, projection, vectors)
    assert got == project(number, target, projection).tolist()


@pytest.mark.parametrize("rounding", Rounding)
def test_negligible_numbers_have_no_fraction_bits(rounding):
    projection = Projection(rounding=rounding, random_bits=3 if rounding.stochastic else 0)
    target = parse_format("e4m3fn")
    assert negligible_exponent(target, projection) == -9 - fraction_bits(projection)
    assert negligible_exponent(parse_format("e8m0fnu"), projection) is None
