"""Weights whose kind, and special values that, each beat brings: by tables of numbers."""

from fractions import Fraction

import numpy as np
import pytest
from beat_times import beat_times

from bitwright.gen.generate import generate
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

KINDS = ["fp3", "fp4", "int6", "int8"]
WIDTH = [3, 4, 6, 8]
LEVELS = {
    "fp3": [0, 1, 2, 4, None, -1, -2, -4],
    "fp4": [0, 0.5, 1, 1.5, 2, 3, 4, 6, None, -0.5, -1, -1.5, -2, -3, -4, -6],
    "int6": [*range(32), *range(-32, 0)],
    "int8": [*range(128), *range(-128, 0)],
}
SPECIAL = {"fp3": [3, -3, 6, -6], "fp4": [5, -5, 8, -8]}


def given(word, bits):
    """A special value that comes as a sign and a magnitude: of its ones the outer two."""
    ones = [1 << k for k in range(bits) if word >> k & 1]
    return (-1) ** (word >> bits) * sum({ones[0], ones[-1]} if ones else [])


def level(mode, code, selector):
    """What the lowest bits of a code mean."""
    number = LEVELS[KINDS[mode]][code & (1 << WIDTH[mode]) - 1]
    return Fraction(SPECIAL[KINDS[mode]][selector] if number is None else number)


def values_of(terms):
    """The numbers, in halves, of terms of one lane, the last axis being that of places."""
    terms = terms.astype(int)
    sign, one, position = terms & 1, terms >> 1 & 1, terms >> 2
    return ((-1) ** sign * one << position).sum(axis=-1)


def test_every_code_of_every_mode():
    made = generate("bitmod-encoder", {"b": "all", "lanes": "1"})
    beats = []
    for mode, width in enumerate(WIDTH):
        for selector in range(4) if mode < 2 else [1]:
            # What stands above the code means nothing.
            codes = [k | 0b01010101 << width & 255 for k in range(1 << width)]
            beats += [(mode, code, selector, place) for code in codes for place in range(4)]
    mode, code, selector, place = np.array(beats).T
    inputs = {"mode": mode, "b": code[:, None], "selector": selector, "place": place}
    got, _ = run_on(made, inputs, len(beats), simulator="icarus")
    assert got["p"].tolist() == golden("bitmod-encoder", made.unit, inputs)["p"].tolist()
    found = values_of(got["p"].reshape(-1, 4))
    assert found.tolist() == [2 * level(m, c, s) for m, c, s, _ in beats[::4]]
    # Nothing in a cycle that the mode has not.
    late = (mode < 2) & (place >= 2) | (mode == 2) & (place == 3)
    assert not (got["p"][late] & 2).any()


@pytest.mark.parametrize(("kind", "bits"), [("fp3", 4), ("fp4", 5)])
def test_every_special_value_that_is_given(kind, bits):
    texts = {"b": kind, "lanes": "1", "special_input": "true"}
    words = np.arange(2 << bits)
    inputs = {
        "special": np.repeat(words, 2),
        "b": np.full((4 << bits, 1), 1 << WIDTH[KINDS.index(kind)] - 1),
        "place": np.arange(4 << bits) % 2,
    }
    made = generate("bitmod-encoder", texts)
    got = golden("bitmod-encoder", made.unit, inputs)["p"]
    assert values_of(got.reshape(-1, 2)).tolist() == [given(int(w), bits) for w in words]


@pytest.mark.parametrize("special_input", ["false", "true"])
def test_groups_of_any_modes(special_input):
    texts = {"b": "all", "a": "int8", "lanes": "2", "beats": "3", "scale_width": "2"}
    made = generate("bitmod-pe", {**texts, "special_input": special_input})
    inputs, _ = stimuli(made.unit, 300, seed=7)
    want, total = [], Fraction(0)
    for beat in range(len(inputs["a"])):
        total *= 1 - int(inputs["first"][beat])
        for a, code in zip(inputs["a"][beat].tolist(), inputs["b"][beat].tolist(), strict=True):
            mode = int(inputs["mode"][beat])
            width = WIDTH[mode]
            if special_input == "false":
                number = level(mode, code, int(inputs["selector"][beat]))
            elif mode < 2 and code & (1 << width) - 1 == 1 << width - 1:
                number = Fraction(given(int(inputs["special"][beat]), 5), 2)
            else:
                number = level(mode, code, 0)
            total += number * (a - 256 * (a >> 7))
        if inputs["last"][beat]:
            want.append(2 * total * int(inputs["b_scale"][beat]))
    got = golden("bitmod-pe", made.unit, inputs)
    assert made.unit.sum_format.integers(got["p"]).tolist() == want


@pytest.mark.parametrize("scale_width", ["0", "2"])
def test_as_many_cycles_as_the_mode_has_terms(scale_width):
    texts = {"b": "all", "a": "int8", "lanes": "1", "beats": "4", "scale_width": scale_width}
    made = generate("bitmod-pe", texts)
    beat = {"a": [3], "b": [1], **({"b_scale": 2} if made.unit.parameters.scale_width else {})}
    modes = [0, 1, 2, 3, 3, 2, 1, 0]
    fed = [
        {**beat, "mode": mode, "first": n % 4 == 0, "last": n % 4 == 3}
        for n, mode in enumerate(modes)
    ]
    taken, offered = beat_times(made.unit, fed, 2)
    ends = np.cumsum([2, 2, 3, 4, 4, 3, 2, 2]) - 1
    assert taken == ends.tolist()
    assert offered == [taken[k] + made.unit.latency for k in (3, 7)]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"b": "int8", "special_input": "true"},
            "The special values of int8 weights must not be inputs, as they have none",
        ),
        (
            {"special1": "6", "special_input": "true"},
            "The special values must be 0 where they are an input, not '6'",
        ),
    ],
)
def test_refused(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("bitmod-pe", texts)
