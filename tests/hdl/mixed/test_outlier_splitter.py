"""Outliers: every half-precision code against Python's own, and the two paths of LLM.int8()."""

import struct
from fractions import Fraction

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.verify import golden, run_on


def half(code):
    """The number that a code of IEEE 754 binary16 stands for, by Python's library."""
    return struct.unpack("<e", struct.pack("<H", code))[0]


def test_every_code_of_half_precision():
    threshold = 6
    made = generate("outlier-splitter", {"lanes": "1"})
    codes = np.arange(1 << 16).reshape(-1, 1)
    got, _ = run_on(made, {"a": codes}, 1 << 16, lanes=4)
    large = [not abs(half(code)) < threshold for code in range(1 << 16)]
    assert got["mask"].tolist() == large
    assert got["p"].ravel().tolist() == [0 if x else c for c, x in enumerate(large)]
    assert got["outliers"].ravel().tolist() == [c if x else 0 for c, x in enumerate(large)]
    model = golden("outlier-splitter", made.unit, {"a": codes})
    assert all((model[name] == got[name]).all() for name in got)


def test_six_is_the_integer_of_the_paper():
    """Magnitudes from 0x4600 on are outliers, and that number is the first."""
    assert half(0x4600) == 6
    assert half(0x45FF) < 6
    made = generate("outlier-splitter", {"lanes": "4"})
    codes = np.array([[0x4600, 0x45FF, 0xC600, 0xC5FF]])
    got, _ = run_on(made, {"a": codes}, 1, simulator="icarus")
    assert got["mask"].tolist() == [0b0101]


@pytest.mark.parametrize("name", ["e4m3fn", "e5m2", "e4m3fnuz", "binary8p3se", "ue5m3", "e2m1fn"])
def test_other_formats(name):
    """Wherever NaN is; a threshold between two numbers counts from the greater one."""
    made = generate("outlier-splitter", {"a": name, "lanes": "1", "threshold": "5", "stages": "1"})
    format = made.unit.parameters.a
    codes = np.arange(1 << format.width).reshape(-1, 1)
    got, _ = run_on(made, {"a": codes}, len(codes), simulator="icarus", gaps=0.2, stalls=0.2)
    decoded = format.decode(codes.ravel())
    for code, mask in enumerate(got["mask"].tolist()):
        no_number = decoded.nan[code] or decoded.infinite[code]
        assert mask == int(no_number or abs(format.to_fraction(code)) >= 5)


def test_both_paths_together_are_the_product():
    """LLM.int8() on integers that int8 holds: the sum of both paths is the exact dot product."""
    rng = np.random.default_rng(1)
    large, small = rng.integers(6, 2000, (64, 8)), rng.integers(-5, 6, (64, 8))
    x = np.where(rng.random((64, 8)) < 0.1, large, small)
    weights = rng.integers(-127, 128, 8)
    codes = x.astype(np.float16).view(np.uint16).astype(np.int64)
    made = generate("outlier-splitter", {})
    got, _ = run_on(made, {"a": codes}, 64, simulator="icarus")
    parts = [[[Fraction(half(int(c))) for c in row] for row in got[n]] for n in ("p", "outliers")]
    assert max(abs(v) for row in parts[0] for v in row) < 6
    for row, one, two in zip(x, *parts, strict=True):
        whole, ordinary, rest = (
            sum(Fraction(v) * int(w) for v, w in zip(vector, weights, strict=True))
            for vector in (row.tolist(), one, two)
        )
        assert ordinary + rest == whole


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"lanes": "0"}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"threshold": "0"}, "The threshold must be an integer from 1 to 4294967296, not 0"),
        (
            {"a": "e2m1fn", "threshold": "7"},
            "The threshold must be at most e2m1fn's largest number, 6, not 7",
        ),
        ({"a": "e8m0fnu"}, "The numbers must be in a format with a zero, not 'e8m0fnu'"),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("outlier-splitter", texts)
