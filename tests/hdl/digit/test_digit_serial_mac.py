"""One non-zero digit a cycle: the sums, and exactly as many cycles as there are such digits."""

import random

import numpy as np
import pytest
from beat_times import beat_times
from radix4 import digits

from bitwright.gen.generate import generate
from bitwright.verif.verify import golden, run_on


def beats_of(rng, pairs, count):
    """Vectors of int8 with zeros, extremes and anything."""

    def number():
        return rng.choice([0, 0, -128, 127, rng.randint(-128, 127), rng.randint(-20, 20)])

    return [[[number() for _ in range(pairs)] for _ in range(2)] for _ in range(count)]


def run(texts, beats, lengths, **fields):
    """Sums, and cycles as the unit counts them."""
    made = generate("digit-serial-mac", {**texts, "count": "true"})
    ends = np.cumsum(lengths)
    inputs = {
        "a": np.array([a for a, _ in beats]) & (1 << made.unit.parameters.a.width) - 1,
        "b": np.array([b for _, b in beats]) & 255,
        "first": np.isin(np.arange(len(beats)), [0, *ends[:-1]]) * 1,
        "last": np.isin(np.arange(len(beats)), ends - 1) * 1,
        **{name: np.array(values) for name, values in fields.items()},
    }
    got, _ = run_on(made, inputs, len(lengths), simulator="icarus")
    want = golden("digit-serial-mac", made.unit, inputs)
    sums = made.unit.sum_format.integers(got["p"]).tolist()
    assert sums == want["p"].tolist()
    assert got["cycles"].tolist() == want["cycles"].tolist()
    return sums, got["cycles"].tolist()


def in_groups(values, lengths):
    """The values' sums over transactions."""
    ends = np.cumsum(lengths)
    return [sum(values[end - n : end]) for n, end in zip(lengths, ends, strict=True)]


@pytest.mark.parametrize(
    ("recoding", "lanes", "group", "form"),
    [
        ("booth", 1, 4, "carry_save"),
        ("ent", 1, 4, "carry_save_full"),
        ("fewest", 1, 2, "plain"),
        ("ent", 4, 2, "carry_save"),
    ],
)
def test_all_digits_of_a_beat(recoding, lanes, group, form):
    rng = random.Random(lanes * 10 + group)
    beats = beats_of(rng, lanes * group, 21)
    # No digit at all; the smallest number by itself, of which a digit of -2 times -128 is 256.
    beats[0][0] = [0] * (lanes * group)
    beats[1] = [[-2] * (lanes * group), [-128] * (lanes * group)]
    beats[2] = [[-128] * (lanes * group), [-128] * (lanes * group)]
    lengths = [1, 1, 1, 6, 2, 10]
    texts = {"lanes": str(lanes), "group": str(group), "beats": "10"}
    texts |= {"recoding": recoding, "accumulation": form}
    sums, counted = run(texts, beats, lengths)
    products = [sum(x * y for x, y in zip(a, b, strict=True)) for a, b in beats]
    assert sums == in_groups(products, lengths)
    assert sums[1:3] == [256 * lanes * group, 16384 * lanes * group]
    spent = []
    for a, _ in beats:
        of_each = [sum(d != 0 for d in digits(recoding, number, 4)) for number in a]
        in_lane = [sum(of_each[n * group : (n + 1) * group]) for n in range(lanes)]
        spent.append(max(1, *in_lane))
    assert counted == in_groups(spent, lengths)
    # Nothing is lost between beats.
    made = generate("digit-serial-mac", texts)
    ends = np.cumsum(lengths)
    fed = [
        {"first": n in [0, *ends], "last": n + 1 in ends, "a": a, "b": b}
        for n, (a, b) in enumerate(beats)
    ]
    taken, offered = beat_times(made.unit, fed, len(lengths))
    assert taken == [sum(spent[: n + 1]) - 1 for n in range(len(beats))]
    assert offered == [taken[end - 1] + made.unit.latency for end in ends]


@pytest.mark.parametrize("recoding", ["booth", "ent", "fewest"])
def test_one_place_at_a_time_as_opt3(recoding):
    """The product of two vectors, from one transaction for each place, shifted and added here."""
    rng = random.Random(7)
    beats = beats_of(rng, 4, 8)
    found = [[digits(recoding, number, 4) for number in a] for a, _ in beats]
    places = [n for n in range(4) for _ in beats]
    sums, counted = run(
        {"order": "place", "recoding": recoding, "beats": "8"}, beats * 4, [8] * 4, place=places
    )
    exact = sum(x * y for a, b in beats for x, y in zip(a, b, strict=True))
    assert sum(value * 4**n for n, value in enumerate(sums)) == exact
    # The paper's count: of each four digits those that are not zero, at least one.
    spent = [sum(max(1, sum(d[n] != 0 for d in quad)) for quad in found) for n in range(4)]
    assert counted == spent


def test_a_place_that_no_operand_has():
    sums, counted = run(
        {"order": "place", "a": "int5", "group": "1", "beats": "1"},
        [[[n], [1]] for n in (-16, -16, 15, 15)],
        [1] * 4,
        place=[2, 3, 2, 3],
    )
    assert (sums, counted) == ([-1, 0, 1, 0], [1] * 4)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"lanes": "0"}, "The number of lanes must be an integer from 1 to 64, not 0"),
        ({"group": "0"}, "The number of pairs in a group must be an integer from 1 to 64, not 0"),
        ({"beats": "0"}, "The number of beats must be an integer from 1 to 4294967296, not 0"),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("digit-serial-mac", texts)
