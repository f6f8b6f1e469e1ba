"""The fast golden cast: always what the exact rounder gives."""

import numpy as np
import pytest

from bitwright.hdl.formats import NegativeZero, Overflow, Projection, Rounding, parse_format
from bitwright.verif.golden.cast import cast
from bitwright.verif.golden.rounding import flush_subnormals, project
from bitwright.verif.stimuli import corners

TARGETS = ["e4m3fn", "e5m2", "e2m1fn", "e8m0fnu", "binary8p4se", "ue4m3", "e4m3b11fnuz", "int8"]
DETERMINISTIC = [r for r in Rounding if not r.stochastic]


def exact(codes, source, target, projection, random=None):
    numbers = source.decode(codes)
    if projection.ftz_in:
        numbers = flush_subnormals(numbers, source)
    return project(numbers, target, projection, random)


@pytest.mark.parametrize("source", ["bf16", "fp16"])
@pytest.mark.parametrize("target", TARGETS)
def test_every_code_of_16_bit_sources(source, target, agree):
    source, target = parse_format(source), parse_format(target)
    codes = np.arange(1 << 16)
    for projection in [
        *(Projection(rounding=mode) for mode in DETERMINISTIC),
        *(Projection(overflow=policy) for policy in Overflow),
        Projection(ftz_in=True), Projection(ftz_out=True),
        Projection(neg_zero=NegativeZero.DROP),
    ]:
        agree(target, cast(codes, source, target, projection),
              exact(codes, source, target, projection), a=(source, codes), projection=projection)


@pytest.mark.parametrize("rounding", DETERMINISTIC)
@pytest.mark.parametrize("target", [*TARGETS, "bf16", "fp16", "e8m5", "e5m8", "tf32"])
def test_binary32_at_random_and_at_corners(target, rounding, rng, agree):
    """Corners of the source, and every number of the target with what lies around its ties."""
    source, target = parse_format("fp32"), parse_format(target)
    numbers = target.to_float(rng.integers(0, 1 << target.width, 4000))
    with np.errstate(over="ignore", invalid="ignore"):
        seen = numbers.astype(np.float32).view(np.uint32).astype(np.int64)
    cut = 1 << max(source.mantissa_width - getattr(target, "mantissa_width", 7) - 1, 0)
    near = [(seen + offset) & 0xFFFFFFFF for offset in (-cut - 1, -cut, -1, 0, 1, cut, cut + 1)]
    codes = np.concatenate([corners(source), rng.integers(0, 1 << 32, 20000), *near])
    for projection in (Projection(rounding=rounding, ftz_in=flush, overflow=overflow)
                       for flush, overflow in ((False, Overflow.SAT), (True, Overflow.INF_OR_NAN))):
        agree(target, cast(codes, source, target, projection),
              exact(codes, source, target, projection), a=(source, codes), projection=projection)


@pytest.mark.parametrize("rounding", [r for r in Rounding if r.stochastic])
def test_stochastic_modes(rounding, rng, agree):
    source, target = parse_format("bf16"), parse_format("e4m3fn")
    codes, random = rng.integers(0, 1 << 16, 20000), rng.integers(0, 1 << 9, 20000)
    projection = Projection(rounding=rounding, random_bits=9)
    agree(target, cast(codes, source, target, projection, random),
          exact(codes, source, target, projection, random), a=(source, codes), random=random)


@pytest.mark.parametrize("source", ["int8", "mxint8", "uint4", "int24f8", "int100"])
@pytest.mark.parametrize("target", ["e4m3fn", "bf16", "int6", "uint8f-2", "int80"])
def test_integer_sources(source, target, rng, agree):
    source, target = parse_format(source), parse_format(target)
    wide = source.width > 62
    drawn = rng.integers(0, 1 << min(source.width, 62), 3000)
    codes = drawn.astype(object) << (source.width - 62) if wide else drawn
    codes = np.concatenate([codes, corners(source)])
    agree(target, cast(codes, source, target), exact(codes, source, target, Projection()),
          a=(source, codes))


@pytest.mark.parametrize(("source", "target"), [
    ("e4m3fn", "bf16"), ("e5m2", "fp16"), ("e4m3fn", "fp16"), ("e2m1fn", "e4m3fn"),
    ("e8m0fnu", "fp32"), ("bf16", "fp32"), ("fp16", "tf32"), ("binary8p4se", "fp16"),
])
def test_widening_is_exact_and_comes_back(source, target):
    source, target = parse_format(source), parse_format(target)
    codes = np.arange(1 << source.width)
    keep = Projection(overflow=Overflow.P3109_SATPROPAGATE)
    wide = cast(codes, source, target, keep)
    d = source.decode(codes)
    number = ~d.nan
    assert (target.to_float(wide)[number] == source.to_float(codes)[number]).all()
    assert (cast(wide, target, source, keep)[number] == codes[number]).all()


def test_shapes_and_types_of_arrays():
    source, target = parse_format("bf16"), parse_format("e4m3fn")
    for codes in (np.arange(24).reshape(2, 3, 4), np.arange(24, dtype=np.uint16).reshape(4, 6).T,
                  np.zeros((0, 3), int), np.array(0x3F80)):
        got = cast(codes, source, target)
        assert got.shape == codes.shape
        assert (got == exact(codes, source, target, Projection())).all()
    assert int(cast(0x3F80, source, target)) == 0x38
