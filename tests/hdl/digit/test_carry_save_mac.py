"""Carry-save accumulation: wraps only where asked to, and every way to add gives the same bits."""

import random

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.digit.carry_save_mac import CarrySaveMac
from bitwright.hdl.formats import parse_format
from bitwright.verif.verify import golden, run_on


def answers(texts, sums):
    """What unit and golden model answer to sums, each a list of beats of pairs of vectors."""
    made = generate("carry-save-mac", texts)
    unit = made.unit
    beats = [beat for pairs in sums for beat in pairs]
    inputs = {
        side: np.array([beat[n] for beat in beats]) & ((1 << format.width) - 1)
        for n, (side, format) in enumerate([("a", unit.parameters.a), ("b", unit.parameters.b)])
    }
    ends = np.cumsum([len(pairs) for pairs in sums])
    inputs["first"] = np.isin(np.arange(len(beats)), [0, *ends[:-1]]) * 1
    inputs["last"] = np.isin(np.arange(len(beats)), ends - 1) * 1
    got, _ = run_on(made, inputs, len(sums), simulator="icarus", seed=3, gaps=0.2, stalls=0.2)
    np.testing.assert_array_equal(
        got["p"].astype(np.int64), golden("carry-save-mac", unit, inputs)["p"]
    )
    return unit.sum_format.integers(got["p"]).tolist()


def exact(sums):
    return [sum(x * y for a, b in pairs for x, y in zip(a, b, strict=True)) for pairs in sums]


def drawn(rng, lanes, beats, count):
    def vector():
        return [rng.choice([-128, 127, -1, 0, rng.randint(-128, 127)]) for _ in range(lanes)]

    return [[(vector(), vector()) for _ in range(rng.randint(1, beats))] for _ in range(count)]


@pytest.mark.parametrize(
    ("form", "lanes", "beats", "stages"),
    [
        ("plain", 3, 7, 0),
        ("plain", 1, 9, 1),
        ("carry_save", 1, 40, 0),
        ("carry_save", 3, 7, 1),
        ("carry_save_full", 2, 9, 2),
    ],
)
def test_sums_are_exact(form, lanes, beats, stages):
    sums = drawn(random.Random(lanes), lanes, beats, 60)
    # The longest sums of extremes: they fit, to the bit.
    for x, y in ((-128, -128), (-128, 127), (127, -128)):
        sums.append([([x] * lanes, [y] * lanes)] * beats)
    texts = {"lanes": str(lanes), "beats": str(beats), "stages": str(stages)}
    assert answers({**texts, "accumulation": form}, sums) == exact(sums)


@pytest.mark.parametrize(
    ("form", "width"),
    [("plain", 18), ("carry_save", 9), ("carry_save", 24), ("carry_save_full", 18)],
)
def test_a_given_width_wraps(form, width):
    sums = drawn(random.Random(width), 1, 50, 40)
    sums.append([([-128], [-128])] * 600)
    got = answers({"width": str(width), "beats": "600", "accumulation": form}, sums)
    half = 1 << width - 1
    assert got == [(total + half) % (2 * half) - half for total in exact(sums)]
    assert got != exact(sums)


def test_one_weight_needs_fourteen_bits():
    # Sixteen times -2 times -128 is 4096, which 13 bits take for -4096; the sum of squares of -128
    # is four places up.
    sums = [[([x] * 16, [y] * 16)] for x in (-128, 127, 1) for y in (-2, -128, 2, 127, -1)]
    sums += drawn(random.Random(1), 16, 4, 40)
    got = answers({"lanes": "16", "beats": "4", "reduction": "weight"}, sums)
    assert got == exact(sums)
    assert got[:2] == [4096, 16 * 16384]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 0}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"beats": 0}, "The number of beats must be an integer from 1 to 4294967296, not 0"),
        ({"width": 1}, "The width of the accumulator must be an integer from 2 to 256, not 1"),
        (
            {"reduction": "weight", "b": "uint4"},
            "The reduction 'weight' needs the digits of the structure 'booth', not 'compressor'",
        ),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("carry-save-mac", {k: str(v) for k, v in arguments.items()})


def test_sized_for_its_beats():
    widths = [CarrySaveMac(beats=beats).sum_format.width for beats in (1, 2, 1024)]
    assert widths == [16, 17, 26]
    assert CarrySaveMac(width=32, beats=9).sum_format == parse_format("int32")
