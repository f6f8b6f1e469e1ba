"""Decoded numbers against the formats' own meaning of every code."""

from fractions import Fraction

import numpy as np
import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.raw import decode, decode_integer
from bitwright.hdl.formats import Decoded, parse_format
from bitwright.verif.golden.rounding import flush_subnormals

FLOATS = [
    "e4m3", "e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e3m4", "e2m5", "e8m0fnu", "ue5m3",
    "binary8p3se", "binary8p1ue", "e2m1fn", "e1m2none", "e4m0ieee", "e2m3fn", "e3m2fn",
]
MEMBERS = ["significand", "exponent", "negative", "nan", "infinite", "zero"]


def decode_all(number_format, make):
    """The members of a raw number for every code; None where one is left out."""
    m, code = Module(), Signal(number_format.width)
    raw = make(m, number_format(code))
    present = [name for name in MEMBERS if getattr(raw, name) is not None]
    signals = [Signal(getattr(raw, name).shape(), name=f"o_{name}") for name in present]
    m.d.comb += [s.eq(getattr(raw, n)) for n, s in zip(present, signals, strict=True)]
    found = {name: [] for name in present}
    packed = Cat(signals)

    async def bench(ctx):
        for value in range(1 << number_format.width):
            ctx.set(code, value)
            ctx.get(packed)
            for name, signal in zip(present, signals, strict=True):
                found[name].append(ctx.get(signal))

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    return raw, found


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("name", FLOATS)
def test_decode(name, normalize, flush):
    fmt = parse_format(name)
    codes = np.arange(1 << fmt.width)
    raw, got = decode_all(
        fmt, lambda m, view: decode(m, view, "a", normalize=normalize, flush=flush)
    )
    want: Decoded = fmt.decode(codes)
    if flush:
        want = flush_subnormals(want, fmt)
    zeros = [0] * len(codes)
    assert got.get("nan", zeros) == list(want.nan)
    assert ("nan" in got) == bool(want.nan.any())
    assert ("infinite" in got) == bool(want.infinite.any())
    for i in range(len(codes)):
        if want.nan[i]:
            continue
        assert got.get("negative", zeros)[i] == want.negative[i]
        assert got.get("infinite", zeros)[i] == want.infinite[i]
        if want.infinite[i]:
            continue
        if raw.zero is not None:
            assert got["zero"][i] == (want.significand[i] == 0)
        if raw.zero is not None and got["zero"][i]:
            continue
        assert raw.exponent_min <= got["exponent"][i] <= raw.exponent_max
        value = got["significand"][i] * Fraction(2) ** (got["exponent"][i] + raw.offset)
        assert value == int(want.significand[i]) * Fraction(2) ** int(want.exponent[i])
        if raw.slack == 0:
            assert got["significand"][i] >> fmt.mantissa_width == 1


@pytest.mark.parametrize("name", ["int8", "uint4", "mxint8", "int6n"])
def test_decode_integer(name):
    fmt = parse_format(name)
    codes = np.arange(1 << fmt.width)
    raw, got = decode_all(fmt, lambda m, view: decode_integer(m, view.as_value(), fmt, "a"))
    want = fmt.decode(codes)
    for i in codes:
        if getattr(fmt, "narrow", False) and i == 1 << fmt.width - 1:
            continue  # outside the format
        magnitude = int(want.significand[i]) * Fraction(2) ** int(want.exponent[i])
        assert got["significand"][i] * Fraction(2) ** raw.offset == magnitude
        assert got.get("negative", np.zeros(len(codes)))[i] == want.negative[i]
