"""Digits of every code, against loops written from the papers."""

import numpy as np
import pytest
from radix4 import COUNTS, digits

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.verif.golden.digit.recodings import digit_count
from bitwright.verif.golden.digit.recodings import digits as golden_digits
from bitwright.verif.verify import run_on


@pytest.mark.parametrize("recoding", list(COUNTS))
@pytest.mark.parametrize(
    ("name", "count"), [("int8", 4), ("uint8", 5), ("int7", 4), ("uint5", 3), ("int1", 1)]
)
def test_every_code(name, count, recoding):
    format = parse_format(name)
    codes = np.arange(1 << format.width)
    numbers = format.integers(codes).tolist()
    want = [digits(recoding, number, count) for number in numbers]
    assert [sum(d * 4**k for k, d in enumerate(found)) for found in want] == numbers
    assert digit_count(format) == count
    assert golden_digits(format, codes, recoding).tolist() == want
    made = generate("digit-encoder", {"a": name, "recoding": recoding})
    got, _ = run_on(made, {"a": codes[:, None]}, len(codes), simulator="icarus")
    assert ((got["p"].astype(np.int64) ^ 4) - 4).tolist() == want
    flags = [sum((d != 0) << k for k, d in enumerate(found)) for found in want]
    assert got["nonzero"].tolist() == flags


@pytest.mark.parametrize(
    ("number", "found"),
    [
        # The paper's examples, lowest digit first.
        (91, [-1, -1, 2, 1]),
        (124, [0, -1, 0, 2]),
        # Of the smallest number the magnitude takes all eight bits.
        (-128, [0, 0, 0, -2]),
        (-2, [-2, 0, 0, 0]),
        (0, [0, 0, 0, 0]),
    ],
)
def test_ent_examples(number, found):
    format = parse_format("int8")
    assert golden_digits(format, np.array([number & 255]), "ent").tolist() == [found]


@pytest.mark.parametrize("recoding", list(COUNTS))
def test_how_many_are_not_zero(recoding):
    found = golden_digits(parse_format("int8"), np.arange(256), recoding)
    assert (found != 0).sum() / 256 == COUNTS[recoding]


@pytest.mark.parametrize(
    ("deviation", "counts"),
    [
        (10, {"booth": 1.93, "ent": 1.76, "fewest": 1.73}),
        (20, {"booth": 2.29, "ent": 2.12, "fewest": 2.06}),
        (50, {"booth": 2.77, "ent": 2.60, "fewest": 2.50}),
    ],
)
def test_how_many_of_normal_data(deviation, counts):
    from math import erf

    edges = [erf((n - 0.5) / deviation / 2**0.5) for n in range(-128, 129)]
    weights = np.diff(edges) / (edges[-1] - edges[0])
    codes = np.arange(-128, 128) & 255
    for recoding, count in counts.items():
        found = golden_digits(parse_format("int8"), codes, recoding) != 0
        assert float((found.sum(axis=1) * weights).sum()) == pytest.approx(count, abs=0.006)
