"""One array, four formats: every pair of words in every mode, sums of them, and what is refused."""

import random
from fractions import Fraction

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.mixed.mixed_precision_mac import Mode
from bitwright.verif.verify import golden, run_on

INT8, INT4, FP8, FP4 = range(4)
UNIT = {INT8: Fraction(1), INT4: Fraction(1, 16), FP8: Fraction(1, 1 << 18), FP4: Fraction(1, 64)}
E2M1 = [0, 1, 2, 3, 4, 6, 8, 12]  # halves: OCP MX v1.0, table 5


def signed(code, width):
    return code - (1 << width) if code >> (width - 1) else code


def e4m3(code):
    """OCP 8-bit floating point, OFP8 v1.0, table 2: None is NaN."""
    sign, exponent, mantissa = -1 if code >> 7 else 1, code >> 3 & 15, code & 7
    if exponent == 15 and mantissa == 7:
        return None
    if exponent == 0:
        return sign * Fraction(mantissa, 1 << 9)
    return sign * Fraction(8 + mantissa, 8) * Fraction(2) ** (exponent - 7)


def numbers(word, mode):
    """What a word of ``a`` holds, the first number in the low half."""
    if mode == INT8:
        return [signed(word, 8)]
    if mode == FP8:
        return [e4m3(word)]
    halves = [word & 15, word >> 4]
    if mode == INT4:
        return [signed(half, 4) for half in halves]
    return [Fraction(E2M1[half & 7] * (-1 if half & 8 else 1), 2) for half in halves]


def product(a, b, mode):
    """What one pair of words adds to the sum; None is NaN."""
    x, y = numbers(a, mode), numbers(b, mode)[::-1]
    if None in x or None in y:
        return None
    total = sum(p * q for p, q in zip(x, y, strict=True)) / UNIT[mode]
    assert total == int(total)
    return int(total)


def results(got, unit):
    sums = unit.sum_format.integers(got["p"]).tolist()
    flags = got["nan"].tolist() if "nan" in got else [0] * len(sums)
    return [None if flag else value for value, flag in zip(sums, flags, strict=True)]


@pytest.mark.parametrize("mode", [INT8, INT4, FP8, FP4])
def test_every_pair_of_words(mode):
    made = generate("mixed-precision-mac", {"beats": "1"})
    assert Fraction(2) ** made.unit.units[Mode(mode)] == UNIT[mode]
    a, b = (x.reshape(-1, 1) for x in np.divmod(np.arange(1 << 16), 256))
    inputs = {"mode": np.full(1 << 16, mode), "a": a, "b": b}
    got, _ = run_on(made, inputs, 1 << 16, lanes=4)
    want = [product(x, y, mode) for x in range(256) for y in range(256)]
    assert results(got, made.unit) == want
    model = golden("mixed-precision-mac", made.unit, inputs)
    assert [None if n else p for p, n in zip(model["p"], model["nan"], strict=True)] == want


@pytest.mark.parametrize(
    ("texts", "modes"),
    [
        ({"int4": "false", "fp8": "false", "fp4": "false"}, [INT8]),
        ({"fp8": "false", "fp4": "false", "lanes": "3"}, [INT8, INT4]),
        ({"int4": "false", "fp8": "false", "stages": "1"}, [INT8, FP4]),
        ({"int4": "false", "fp4": "false", "lanes": "2"}, [INT8, FP8]),
        ({"lanes": "2", "adder": "plain", "stages": "2"}, [INT8, INT4, FP8, FP4]),
    ],
)
def test_sums_of_the_modes_that_exist(texts, modes):
    """Also the largest sums of either sign, which the accumulator must hold."""
    beats, rng = 5, random.Random(len(modes))
    made = generate("mixed-precision-mac", {**texts, "beats": str(beats)})
    lanes = made.unit.parameters.lanes
    assert made.unit.modes == tuple(Mode(mode) for mode in modes)
    extremes = [(0x80, 0x80), (0x80, 0x7F), (0x88, 0x88), (0x7E, 0x7E), (0xFE, 0x7E), (0x77, 0xFF)]
    rows = []
    for mode in range(4) if len(modes) > 1 else [INT8]:
        rows += [[(mode, [pair] * lanes)] * beats for pair in extremes]
        for length in (1, 2, 5, 5, 5, 3):
            row = []
            for _ in range(length):
                pairs = [(rng.randrange(256), rng.randrange(256)) for _ in range(lanes)]
                row.append((mode, pairs))
            rows.append(row)
    beats_of = [beat for row in rows for beat in row]
    inputs = {
        "first": np.array([int(n == 0) for row in rows for n in range(len(row))]),
        "last": np.array([int(n == len(row) - 1) for row in rows for n in range(len(row))]),
        "a": np.array([[a for a, _ in pairs] for _, pairs in beats_of]),
        "b": np.array([[b for _, b in pairs] for _, pairs in beats_of]),
    }
    if len(modes) > 1:
        inputs["mode"] = np.array([mode for mode, _ in beats_of])
    want = []
    for row in rows:
        terms = [
            product(a, b, mode if mode in modes else INT8) for mode, pairs in row for a, b in pairs
        ]
        want.append(None if None in terms else sum(terms))
    assert sum(value is not None for value in want) > len(want) / 2
    got, _ = run_on(made, inputs, len(rows), simulator="icarus", gaps=0.2, stalls=0.2)
    assert results(got, made.unit) == want
    model = golden("mixed-precision-mac", made.unit, inputs)
    assert [p for p, w in zip(model["p"].tolist(), want, strict=True) if w is not None] == [
        w for w in want if w is not None
    ]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"lanes": "0"}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"beats": "0"}, "The number of beats must be an integer from 1 to 4294967296, not 0"),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("mixed-precision-mac", texts)
