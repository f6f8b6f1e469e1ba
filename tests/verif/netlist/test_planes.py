"""Bit planes against Python's integers."""

import numpy as np
import pytest

from bitwright.verif.netlist.planes import all_planes, codes_of, planes_of, words_for


def bit(planes, row, vector):
    return int(planes[row, vector // 64]) >> vector % 64 & 1


@pytest.mark.parametrize("width", [1, 5, 8, 13, 64])
@pytest.mark.parametrize("count", [1, 63, 64, 200])
def test_planes_of_numbers(rng, width, count):
    codes = rng.integers(0, 1 << min(width, 62), count)
    planes = planes_of(codes, width)
    assert planes.shape == (width, words_for(count))
    for vector in range(count):
        for row in range(width):
            assert bit(planes, row, vector) == int(codes[vector]) >> row & 1
    assert (codes_of(planes, count, width) == codes).all()


def test_negative_and_wide_numbers():
    assert (codes_of(planes_of(np.array([-1, -8, 7]), 4), 3, 4) == [15, 8, 7]).all()
    wide = np.array([1 << 99, (1 << 100) - 1, 12345], dtype=object)
    planes = planes_of(wide, 100)
    assert planes.shape == (100, 1)
    assert [bit(planes, 99, v) for v in range(3)] == [1, 1, 0]
    assert codes_of(planes, 3, 100).tolist() == wide.tolist()
    assert planes_of(np.array([1, 3], dtype=object), 2).tolist() == [[3], [2]]


def test_elements_stand_from_the_low_bits_up(rng):
    codes = rng.integers(0, 8, (70, 5))
    planes = planes_of(codes, 3)
    assert planes.shape == (15, 2)
    for vector in (0, 63, 64, 69):
        for element in range(5):
            for k in range(3):
                assert bit(planes, 3 * element + k, vector) == codes[vector, element] >> k & 1
    assert (codes_of(planes, 70, 3, 5) == codes).all()


@pytest.mark.parametrize("bits", [1, 3, 6, 7, 9, 14])
def test_all_numbers(bits):
    planes = all_planes(bits)
    assert planes.shape == (bits, words_for(1 << bits))
    vectors = max(1 << bits, 64)  # fewer than 64 begin again
    assert (codes_of(planes, vectors, bits) == np.arange(vectors) % (1 << bits)).all()


@pytest.mark.parametrize(("start", "count"), [(0, 64), (64, 64), (128, 640), (8192, 4096), (64, 5)])
def test_a_part_of_all_numbers(start, count):
    planes = all_planes(14, start, count)
    assert (codes_of(planes, count, 14) == np.arange(start, start + count)).all()


def test_a_crooked_start_is_refused():
    with pytest.raises(ValueError, match=r"^The first vector must be a multiple of 64, not 65$"):
        all_planes(14, 65, 64)
