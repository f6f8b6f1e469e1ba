"""Stimuli for quotients, roots and sums of squares are where roundings decide, by fractions."""

from fractions import Fraction

import numpy as np
import pytest

from bitwright.gen.generate import make_unit
from bitwright.verif.stimuli.roots.hard_cases import hard_roots
from bitwright.verif.stimuli.roots.quotients import near_ties_of_quotients
from bitwright.verif.stimuli.roots.squares import ties_of_squares

BEATS = 2048


def draws(unit, rng):
    """Uniform codes, and beats that are whole sums each."""
    fields = {name: field.shape for name, field in unit.i.payload.shape()}
    drawn = {}
    for name, shape in fields.items():
        lanes = (shape.length,) if hasattr(shape, "length") else ()
        format = getattr(shape, "elem_shape", shape)
        most = 2 if name in ("first", "last") else 1 << format.width
        drawn[name] = rng.integers(0, most, (BEATS, *lanes))
    drawn |= {name: np.ones(BEATS, np.int64) for name in ("first", "last") if name in fields}
    return drawn


def parted(write, name, texts):
    """The rows that a function writes, as it leaves them."""
    unit, rng = make_unit(name, texts), np.random.default_rng(1)
    drawn = draws(unit, rng)
    before = {name: codes.copy() for name, codes in drawn.items()}
    count = write(rng, unit, drawn)
    assert 0 < count < BEATS
    for name, codes in drawn.items():
        if name != "last":  # the one before ends there
            assert np.array_equal(codes[: BEATS - count], before[name][: BEATS - count])
    return unit.parameters, {name: codes[BEATS - count :] for name, codes in drawn.items()}


@pytest.mark.parametrize("lanes", ["1", "3"])
def test_every_lane_has_quotients_beside_ties(lanes):
    p, rows = parted(near_ties_of_quotients, "bitlinear-quantizer", {"a": "fp16", "lanes": lanes})
    top = p.o.max_integer
    for lane in range(int(lanes)):
        exact = near = 0
        for code, over in zip(rows["a"][:, lane], rows["largest"], strict=True):
            values = p.a.decode(np.array([code, over]))
            if np.any(values.nan | values.infinite) or values.significand[1] == 0:
                continue
            number, largest = abs(p.a.to_fraction(int(code))), abs(p.a.to_fraction(int(over)))
            quotient = 2 * top * number / largest
            exact += quotient % 2 == 1
            away = abs(quotient - round(quotient)) * largest / (2 * top)
            near += 0 < away < number / (1 << 16)
        assert exact > 10
        assert near > 10


def test_roots_are_nearer_to_ties_than_draws():
    p, rows = parted(hard_roots, "rms-scale", {"largest": "int8f4", "size": "768", "o": "bf16"})
    apart = []
    for total, largest in zip(rows["a"], rows["largest"], strict=True):
        square = p.largest.to_fraction(int(largest)) ** 2 * p.size
        square /= p.top**2 * p.a.to_fraction(int(total))
        # Of the square's distance from that of a tie, or of a number, next to it.
        root = float(square) ** 0.5
        unit = Fraction(2) ** (int(np.frexp(root)[1]) - p.o.precision - 1)
        wanted = (round(Fraction(root) / unit) * unit) ** 2
        apart.append(float(abs(square / wanted - 1)))
    # A unit in the last place of the sum is 2**-23 of it at most: draws are as near never.
    assert sum(distance < 2**-23 for distance in apart) > len(apart) // 3
    assert min(apart) < 2**-30


def test_what_the_last_bit_of_a_divisor_decides():
    """Nothing, here: so its mutants survive. Scales are rounded up or down where the root is an odd
    ``t``, halfway between two: where ``top**2 * sum * t**2`` is ``largest**2 * size``, but for
    powers of two."""
    p = make_unit("rms-scale", {"largest": "int8f4", "size": "768", "o": "bf16"}).parameters
    least = 1 << p.a.mantissa_width
    apart = []
    for largest in range(1, p.largest.max_integer + 2):
        for t in range((1 << p.o.precision) + 1, 2 << p.o.precision, 2):
            total = Fraction(largest**2 * p.size, (p.top * t) ** 2)
            while total < least:
                total *= 2
            while total >= 2 * least:
                total /= 2
            apart.append(abs(total - round(total)) * p.top**2)
    # In units of the divisor's last place: between two and three.
    assert 2.28 < min(apart) < 2.29


@pytest.mark.parametrize(
    "texts",
    [
        {"lanes": "2", "beats": "3"},
        {"a": "e5m2", "lanes": "6", "beats": "1", "epsilon": "none", "o": "bf16"},
    ],
)
def test_sums_of_squares_are_ties(texts):
    p, rows = parted(ties_of_squares, "rms-statistics", texts)
    starts = np.flatnonzero(rows["first"]) if "first" in rows else np.arange(len(rows["a"]))
    added = Fraction(0)
    if p.epsilon is not None:
        added = p.lanes * p.beats * Fraction(float(np.float32(10.0**-p.epsilon)))
    ties = 0
    for codes in np.split(rows["a"], starts[1:]):
        total = added + sum(p.a.to_fraction(int(code)) ** 2 for code in codes.ravel())
        exponent = total.numerator.bit_length() - total.denominator.bit_length()
        ties += any(
            total / Fraction(2) ** (e - p.o.precision) % 2 == 1 for e in (exponent, exponent + 1)
        )
    assert ties > len(starts) // 20


def test_other_units_are_left_alone():
    unit, rng = make_unit("dot-product", {"a": "int8", "b": "int8", "lanes": "2"}), None
    for write in (near_ties_of_quotients, hard_roots, ties_of_squares):
        assert write(rng, unit, {"a": np.zeros((4, 2)), "b": np.zeros((4, 2))}) == 0  # pyright: ignore
