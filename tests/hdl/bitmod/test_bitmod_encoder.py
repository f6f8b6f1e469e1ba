"""Every weight code is the sum of its terms, and each term is the one the paper says."""

from fractions import Fraction

import numpy as np
import pytest
from radix4 import booth

from bitwright.gen.generate import generate
from bitwright.verif.verify import golden, run_on

FP4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
FP3 = [0, 1, 2, 4]


def terms(kind, **texts):
    """All terms of all codes with all selectors: a dictionary of lists of (sign, one, position)."""
    made = generate("bitmod-encoder", {"b": kind, "lanes": "1", **texts})
    code = made.unit.code
    grid = np.meshgrid(range(1 << code.width), range(4 if code.special else 1), range(code.terms))
    codes, selectors, places = (axis.ravel() for axis in grid)
    inputs = {"b": codes[:, None], "selector": selectors, "place": places}
    if not code.special:
        del inputs["selector"]
    got, _ = run_on(made, inputs, len(codes), simulator="icarus")
    want = golden("bitmod-encoder", made.unit, inputs)["p"]
    assert got["p"].tolist() == want.tolist()
    found = {}
    columns = (codes.tolist(), selectors.tolist(), got["p"][:, 0].tolist())
    for code, selector, term in zip(*columns, strict=True):
        found.setdefault((code, selector), []).append((term & 1, term >> 1 & 1, term >> 2))
    return found


def number(found, unit):
    return sum((-1) ** sign * one * Fraction(2) ** position for sign, one, position in found) * unit


@pytest.mark.parametrize("generation", ["table", "detector"])
@pytest.mark.parametrize(
    ("kind", "magnitudes", "special"),
    [("fp3", FP3, [3, -3, 6, -6]), ("fp4", FP4, [5, -5, 8, -8])],
)
def test_every_float_code(kind, magnitudes, special, generation):
    count = len(magnitudes)
    for (code, selector), found in terms(kind, generation=generation).items():
        want = magnitudes[code % count] * (-1) ** (code // count)
        if code == count:  # -0
            want = special[selector]
        assert number(found, Fraction(1, 2) if kind == "fp4" else 1) == want
        assert len(found) == 2


@pytest.mark.parametrize("generation", ["table", "detector"])
def test_six_is_two_different_ones(generation):
    """0110.0: a leading-one detector on each of two overlapping fields would find 4 twice."""
    found = terms("fp4", generation=generation)
    assert found[7, 0] == [(0, 1, 3), (0, 1, 2)]
    assert found[15, 0] == [(1, 1, 3), (1, 1, 2)]


def test_one_number_is_one_term():
    """A half is the lower term; the others are the higher one, and the lower one is nothing."""
    found = terms("fp4")
    assert found[1, 0] == [(0, 0, 0), (0, 1, 0)]
    assert found[10, 0] == [(1, 1, 1), (1, 0, 0)]
    assert found[0, 0] == [(0, 0, 0), (0, 0, 0)]
    # 8 and -8 of the special code, whose own sign bit is set.
    assert found[8, 2] == [(0, 1, 4), (0, 0, 0)]
    assert found[8, 3] == [(1, 1, 4), (1, 0, 0)]


@pytest.mark.parametrize(("kind", "width"), [("int6", 6), ("int8", 8)])
def test_every_integer_by_booth_digits(kind, width):
    for (code, _), found in terms(kind).items():
        value = code - (code >> width - 1 << width)
        assert number(found, 1) == value
        digits = [(-1) ** s * one << position for s, one, position in found]
        assert digits == [d * 4**k for k, d in enumerate(booth(value, width // 2))]


def test_other_special_values():
    """Seven is 8 - 1, and 12 the largest of two ones; the paper's 5 stands in for a 0."""
    texts = {"special0": "7", "special1": "-7", "special2": "12", "special3": "0"}
    found = terms("fp4", **texts)
    assert [number(found[8, s], Fraction(1, 2)) for s in range(4)] == [7, -7, 12, -8]
    assert found[8, 0] == [(0, 1, 4), (1, 1, 1)]
    assert found[8, 1] == [(1, 1, 4), (0, 1, 1)]


def test_a_place_that_int6_has_not():
    made = generate("bitmod-encoder", {"b": "int6", "lanes": "1"})
    inputs = {"b": np.arange(64)[:, None], "place": np.full(64, 3)}
    got, _ = run_on(made, inputs, 64, simulator="icarus")
    assert not (got["p"] & 2).any()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"special1": "11"},
            "A special value must be an integer from -12 to 12 that is a sum or a difference of "
            "two powers of two, not '11'",
        ),
        (
            {"special0": "16"},
            "A special value must be an integer from -12 to 12 that is a sum or a difference of "
            "two powers of two, not '16'",
        ),
        (
            {"b": "int6", "special2": "3"},
            "The special values of int6 weights must be 0, as they have none, not '3'",
        ),
        (
            {"special3": "-7", "generation": "detector"},
            "With the generation 'detector' a special value must be a sum of two powers of two, "
            "not '-7'",
        ),
        ({"lanes": "0"}, "The number of lanes must be an integer from 1 to 1024, not 0"),
    ],
)
def test_refused(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("bitmod-encoder", texts)
