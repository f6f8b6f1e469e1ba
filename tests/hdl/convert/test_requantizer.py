"""Requantization against rational numbers, and the two published schemes against each other."""

from fractions import Fraction
from math import floor, frexp
from random import Random

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.convert.requantizer import Requantizer
from bitwright.hdl.formats import parse_format
from bitwright.hdl.formats.requantization import Scheme, ShiftRounding
from bitwright.verif.verify import golden, run_on

HALF = Fraction(1, 2)


def rounded(x, rounding, random=0, bits=0):
    """A rational number to an integer, by the words of each rounding mode."""
    below = floor(x)
    nu = x - below
    return {
        "half_up": lambda: floor(x + HALF),
        "rne": lambda: round(x),  # Python's own: ties to even
        "rna": lambda: floor(x + HALF) if x >= 0 else -floor(-x + HALF),
        "floor": lambda: below,
        "stochastic": lambda: below + (floor(nu * 2**bits) + random >= 2**bits),
    }[rounding]()


def requantized(texts, number, multiplier, shift, *, left=0, random=0):
    """The quotient, before zero point and bounds."""
    scheme = texts.get("scheme", "dyadic")
    if scheme == "tflite":
        width = int(texts.get("multiplier_width", "31"))
        upper = rounded(Fraction(number * 2**left * multiplier, 2**width), "half_up")
        return rounded(Fraction(upper, 2**shift), "rna")
    product = number if scheme == "power_of_two" else number * multiplier
    bits = int(texts.get("random_bits", "0"))
    return rounded(Fraction(product, 2**shift), texts.get("rounding", "half_up"), random, bits)


def signed(code, width):
    return code - ((code >> (width - 1)) << width)


def grid(*sizes):
    """All combinations of numbers below these sizes, a column each."""
    return [axis.ravel()[:, None] for axis in np.meshgrid(*map(np.arange, sizes), indexing="ij")]


