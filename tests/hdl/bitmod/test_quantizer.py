"""BitMoD's quantizer against one written as a loop over numbers, and its rules one by one."""

import math
from fractions import Fraction

import numpy as np
import pytest

from bitwright.verif.golden.bitmod.quantizer import quantize

BASE = {"fp3": [0, 1, 2, 4], "fp4": [0, 0.5, 1, 1.5, 2, 3, 4, 6]}
SPECIAL = {"fp3": [3, -3, 6, -6], "fp4": [5, -5, 8, -8]}


def level_of(kind, special, code):
    """What a code stands for."""
    sign, index = divmod(code, len(BASE[kind]))
    if sign and not index:
        return special
    return -BASE[kind][index] if sign else BASE[kind][index]


def one_group(weights, kind):
    """The codes, the special value's number and the scale, by trying every level for every
    weight."""
    best = None
    for turn, special in enumerate(SPECIAL[kind]):
        codes = range(2 * len(BASE[kind]))
        levels = {code: level_of(kind, special, code) for code in codes}
        top = max(abs(x) for x in levels.values())
        scale = min(max(max(abs(w) for w in weights) / top, 1e-5), 1e4)
        chosen = []
        for w in weights:
            x = Fraction(w / scale)
            distances = [(abs(x - Fraction(level)), level, code) for code, level in levels.items()]
            chosen.append(min(distances)[2])  # of equal distances the lower level
        pairs = zip(chosen, weights, strict=True)
        error = math.fsum((levels[c] * scale - w) ** 2 for c, w in pairs)
        if best is None or error < best[0]:
            best = error, chosen, turn, scale
    return best[1:]


@pytest.mark.parametrize("kind", ["fp3", "fp4"])
def test_each_group_as_a_loop_has_it(kind):
    rng = np.random.default_rng(5)
    drawn = [rng.normal(size=(3, 48)), rng.standard_t(2, (3, 48)), rng.integers(-8, 9, (3, 48))]
    weights = np.concatenate([*drawn, abs(drawn[1]), -abs(drawn[0]) * 1e-3])
    made = quantize(weights, kind, group=16)
    for channel, row in enumerate(weights.tolist()):
        scales = []
        for g in range(3):
            codes, turn, scale = one_group(row[16 * g : 16 * g + 16], kind)
            assert made.codes[channel, 16 * g : 16 * g + 16].tolist() == codes
            assert made.selector[channel, g] == turn
            assert made.scale[channel, g] == scale
            scales.append(scale)
        unit = max(scales) / 127
        assert made.channel_scale[channel] == unit
        assert made.factor[channel].tolist() == [min(max(round(s / unit), 1), 127) for s in scales]
    assert set(made.selector.ravel().tolist()) == {0, 1, 2, 3}


def test_at_a_middle_the_lower_level():
    # The largest magnitude is 6, so the scale is 1 with the special value 5, whose middles are
    # 4.5 and 5.5; without an error at 5 it is the best.
    weights = [6, 5, 5, 5, 5, 5, 5, 0.25, -0.25, 1.75, -1.75, 4.5, 5.5, -5, 2.5, -3.5]
    made = quantize(np.array([weights]), "fp4", group=16)
    assert made.selector.tolist() == [[0]]
    assert made.scale.tolist() == [[1.0]]
    levels = [level_of("fp4", 5, code) for code in made.codes[0].tolist()]
    assert levels == [6, 5, 5, 5, 5, 5, 5, 0, -0.5, 1.5, -2, 4, 5, -6, 2, -4]


def test_of_equal_errors_the_first():
    """A group without an error for any of them, and one that is its own mirror image."""
    made = quantize(np.array([[0.0] * 4, [3, -3, 4, -4]]), "fp3", group=4)
    assert made.selector.ravel().tolist() == [0, 0]
    assert made.scale[0, 0] == 1e-5
    assert made.codes[0].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("kind", "outlier", "selector"),
    [("fp3", 3, 0), ("fp3", -3, 1), ("fp4", 5, 0), ("fp4", -5, 1), ("fp4", 8, 2), ("fp4", -8, 3)],
)
def test_the_special_value_that_the_group_has(kind, outlier, selector):
    top = {"fp3": 4, "fp4": 6}[kind]
    weights = [outlier, -top, top, 1, 2, 0, -1, -2]
    made = quantize(np.array([weights]), kind, group=8)
    assert made.selector.tolist() == [[selector]]
    found = [level_of(kind, outlier, code) for code in made.codes[0].tolist()]
    assert [x * made.scale[0, 0] for x in found] == weights


def test_factors_from_1_to_127():
    weights = np.array([[1000.0] * 4 + [1e-4] * 4 + [500.0] * 4])
    made = quantize(weights, "fp4", group=4)
    assert made.factor.tolist() == [[127, 1, 64]]


def test_own_special_values():
    made = quantize(np.array([[7.0, -6, 6, 7]]), "fp4", group=4, special=[5, 7])
    assert (made.selector.tolist(), made.codes.tolist()) == ([[1]], [[8, 15, 7, 8]])
    # One that is a level has that level's code.
    made = quantize(np.array([[6.0, -6, 1, 2]]), "fp4", group=4, special=[6])
    assert made.codes.tolist() == [[7, 15, 2, 4]]


@pytest.mark.parametrize(
    ("weights", "kind", "message"),
    [
        (np.zeros((1, 4)), "int8", "The kind of weights must be 'fp3' or 'fp4', not 'int8'"),
        (np.zeros(4), "fp3", "The weights must be a matrix of finite numbers, a channel a row"),
        (
            np.full((1, 4), np.nan),
            "fp3",
            "The weights must be a matrix of finite numbers, a channel a row",
        ),
        (np.zeros((1, 6)), "fp3", "A channel must be made of whole groups of 4, not 6 weights"),
    ],
)
def test_refused(weights, kind, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        quantize(weights, kind, group=4)
