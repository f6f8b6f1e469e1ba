"""Scales of normalized vectors, against squares of fractions: no root is drawn here."""

from itertools import pairwise

import numpy as np
import pytest
from beat_times import beat_times

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.verif.verify import golden, run_on


def operands(a, largest, count, seed):
    """Of all binades that both formats have, and squares of powers of two among them."""
    rng = np.random.default_rng(seed)
    sums = rng.integers(1, a.max_magnitude + 1, count)
    sums[::5] &= ~((1 << a.mantissa_width) - 1)
    if hasattr(largest, "max_magnitude"):
        most = rng.integers(1, largest.max_magnitude + 1, count)
    else:
        most = rng.integers(1, largest.max_integer + 1, count)
    return {"a": np.maximum(sums, 1), "largest": most}


@pytest.mark.parametrize(
    ("texts", "size", "top"),
    [
        ({"a": "fp16", "largest": "e5m2", "o": "bf16"}, 64, 127),
        ({"a": "e5m6", "largest": "int8f3", "o": "e5m3", "stages": "2"}, 40, 7),
        ({"a": "e4m3fn", "largest": "e4m3fn", "o": "e5m2"}, 3, 1),
    ],
)
def test_no_number_is_nearer(texts, size, top):
    made = generate("rms-scale", {**texts, "size": str(size), "top": str(top)})
    a, largest, o = (parse_format(texts[name]) for name in ("a", "largest", "o"))
    inputs = operands(a, largest, 300, 3)
    got, _ = run_on(made, inputs, 300, simulator="icarus")
    assert (golden("rms-scale", made.unit, inputs)["p"] == got["p"]).all()
    inexact = ties = 0
    for total, most, code in zip(inputs["a"], inputs["largest"], got["p"], strict=True):
        most = largest.to_fraction(int(most))
        square = most**2 * size / (top**2 * a.to_fraction(int(total)))
        code = int(code)
        here = o.to_fraction(code)
        inexact += here**2 != square
        if code < o.max_magnitude:  # else it may be beyond
            above = (here + o.to_fraction(code + 1)) / 2
            assert square <= above**2
            ties += square == above**2
            assert square < above**2 or code % 2 == 0
        if code:
            below = (here + o.to_fraction(code - 1)) / 2
            assert square >= below**2
            assert square > below**2 or code % 2 == 0
    assert inexact > 0
    assert inexact < 300 or top == 127  # a 127th is none of these floats


def test_the_case_of_a_token_of_ones():
    """1024 ones, no eps: the root mean square is 1, and the scale 1 / 127; of four times their
    squares half of it. Then what is no number."""
    made = generate("rms-scale", {"size": "1024"})
    one_thousand = int(np.float32(1024).view(np.uint32))
    sums = [one_thousand, one_thousand + (2 << 23), 0, one_thousand, 0x7F800000, one_thousand]
    largest = [0x3C00, 0x3C00, 0x3C00, 0, 0x3C00, 0x7C00]
    inputs = {"a": np.array(sums), "largest": np.array(largest)}
    got, _ = run_on(made, inputs, 6, simulator="icarus")
    numbers = [np.array(int(p), np.uint32).view(np.float32) for p in got["p"]]
    assert numbers[0] == np.float32(1 / 127)
    assert numbers[1] == np.float32(1 / 254)
    assert numbers[2] == numbers[3] == 0
    assert np.isnan(numbers[4])
    assert np.isnan(numbers[5])


@pytest.mark.parametrize(
    ("a", "o", "size", "top", "ties"),
    [
        ("e5m3", "e8m4", 6, 3, False),  # no root has so many bits
        ("e5m3", "e8m1", 6, 1, True),
        ("e5m3", "e3m4", 6, 3, True),  # subnormal results
    ],
)
def test_where_no_scale_is_a_tie(a, o, size, top, ties):
    """Then what is left of quotient and root is not looked at; found by trying everything."""
    texts = {"a": a, "largest": "e3m2", "o": o, "size": str(size), "top": str(top)}
    unit = generate("rms-scale", texts).unit
    assert unit._layout.ties == ties  # pyright: ignore[reportAttributeAccessIssue]
    p = unit.parameters
    sums, most = (
        {f.to_fraction(code) for code in range(1, f.max_magnitude + 1)} for f in (p.a, p.largest)
    )
    # Squares of what is halfway between two neighbours.
    numbers = [p.o.to_fraction(code) for code in range(p.o.max_magnitude + 1)]
    halves = {((x + y) / 2) ** 2 for x, y in pairwise(numbers)}
    found = any(n**2 * size / (top**2 * s) in halves for n in most for s in sums)
    assert found == ties


def test_a_root_bit_a_cycle():
    made = generate("rms-scale", {"a": "fp16", "o": "fp16", "size": "16", "top": "1"})
    unit = made.unit
    assert unit.interval in (13, 14)  # 11 bits of a result, one to round, and one or two zeros
    beats = [{"a": 0x4C00, "largest": 0x3C00}] * 3
    taken, offered = beat_times(unit, beats, 3)
    assert np.diff(taken).tolist() == [unit.interval] * 2
    assert np.diff(offered).tolist() == [unit.interval] * 2


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"size": "0"}, "The size must be an integer from 1 to 4294967296, not 0"),
        ({"top": "0"}, "The largest integer must be an integer from 1 to 65535, not 0"),
        (
            {"rounding": "sra", "random_bits": "4"},
            "The rounding must not be stochastic, as 'sra' is",
        ),
        (
            {"ftz_in": "true"},
            "The policy ftz_in must be 'false', not 'true': subnormal numbers count",
        ),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("rms-scale", texts)