@pytest.mark.parametrize(
    "texts",
    [
        {"scheme": "tflite"},
        {"rounding": "half_up"},
        {"rounding": "rne"},
        {"rounding": "rna"},
        {"rounding": "floor"},
        {"rounding": "stochastic", "random_bits": "2"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_every_small_number(texts):
    texts = texts | {"a": "int6", "multiplier_width": "4", "shift_width": "3", "o": "int5"}
    made = generate("requantizer", texts)
    a, multiplier, shift = grid(64, 16, 8)
    inputs = {"a": a, "multiplier": multiplier, "shift": shift}
    random = np.zeros(len(a), int)
    if "random_bits" in texts:
        random = np.random.default_rng(7).integers(0, 4, len(a))
        inputs["random"] = random
    want = [
        min(max(requantized(texts, signed(n, 6), f, s, random=r), -16), 15) % 32
        for n, f, s, r in zip(
            *(x.ravel().tolist() for x in (a, multiplier, shift, random)), strict=True
        )
    ]
    assert (golden("requantizer", made.unit, inputs)["p"][:, 0] % 32).tolist() == want
    got, _ = run_on(made, inputs, len(a), simulator="icarus")
    assert got["p"][:, 0].tolist() == want


def draws(texts, count, seed):
    """Inputs whose quotients are near the result's range, many of them ties."""
    rng, rows = Random(seed), []
    width = int(texts.get("multiplier_width", "31"))
    fixed = width if texts.get("scheme") == "tflite" else 0
    for _ in range(count):
        number = rng.choice((1, -1)) * rng.getrandbits(rng.randint(1, 31))
        multiplier = rng.choice((1 << width - 1, rng.getrandbits(width), (1 << width) - 1))
        size = (number * multiplier).bit_length()
        shift = min(max(size - fixed - rng.randint(0, 11), 0), 63)
        bias = rng.choice((0, -number // 3, rng.getrandbits(20)))
        rows.append((number, bias, multiplier, shift, rng.getrandbits(8)))
    return rows


@pytest.mark.parametrize(
    "texts",
    [
        {"zero": "true"},
        {"scheme": "tflite", "zero": "true", "bias": "true", "left_width": "3"},
        {"rounding": "rne", "o": "uint8", "clamp": "relu", "zero": "true", "stages": "2"},
        {"multiplier_width": "16", "clamp": "range", "bias": "true", "per_channel": "true"},
        {"scheme": "power_of_two", "rounding": "rna", "o": "int8n", "clamp": "relu"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_accumulators_of_32_bits(texts):
    made = generate("requantizer", {**texts, "lanes": "2"})
    p = made.unit.parameters
    count, sets = 120, 2 if p.per_channel else 1
    rows = [draws(texts, count, seed) for seed in (1, 2)]
    code = (1 << 32) - 1
    columns = [
        np.array([[row[n] for row in pair] for pair in zip(*rows, strict=True)], object)
        for n in range(5)
    ]
    a, bias, multiplier, shift, left = columns
    zero, low, high = (np.random.default_rng(k).integers(0, 256, count) for k in range(3))
    given = {
        "a": a & code,
        "bias": bias[:, :sets] & code,
        "multiplier": multiplier[:, :sets],
        "shift": shift[:, :sets],
        "left": left[:, :1] % 8,
        "zero": zero,
        "low": low,
        "high": high,
    }
    inputs = {name: given[name] for name, _ in made.unit.i.payload.shape()}
    least, most = p.o.min_integer, p.o.max_integer
    results = []
    for row in range(count):
        point = int(p.o.integers(zero[row])) if p.zero else 0
        bounds = least, most
        if p.clamp == "range":
            bounds = int(p.o.integers(low[row])), int(p.o.integers(high[row]))
        elif p.clamp == "relu":
            bounds = point, most
        for lane in range(2):
            k = lane if p.per_channel else 0
            number = a[row, lane] + (bias[row, k] if p.bias else 0)
            up = int(left[row, 0]) % 8 if p.left_width else 0
            y = requantized(texts, number, multiplier[row, k], shift[row, k], left=up) + point
            results.append((bounds[1] if y > bounds[1] else max(y, bounds[0])) % 256)
    got, _ = run_on(made, inputs, count, simulator="icarus", gaps=0.2, stalls=0.2)
    assert got["p"].ravel().tolist() == results
    assert (golden("requantizer", made.unit, inputs)["p"].ravel() % 256).tolist() == results
    if p.clamp == "format":
        assert len(set(results)) > 60  # the draws did not all saturate


def test_where_the_published_schemes_differ():
    """A quarter of 1 is 0, rounded once; rounded to 1 (of 1/2) and again to 1 (of 1/2), it is 1."""
    inputs = {"a": np.array([[1]]), "multiplier": np.array([[1 << 30]])}
    tflite, dyadic = Requantizer(scheme=Scheme.TFLITE), Requantizer()
    twice = golden("requantizer", tflite, {**inputs, "shift": np.array([[1]])})
    once = golden("requantizer", dyadic, {**inputs, "shift": np.array([[32]])})
    assert (twice["p"].item(), once["p"].item()) == (1, 0)


def test_the_published_schemes_differ_about_twice_in_a_thousand():
    rng = np.random.default_rng(3)
    count = 20_000
    a = rng.integers(-(1 << 20), 1 << 20, (count, 1)) & 0xFFFFFFFF
    multiplier, shift = rng.integers(1 << 30, 1 << 31, (count, 1)), rng.integers(7, 13, (count, 1))
    wide = parse_format("int32")
    tflite, dyadic = Requantizer(scheme=Scheme.TFLITE, o=wide), Requantizer(o=wide)
    inputs = {"a": a, "multiplier": multiplier}
    twice = golden("requantizer", tflite, {**inputs, "shift": shift})["p"]
    once = golden("requantizer", dyadic, {**inputs, "shift": shift + 31})["p"]
    difference = twice - once
    assert set(np.unique(difference)) == {0, 1} or set(np.unique(difference)) == {-1, 0, 1}
    assert 0.0005 < np.mean(difference != 0) < 0.01


@pytest.mark.parametrize("ratio", [0.75, 2**-9, 0.0003, 0.0117, 0.99999])
def test_factors_of_hawq(ratio):
    """The multiplier is the mantissa in 31 bits: results are those of the real factor, rounded."""
    mantissa, exponent = frexp(ratio)
    multiplier = floor(mantissa * 2**31 + 0.5)
    a = np.arange(-20_000, 20_000, 7)
    unit = Requantizer(rounding=ShiftRounding.RNE, o=parse_format("int16"))
    inputs = {
        "a": (a & 0xFFFFFFFF)[:, None],
        "multiplier": np.full((len(a), 1), multiplier),
        "shift": np.full((len(a), 1), 31 - exponent),
    }
    got = golden("requantizer", unit, inputs)["p"][:, 0]
    assert np.abs(got - a * ratio).max() <= 0.5 + 2e-5


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"scheme": "tflite", "rounding": "rne"},
            "With scheme 'tflite' the rounding must be left at 'half_up', not 'rne': "
            "the scheme has two of its own",
        ),
        (
            {"left_width": "3"},
            "The width of the shift to the left must be 0 with scheme 'dyadic', not 3: "
            "only 'tflite' has one",
        ),
        ({"random_bits": "3"}, "The random bits must be 0 with rounding 'half_up', not 3"),
        (
            {"rounding": "stochastic"},
            "The random bits of rounding 'stochastic' must be from 1 to 32, not 0",
        ),
        ({"o": "mxint8"}, "The format must be an integer without fraction, not 'mxint8'"),
        (
            {"multiplier_width": "0"},
            "The multiplier width must be an integer from 1 to 64, not 0",
        ),
        ({"shift_width": "9"}, "The shift width must be an integer from 1 to 8, not 9"),
        ({"lanes": "0"}, "The number of lanes must be an integer from 1 to 1024, not 0"),
    ],
)
def test_refused(texts, message):
    with refused(message):
        generate("requantizer", texts)
