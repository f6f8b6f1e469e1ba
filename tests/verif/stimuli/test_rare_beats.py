"""Beats that draws would hardly ever be: codes next to specials, sums that a crumb decides, long
sums."""

from itertools import product

import numpy as np
import pytest

from bitwright.hdl.digit.carry_save_mac import CarrySaveMac
from bitwright.hdl.dot.dot_product import DotProduct
from bitwright.hdl.formats import parse_format
from bitwright.verif.stimuli import stimuli

FP16 = parse_format("fp16")


@pytest.fixture(scope="module")
def halves():
    """Numbers of a dot product of two lanes."""
    unit = DotProduct(a=FP16, b=FP16, lanes=2, o=FP16)
    return stimuli(unit, 16384)[0]


def test_every_bit_of_a_payload_is_a_nan_by_itself(halves):
    for side in "ab":
        for bit in range(10):
            assert np.any(halves[side] & 0x7FFF == 0x7C00 | 1 << bit)


def test_infinity_meets_numbers_of_one_bit(halves):
    infinite = halves["b"] & 0x7FFF == 0x7C00
    for bit in range(10):
        assert np.any(infinite & (halves["a"] & 0x7FFF == 1 << bit))


def test_ties_have_a_crumb_below(halves):
    """A product that is a tie of the result's format, and one far below its last place."""
    a, b = (FP16.to_float(halves[side]) for side in "ab")
    usable = np.all(np.isfinite(a) & np.isfinite(b) & (a != 0) & (b != 0), axis=1)
    products = a[usable] * b[usable]
    order = np.argsort(abs(products), axis=1)
    small, large = np.take_along_axis(products, order, axis=1).T
    step = np.ldexp(1.0, np.frexp(large)[1] - 11)
    tie = (abs(large / step) % 1 == 0.5) & (abs(large) >= 1) & (abs(small) < step / 1024)
    signs = {*zip(large[tie] > 0, small[tie] > 0, strict=True)}
    assert signs == {*product((False, True), repeat=2)}


def test_sums_reach_powers_of_two_and_places_between():
    unit = CarrySaveMac(beats=1024)
    codes, _ = stimuli(unit)
    first, last = codes["first"], codes["last"]
    assert first[0] == last[-1] == 1
    assert np.array_equal(first[1:], last[:-1])
    ends = np.flatnonzero(last)
    lengths = np.diff(np.append(-1, ends))
    assert lengths.max() <= 1024
    signed = [codes[side].astype(np.uint8).view(np.int8)[:, 0] for side in "ab"]
    products = signed[0].astype(np.int64) * signed[1]
    sums = np.add.reduceat(products, np.append(0, ends[:-1] + 1))
    # Within what a few small beats add.
    near = [power for power in range(16, 24) if np.any(abs(abs(sums) - (1 << power)) < 8192)]
    assert len(near) > 5, near
