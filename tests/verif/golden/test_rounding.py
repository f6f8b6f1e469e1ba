"""The golden rounder against the definition in fractions, against gfloat, and by its properties."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import gfloat
import gfloat.formats
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scalar import Layout, project_integer, two_to
from scalar import project as project_scalar

from bitwright.hdl.formats import (
    Decoded,
    FloatFormat,
    InfinityTo,
    IntegerFormat,
    NanTo,
    NegativeZero,
    Overflow,
    Projection,
    Rounding,
    Specials,
    parse_format,
)
from bitwright.hdl.formats.floats import default_bias
from bitwright.verif.golden.exact import bit_length, shift_left, shift_right, wide
from bitwright.verif.golden.product import multiply
from bitwright.verif.golden.rounding import flush_subnormals, project

FP32 = parse_format("fp32")
SMALL = [
    "e2m1fn", "e2m1topnan", "e2m2", "e3m1", "e1m2none", "e3m0", "e3m0none", "e2m1fnuz", "e3m2fn",
    "binary4p2se", "binary4p1se", "binary4p1sf", "binary5p3sf", "ue2m2", "ue3m0", "ue2m2ieee",
    "binary4p2ue", "binary4p1uf", "binary4p4ue", "ue3m0nozero", "ue2m1nozero", "ue2m1nonenozero",
    "ue2m2none", "e3m2b-4fn", "binary3p2sf", "e4m1",
]
BITS = 3
DRAWN = {
    "e4m3fn", "e5m2", "e4m3fnuz", "e5m2fnuz", "e3m4", "ue5m3", "ue4m3", "e8m0fnu", "binary8p3se",
    "binary8p4ue", "binary8p1uf", "bf16", "fp16",
}


def projections(**fixed):
    """Every rounding mode and overflow policy, with the other choices given."""
    for rounding, overflow in product(Rounding, Overflow):
        bits = BITS if rounding.stochastic else 0
        yield Projection(rounding=rounding, overflow=overflow, random_bits=bits, **fixed)


def decoded(numbers, dtype=np.int64):
    """Dyadic fractions and "nan", "inf", "-inf", "-0" as the golden models hold them."""
    rows = []
    for x in numbers:
        negative = x in ("-inf", "-0") or (isinstance(x, Fraction) and x < 0)
        value = abs(x) if isinstance(x, Fraction) else Fraction(0)
        zeros = max((value.numerator & -value.numerator).bit_length() - 1, 0)
        exponent = zeros + 1 - value.denominator.bit_length()
        special = x == "nan", x in ("inf", "-inf")
        rows.append((*special, negative, value.numerator >> zeros, exponent))
    nan, infinite, negative, significand, exponent = zip(*rows, strict=True)
    return Decoded(np.array(nan), np.array(infinite), np.array(negative),
                   np.array(significand, dtype), np.array(exponent, np.int64))


def around(layout):
    """Every number of a format, points between at and near ties, beyond both ends, specials."""
    grid = layout.grid
    points = {Fraction(0), grid[0] / 2, 3 * grid[-1]}
    shares = [*(Fraction(k, 16) for k in (0, 1, 7, 8, 9, 15)), two_to(-40),
              two_to(-1) + two_to(-40), two_to(-1) - two_to(-20)]
    for low, high in pairwise(grid):
        points |= {low + share * (high - low) for share in shares}
    first = next(x for x in grid if x)
    points |= {first * two_to(-k) for k in (1, 2, 3, 7, 30)}
    points |= {first * (two_to(-1) + two_to(-k)) for k in (2, 5, 33)}
    points.add(grid[-1] * two_to(20))
    ordered = sorted(points)
    return [*ordered, *(-x if x else "-0" for x in ordered), "nan", "inf", "-inf"]


def judge(agree, format, numbers, rng, choices=()):
    """Compare golden and scalar codes of the numbers under every mode and policy."""
    exact = decoded(numbers)
    integer = isinstance(format, IntegerFormat)
    one, target = (project_integer, format) if integer else (project_scalar, Layout.of(format))
    for projection in projections(**dict(choices)):
        random = draws(rng, projection, len(numbers))
        got = project(exact, format, projection, random)
        words = [0] * len(numbers) if random is None else random.tolist()
        want = [one(x, target, projection, r) for x, r in zip(numbers, words, strict=True)]
        agree(format, got, want, x=numbers, random=random, projection=projection)


def draws(rng, projection, count):
    bits = projection.random_bits
    return rng.integers(0, 1 << bits, count) if bits else None


@pytest.mark.parametrize("name", SMALL)
def test_every_mode_and_policy_by_definition(name, rng, agree):
    format = parse_format(name)
    numbers = around(Layout.of(format))
    judge(agree, format, numbers, rng)


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_larger_formats_by_definition(name, rng, agree):
    format = parse_format(name)
    layout = Layout.of(format)
    codes = rng.integers(0, layout.top + 1, 40)
    offsets = [Fraction(k, 16) for k in (0, 1, 7, 8, 9, 15)]
    numbers = [layout.magnitude(c) + o * (layout.magnitude(c + 1) - layout.magnitude(c))
               for c in [0, 1, layout.top, layout.top - 1, *codes.tolist()] for o in offsets]
    numbers += [-x if x else "-0" for x in numbers] + ["nan", "inf", "-inf"]
    judge(agree, format, numbers, rng)


@pytest.mark.parametrize("name", ["e2m1fn", "e2m2", "e3m0", "binary4p2se", "binary4p1sf", "ue2m2",
                                  "binary4p2ue", "ue3m0nozero", "e3m1"])
@pytest.mark.parametrize("choice", [
    *({"nan_to": x} for x in NanTo), *({"inf_to": x} for x in InfinityTo),
    *({"neg_zero": x} for x in NegativeZero), {"ftz_out": True},
    {"ftz_out": True, "neg_zero": NegativeZero.DROP},
    {"nan_to": NanTo.ZERO, "inf_to": InfinityTo.NAN},
], ids=str)
def test_other_choices_by_definition(name, choice, rng, agree):
    format = parse_format(name)
    every = around(Layout.of(format))
    numbers = every[::4] + every[-3:] + ["-0", Fraction(0)]
    if "ftz_out" in choice:
        numbers = every
    judge(agree, format, numbers, rng, choice)


@pytest.mark.parametrize("name", ["int4", "uint3", "int4n", "int5f2", "int3f-2", "uint1", "int80"])
@pytest.mark.parametrize("choice", [
    {}, {"nan_to": NanTo.ZERO}, {"nan_to": NanTo.MAX}, {"inf_to": InfinityTo.NAN},
], ids=str)
def test_integers_by_definition(name, choice, rng, agree):
    format = parse_format(name)
    unit = two_to(format.lsb_exponent)
    numbers = [Fraction(k, 8) * unit for k in range(-300, 300)] + ["-0", "nan", "inf", "-inf"]
    numbers += [unit * (Fraction(k, 2) + s * two_to(-30)) for k in range(-40, 40) for s in (1, -1)]
    judge(agree, format, numbers, rng, choice)


MODES = {
    Rounding.RNE: gfloat.RoundMode.TiesToEven, Rounding.RNA: gfloat.RoundMode.TiesToAway,
    Rounding.RTZ: gfloat.RoundMode.TowardZero, Rounding.RU: gfloat.RoundMode.TowardPositive,
    Rounding.RD: gfloat.RoundMode.TowardNegative, Rounding.SRA: gfloat.RoundMode.StochasticFastest,
    Rounding.SRB: gfloat.RoundMode.StochasticFast, Rounding.SRC: gfloat.RoundMode.Stochastic,
}
OCP = {
    "e5m2": "ocp_e5m2", "e4m3fn": "ocp_e4m3", "e3m2fn": "ocp_e3m2", "e2m3fn": "ocp_e2m3",
    "e2m1fn": "ocp_e2m1", "bf16": "bfloat16", "fp16": "binary16",
}
SIGNED_P3109 = [f"binary{k}p{p}s{d}" for k in range(3, 9) for p in range(1, k) for d in "ef"]


def gfloat_info(name):
    if name in OCP:
        return getattr(gfloat.formats, f"format_info_{OCP[name]}")
    format = parse_format(name)
    kind = gfloat.Domain.Extended if name.endswith("e") else gfloat.Domain.Finite
    return gfloat.formats.format_info_p3109(
        format.width, format.precision, gfloat.Signedness.Signed, kind
    )


def near_ties(format, rng):
    """All magnitudes or some, all midpoints, their neighbours in binary32, overflow; both signs."""
    values = np.unique(np.abs(format.to_float(np.arange(1 << format.width))))
    values = values[np.isfinite(values)]
    if len(values) > 3000:
        values = np.sort(rng.choice(values, 3000, replace=False))
    top = values[-1]
    middle = (values[1:] + values[:-1]) / 2
    x = np.concatenate([values, middle, values * 1.03, top * np.array([1.01, 1.04, 1.1]), [np.inf]])
    with np.errstate(over="ignore"):
        x = x.astype(np.float32)
    x = np.concatenate([x, np.nextafter(x, np.float32(0)), np.nextafter(x, np.float32(np.inf))])
    return np.concatenate([x, -x])


@pytest.mark.parametrize("name", [*OCP, *SIGNED_P3109])
def test_as_in_gfloat(name, rng, agree):
    format, info = parse_format(name), gfloat_info(name)
    x = near_ties(format, rng)
    codes = x.view(np.uint32)
    numbers = FP32.decode(codes)
    for (mode, theirs), saturate in product(MODES.items(), (True, False)):
        if not saturate and not (format.has_nan or format.has_infinity):
            continue  # gfloat refuses this
        overflow = Overflow.SAT if saturate else Overflow.INF_OR_NAN
        bits = 5 if mode.stochastic else 0
        projection = Projection(rounding=mode, overflow=overflow, random_bits=bits)
        random = draws(rng, projection, len(x))
        extra = {"srbits": random, "srnumbits": bits} if bits else {}
        want = gfloat.round_ndarray(info, x.astype(np.float64), theirs, saturate, **extra)
        got = project(numbers, format, projection, random)
        agree(format, got, want, a=(FP32, codes), random=random, projection=projection)


def test_rounding_to_odd_keeps_more_than_its_own_bits():
    """A second rounding of the result to odd, with two bits more, equals one rounding."""
    target = parse_format("e4m3fn")
    between = FloatFormat(6, target.mantissa_width + 2, default_bias(6, Specials.IEEE))
    numbers = decoded([x for x in around(Layout.of(target)) if x != "nan"], object)
    odd = Projection(rounding=Rounding.RTO, overflow=Overflow.INF_OR_NAN)
    middle = between.decode(project(numbers, between, odd))
    for rounding in (r for r in Rounding if not r.stochastic):
        last = Projection(rounding=rounding)
        twice, once = project(middle, target, last), project(numbers, target, last)
        assert (twice == once).all(), rounding


def test_rounding_twice_to_nearest_does_harm():
    """The case that the test above must be able to see."""
    target, between = parse_format("e4m3fn"), parse_format("e6m5")
    x = decoded([1 + two_to(-4) + two_to(-9)])
    twice = project(between.decode(project(x, between, Projection())), target, Projection())
    assert (target.to_fraction(int(twice[0])), target.to_fraction(int(project(x, target,
            Projection())[0]))) == (1, 1 + two_to(-3))


@pytest.mark.parametrize("name", [*SMALL, *sorted(DRAWN)])
def test_python_integers_give_what_int64_gives(name, rng):
    """Beyond 60 bits significands are Python integers: the same codes, at any scale."""
    format = parse_format(name)
    count = 100
    none = np.zeros(count, bool)
    for projection in projections():
        # Up to each number of bits at which the rounder may choose.
        most = int(rng.integers(4, 60))
        significand = rng.integers(0, 1 << most, count) >> rng.integers(0, most, count)
        top = format.lsb_exponent + format.max_integer.bit_length() + 4
        exponent = rng.integers(format.lsb_exponent - 60, top, count)
        negative = rng.random(count) < 0.5
        narrow = Decoded(none, none, negative, significand, exponent)
        python = Decoded(none, none, negative, significand.astype(object), exponent)
        shifted = Decoded(none, none, negative, significand.astype(object) << 200, exponent - 200)
        if projection.rounding.stochastic:
            projection = replace(projection, random_bits=int(rng.integers(1, 33)))
        random = draws(rng, projection, count)
        codes = [project(x, format, projection, random) for x in (narrow, python, shifted)]
        assert (codes[0] == codes[1]).all(), projection
        assert (codes[0] == codes[2]).all(), projection


FORMATS = st.builds(
    lambda e, m, signed, specials: _valid(e, m, signed, specials),
    st.integers(1, 8), st.integers(0, 10), st.booleans(), st.sampled_from(Specials),
).filter(lambda format: format is not None)
PROJECTIONS = st.sampled_from([p for p in projections() if not p.rounding.stochastic])
NUMBERS = st.builds(
    lambda n, e: n * two_to(e), st.integers(-(1 << 50), 1 << 50), st.integers(-160, 100)
)


def _valid(e, m, signed, specials):
    try:
        return FloatFormat(e, m, default_bias(e, specials), signed, specials)
    except ValueError:
        return None


@given(FORMATS, PROJECTIONS, st.lists(NUMBERS, min_size=2, max_size=30))
def test_projection_is_monotonic(format, projection, numbers):
    """Where no result is NaN: x <= y gives p(x) <= p(y)."""
    results = format.to_float(project(decoded(sorted(numbers), object), format, projection))
    results = results[~np.isnan(results)]
    assert (results[1:] >= results[:-1]).all()


@given(FORMATS, PROJECTIONS, st.lists(NUMBERS, min_size=1, max_size=30))
def test_projection_is_idempotent(format, projection, numbers):
    once = project(decoded(numbers, object), format, projection)
    d = format.decode(once)
    finite = ~d.nan & ~d.infinite
    assert (project(d, format, projection)[finite] == once[finite]).all()


@given(FORMATS, st.lists(NUMBERS, min_size=1, max_size=30))
def test_directed_modes_enclose_the_number(format, numbers):
    numbers = [x for x in numbers if abs(x) <= format.max_value and (format.signed or x >= 0)]
    exact = decoded(numbers, object) if numbers else None
    if exact is None:
        return
    down, up, nearest = (
        [format.to_fraction(int(c)) for c in project(exact, format, Projection(rounding=mode))]
        for mode in (Rounding.RD, Rounding.RU, Rounding.RNE)
    )
    for x, low, high, near in zip(numbers, down, up, nearest, strict=True):
        assert low <= x <= high
        assert near in (low, high)
        assert abs(near - x) == min(x - low, high - x)


@pytest.mark.parametrize("mode", [Rounding.SRA, Rounding.SRB, Rounding.SRC])
def test_stochastic_rounding_is_fair(mode):
    """Over all random words, the share rounded away is the discarded fraction, up to 2**-N."""
    bits, format = 6, parse_format("e4m3fn")
    random = np.arange(1 << bits)
    projection = Projection(rounding=mode, random_bits=bits)
    for nu in (Fraction(k, 256) for k in range(256)):
        numbers = decoded([8 + nu] * len(random))
        share = (project(numbers, format, projection, random) == format.encode(9)).mean()
        assert abs(share - nu) <= (1 if mode is Rounding.SRA else Fraction(1, 2)) / 2**bits


@pytest.mark.parametrize("name", ["e4m3fn", "e5m2", "e2m1fn", "e8m0fnu", "int8", "binary4p1uf"])
def test_flushing_takes_subnormals_for_zeros(name):
    format = parse_format(name)
    before = format.decode(np.arange(1 << format.width))
    after = flush_subnormals(before, format)
    if isinstance(format, FloatFormat) and format.zero:
        small = before.significand < 1 << format.mantissa_width
        assert (after.significand == np.where(small, 0, before.significand)).all()
    else:
        assert (after.significand == before.significand).all()
    for field in ("nan", "infinite", "negative", "exponent"):
        assert (getattr(after, field) == getattr(before, field)).all()


@pytest.mark.parametrize(("a", "b"), [
    ("e4m3fn", "e5m2"), ("e5m2", "e5m2"), ("binary6p3se", "e4m3fnuz"), ("ue4m3", "e2m1fn"),
    ("int8", "e4m3fn"), ("e8m0fnu", "e8m0fnu"), ("int8n", "uint4"),
])
def test_products_are_exact(a, b):
    """As binary64 multiplies: exact on so few bits, with IEEE 754's rules for specials."""
    a, b = parse_format(a), parse_format(b)
    x, y = (c.ravel() for c in np.meshgrid(np.arange(1 << a.width), np.arange(1 << b.width)))
    got = multiply(a.decode(x), b.decode(y))
    with np.errstate(invalid="ignore"):
        want = a.to_float(x) * b.to_float(y)
    assert (got.nan == np.isnan(want)).all()
    assert ((got.infinite & ~got.nan) == np.isinf(want)).all()
    finite = np.isfinite(want)
    values = np.ldexp(got.significand.astype(np.float64), got.exponent)
    values = np.where(got.negative, -values, values)
    assert (values[finite] == want[finite]).all()
    floats = [f for f in (a, b) if isinstance(f, FloatFormat)]
    if len(floats) == 2:  # integers have no negative zero
        assert (np.signbit(values)[finite] == np.signbit(want)[finite]).all()


def test_wide_products_become_python_integers():
    a, b = parse_format("int40"), parse_format("int30")
    x, y = np.array([-(1 << 39)]) & ((1 << 40) - 1), np.array([(1 << 29) - 1])
    got = multiply(a.decode(x), b.decode(y))
    assert (got.negative[0], got.significand[0]) == (True, ((1 << 29) - 1) << 39)


@given(st.lists(st.integers(0, (1 << 62) - 1), min_size=1), st.integers(-5, 90))
def test_integer_helpers(values, count):
    for dtype in (np.int64, object):
        array = np.array(values, dtype)
        assert bit_length(array).tolist() == [v.bit_length() for v in values]
        shift = max(count, 0)
        assert shift_right(array, count).tolist() == [v >> shift for v in values]
    python = wide(values, 64)
    assert python.dtype == object
    assert shift_left(python, count).tolist() == [v << max(count, 0) for v in values]
    assert wide(values, 60).dtype == np.int64
