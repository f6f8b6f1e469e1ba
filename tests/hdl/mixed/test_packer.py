"""Words out of elements: any widths, against a long integer, and back through the unpacker."""

import random
from itertools import product
from math import lcm

import numpy as np
import pytest
from beat_times import beat_times

from bitwright.gen.generate import generate
from bitwright.verif.verify import golden, run_on


def elements_of(bits, lanes, beats, seed=0):
    rng = random.Random(seed)
    return [[rng.getrandbits(bits) for _ in range(lanes)] for _ in range(beats)]


def joined(beats, bits, width):
    """The same string of bits as one integer."""
    elements = [element for beat in beats for element in beat]
    string = sum(element << bits * n for n, element in enumerate(elements))
    words = bits * len(elements) // width
    return [string >> width * n & (1 << width) - 1 for n in range(words)]


@pytest.mark.parametrize(
    ("width", "a", "lanes", "stages"),
    [
        (32, "uint3", 8, 1),  # three words of four beats
        (8, "int7", 3, 1),  # words of parts of a beat
        (64, "uint5", 1, 2),  # words of several beats
        (7, "uint1", 9, 1),
        (96, "int6", 4, 1),
        (24, "e3m2fn", 4, 0),  # a word a beat
    ],
)
def test_words_of_any_width(width, a, lanes, stages):
    texts = {"width": str(width), "a": a, "lanes": str(lanes), "stages": str(stages)}
    made = generate("packer", texts)
    bits = made.unit.parameters.a.width
    assert made.unit.beats_together == lcm(width, bits * lanes) // (bits * lanes)
    beats = elements_of(bits, lanes, 3 * made.unit.beats_together + 2)
    want = joined(beats, bits, width)
    inputs = {"a": np.array(beats)}
    assert golden("packer", made.unit, inputs)["p"].tolist() == want
    for pace in ({}, {"gaps": 0.4, "stalls": 0.4}):
        got, _ = run_on(made, inputs, len(want), simulator="icarus", **pace)
        assert got["p"].tolist() == want


@pytest.mark.parametrize(("width", "lanes"), [(32, 4), (32, 8), (8, 8), (24, 16)])
def test_a_beat_or_a_word_in_every_cycle(width, lanes):
    made = generate("packer", {"width": str(width), "lanes": str(lanes)})
    beats = elements_of(3, lanes, 2 * made.unit.beats_together)
    words = len(joined(beats, 3, width))
    taken, offered = beat_times(made.unit, [{"a": beat} for beat in beats], words)
    if width <= 3 * lanes:
        assert np.diff(offered).tolist() == [1] * (words - 1)
    else:
        assert np.diff(taken).tolist() == [1] * (len(beats) - 1)
    # A word is offered a cycle after the beat that completes it was first there.
    complete = [-(-width * (n + 1) // (3 * lanes)) - 1 for n in range(words)]
    for word, beat in enumerate(complete):
        assert (taken[beat - 1] + 1 if beat else 0) + 1 <= offered[word] <= taken[beat] + 1


def through(unit, texts, inputs, count):
    made = generate(unit, texts)
    got, _ = run_on(made, inputs, count, simulator="icarus")
    assert (golden(unit, made.unit, inputs)["p"] == got["p"]).all()
    return got["p"]


@pytest.mark.parametrize(
    ("bits", "lanes", "width"), [(1, 3, 2), (2, 2, 3), (3, 1, 7)]
)
def test_all_pairs_of_beats_come_back(bits, lanes, width):
    """Every two beats that can follow each other, at every place of the schedule."""
    period = lcm(width, bits * lanes) // (bits * lanes)
    beat = list(product(range(1 << bits), repeat=lanes))
    beats = [x for pair in product(beat, repeat=2) for x in pair for _ in range(period - 1)]
    beats = [list(x) for x in beats + beat[:1] * (-len(beats) % period)]
    sizes = {"width": str(width), "lanes": str(lanes)}
    count = len(beats) * bits * lanes // width
    packed = {**sizes, "a": f"uint{bits}"}
    words = through("packer", packed, {"a": np.array(beats)}, count)
    unpacked = {**sizes, "o": f"uint{bits}"}
    assert through("unpacker", unpacked, {"a": words}, len(beats)).tolist() == beats


@pytest.mark.parametrize("width", [16, 24])
def test_bytes_and_orders_come_back(width):
    """What COMET's order and its bytes do on the way out, they undo on the way in."""
    stages = "0" if width == 16 else "1"
    orders = {"lanes": "4", "high": "true", "interleaved": "true"}
    orders |= {"width": str(width), "stages": stages}
    words = random.Random(1).choices(range(1 << width), k=300)
    inputs = {"a": np.array(words)}
    numbers = through("unpacker", {**orders, "o": "int4"}, inputs, 300 * width // 16)
    numbers = numbers.astype(np.int64)
    assert through("packer", {**orders, "a": "int4"}, {"a": numbers}, 300).tolist() == words
    # Bits below the elements are not looked at.
    noisy = {"a": numbers | np.random.default_rng(2).integers(0, 16, numbers.shape)}
    assert through("packer", {**orders, "a": "int4"}, noisy, 300).tolist() == words


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a": "int9"}, "The width of an element must be an integer from 1 to 8, not 9"),
        (
            {"interleaved": "true", "lanes": "6"},
            "The number of interleaved lanes must be a multiple of 4, not 6",
        ),
        (
            {"a": "e2m1fn", "high": "true"},
            "Elements in the high part of bytes must be integers, not 'e2m1fn'",
        ),
        (
            {"stages": "0"},
            "The number of pipeline stages must be at least 1, not 0: with elements that straddle "
            "words, or several beats a word, the unit has a clock",
        ),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("packer", texts)
