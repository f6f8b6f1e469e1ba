"""Sums of squares and largest magnitudes, against fractions, one number after the other."""

import struct
from fractions import Fraction
from math import isinf, isnan

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.verif.verify import golden, run_on


def in_binary32(number):
    return Fraction(struct.unpack("<f", struct.pack("<f", number))[0])


def tokens_of(format, lanes, beats, count, seed, *, finite):
    """Codes of vectors of one beat up to ``beats``, with their bounds."""
    rng = np.random.default_rng(seed)
    first, last, rows = [], [], []
    for _ in range(count):
        length = int(rng.integers(1, beats + 1))
        codes = rng.integers(0, 1 << format.width, (length, lanes))
        if finite and hasattr(format, "max_magnitude"):
            codes %= format.max_magnitude + 1
            codes |= rng.integers(0, 2, codes.shape) * format.sign_mask
        rows.append(codes)
        first += [1] + [0] * (length - 1)
        last += [0] * (length - 1) + [1]
    return rows, {"first": np.array(first), "last": np.array(last), "a": np.concatenate(rows)}


@pytest.mark.parametrize(
    ("texts", "lanes", "beats"),
    [
        ({"a": "fp16", "epsilon": "6"}, 2, 4),
        ({"a": "e4m3fn", "epsilon": "none", "structure": "plain", "stages": "1"}, 3, 3),
        ({"a": "int8", "epsilon": "8", "size": "5"}, 2, 3),
        ({"a": "uint4f2", "epsilon": "0", "adder": "plain"}, 2, 2),  # eps is more than a square
    ],
)
def test_sums_are_exact(texts, lanes, beats):
    sizes = {"lanes": str(lanes), "beats": str(beats), "o": "exact"}
    made = generate("rms-statistics", {**texts, **sizes})
    a = parse_format(texts["a"])
    rows, inputs = tokens_of(a, lanes, beats, 40, 1, finite=True)
    size = int(texts.get("size", lanes * beats))
    eps = 0 if texts["epsilon"] == "none" else in_binary32(10.0 ** -int(texts["epsilon"]))
    numbers = [[a.to_fraction(int(code)) for code in row.ravel()] for row in rows]
    sums = [sum(x * x for x in row) + size * eps for row in numbers]
    got, _ = run_on(made, inputs, len(rows), simulator="icarus")
    unit = Fraction(2) ** made.unit.sum_format.lsb_exponent
    assert [int(p) * unit for p in got["p"]] == sums
    largest = made.unit.o.payload.shape()["largest"].shape
    assert [largest.to_fraction(int(x)) for x in got["largest"]] == [
        max(map(abs, row)) for row in numbers
    ]
    want = golden("rms-statistics", made.unit, inputs)
    assert all((got[name] == want[name]).all() for name in got)


def test_specials_and_the_one_rounding():
    """To binary32, which a double of the exact sum gives by one rounding more that harms nothing:
    53 bits hold the sums of a few small numbers."""
    texts = {"a": "e5m2", "lanes": "2", "beats": "3", "epsilon": "none"}
    made = generate("rms-statistics", texts)
    a = parse_format("e5m2")
    rows, inputs = tokens_of(a, 2, 3, 300, 2, finite=False)
    got, _ = run_on(made, inputs, len(rows), simulator="icarus")
    values = [[float(x) for x in a.to_float(row).ravel()] for row in rows]
    special = [any(isnan(x) or isinf(x) for x in row) for row in values]
    assert 20 < sum(special) < 280
    for row, nothing, code in zip(values, special, got["p"], strict=True):
        if nothing:
            assert np.isnan(np.array(int(code), np.uint32).view(np.float32))
        else:
            exact = sum(Fraction(x) ** 2 for x in row)
            assert int(np.float32(float(exact)).view(np.uint32)) == code
    magnitudes = [int((row & 127).max()) for row in rows]
    assert got["largest"].tolist() == magnitudes


def test_the_largest_is_that_of_the_gained_numbers():
    texts = {"a": "e4m3fn", "lanes": "2", "beats": "2", "gained": "true", "o": "exact"}
    made = generate("rms-statistics", {**texts, "epsilon": "none"})
    inputs = {
        "first": np.array([1, 1, 0]),
        "last": np.array([1, 0, 1]),
        "a": np.array([[0x38, 0xB8], [0x7F, 0x38], [0x38, 0x38]]),  # 1 and -1; NaN, 1; 1, 1
        "y": np.array([[0xC0, 0x01], [0x05, 0x08], [0x84, 0x07]]),
    }
    got, _ = run_on(made, inputs, 2, simulator="icarus")
    assert [int(x) for x in got["largest"]] == [0x40, 0x08]
    assert [int(x) for x in got["nan"]] == [0, 1]
    assert int(got["p"][0]) * Fraction(2) ** made.unit.sum_format.lsb_exponent == 2


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"a": "e4m3fnuz"},
            "The numbers must be integers, or floats with a zero whose infinities and NaN are "
            r"above all numbers \(as fp16, e4m3fn, e2m1fn\), not 'e4m3fnuz'",
        ),
        ({"epsilon": "31"}, "The epsilon must be an integer from 0 to 30, not 31"),
        ({"beats": "1", "size": "9"}, "The size must be an integer from 1 to 8, not 9"),
        ({"structure": "booth"}, "The structure must be compressor or plain, not 'booth'"),
        (
            {"ftz_in": "true"},
            "The policy ftz_in must be 'false', not 'true': subnormal numbers count",
        ),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("rms-statistics", texts)
