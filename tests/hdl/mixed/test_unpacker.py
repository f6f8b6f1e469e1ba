"""Elements out of words: any widths, against a long integer that is shifted and masked."""

import random
from fractions import Fraction
from math import lcm

import numpy as np
import pytest
from beat_times import beat_times

from bitwright.gen.generate import generate
from bitwright.verif.verify import golden, run_on


def words_of(width, count, seed=0):
    rng = random.Random(seed)
    return [rng.getrandbits(width) for _ in range(count)]


def columns(width, words):
    return {"a": np.array(words, dtype=object if width > 62 else np.int64)}


def cut(words, width, bits, lanes):
    """The same string of bits as one integer."""
    string = sum(word << width * n for n, word in enumerate(words))
    beats = width * len(words) // (bits * lanes)
    elements = [string >> bits * n & (1 << bits) - 1 for n in range(beats * lanes)]
    return [elements[n * lanes : (n + 1) * lanes] for n in range(beats)]


@pytest.mark.parametrize(
    ("width", "o", "lanes", "stages"),
    [
        (32, "uint3", 8, 1),  # four beats of three words
        (8, "int7", 3, 1),  # beats of several words
        (64, "uint5", 1, 2),  # words of several beats
        (7, "uint1", 9, 1),
        (12, "e2m1fn", 5, 3),
        (16, "uint8", 1, 1),  # nothing straddles
        (96, "int6", 4, 1),
        (24, "e3m2fn", 4, 0),  # a beat a word
    ],
)
def test_elements_of_any_width(width, o, lanes, stages):
    texts = {"width": str(width), "o": o, "lanes": str(lanes), "stages": str(stages)}
    made = generate("unpacker", texts)
    bits = made.unit.parameters.o.width
    assert made.unit.beats_together == lcm(width, bits * lanes) // width
    words = words_of(width, 3 * made.unit.beats_together + 2)
    want = cut(words, width, bits, lanes)
    inputs = columns(width, words)
    assert golden("unpacker", made.unit, inputs)["p"].tolist() == want
    for pace in ({}, {"gaps": 0.4, "stalls": 0.4}):
        got, _ = run_on(made, inputs, len(want), simulator="icarus", **pace)
        assert got["p"].tolist() == want


@pytest.mark.parametrize(("width", "lanes"), [(32, 4), (32, 8), (8, 8), (24, 16)])
def test_a_beat_or_a_word_in_every_cycle(width, lanes):
    made = generate("unpacker", {"width": str(width), "o": "uint3", "lanes": str(lanes)})
    words = words_of(width, 2 * made.unit.beats_together)
    want = cut(words, width, 3, lanes)
    taken, offered = beat_times(made.unit, [{"a": word} for word in words], len(want))
    if width >= 3 * lanes:
        assert np.diff(offered).tolist() == [1] * (len(want) - 1)
    else:
        assert np.diff(taken).tolist() == [1] * (len(words) - 1)
    # A beat is offered a cycle after the word that completes it was first there.
    complete = [-(-3 * lanes * (n + 1) // width) - 1 for n in range(len(want))]
    for beat, word in enumerate(complete):
        assert offered[beat] >= (taken[word - 1] + 1 if word else 0) + 1
        assert offered[beat] <= taken[word] + 1


@pytest.mark.parametrize("signed", [True, False])
def test_int4_in_the_high_half_of_bytes_as_in_comet(signed):
    """Bytes by the two masks of the paper; a dot product with them is 16 times that of the int4."""
    texts = {"o": "int4" if signed else "uint4", "lanes": "4", "width": "16", "stages": "0"}
    made = generate("unpacker", {**texts, "high": "true", "interleaved": "true"})
    words = [0, 0xFFFF, 0x8421, 0x1248, *words_of(16, 2000)]
    count = len(words)
    got, _ = run_on(made, columns(16, words), count, simulator="icarus")
    p = got["p"]
    high, low = np.array(words) & 0xF0F0, np.array(words) << 4 & 0xF0F0
    # W3 and W2 are there after one mask, W1 and W0 after a shift and another.
    assert p[:, [3, 2]].tolist() == np.stack([high >> 8, high & 255], axis=1).tolist()
    assert p[:, [1, 0]].tolist() == np.stack([low >> 8, low & 255], axis=1).tolist()
    assert made.unit.element_format.to_fraction(0x70) == 7
    smallest = made.unit.element_format.to_fraction(0x80)
    assert smallest == (Fraction(-8) if signed else Fraction(8))
    rng = np.random.default_rng(3)
    activations = rng.integers(-128, 128, (count, 4))
    bytes_ = made.unit.element_format.integers(p)
    nibbles = np.array([[w >> 4 * k & 15 for k in (0, 2, 1, 3)] for w in words])
    weights = (nibbles ^ 8) - 8 if signed else nibbles
    assert ((activations * bytes_).sum(axis=1) == 16 * (activations * weights).sum(axis=1)).all()
    assert golden("unpacker", made.unit, columns(16, words))["p"].tolist() == p.tolist()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"o": "int9"}, "The width of an element must be an integer from 1 to 8, not 9"),
        ({"lanes": "0"}, "The number of lanes must be an integer from 1 to 64, not 0"),
        ({"width": "513"}, "The width of a word must be an integer from 1 to 512, not 513"),
        (
            {"interleaved": "true", "lanes": "6"},
            "The number of interleaved lanes must be a multiple of 4, not 6",
        ),
        (
            {"o": "e2m1fn", "high": "true"},
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
        generate("unpacker", texts)
