"""Aligned sums of BitMoD's element against a loop over fractions, written from the text."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from radix4 import booth

from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

LEVELS = {"fp3": [0, 1, 2, 4], "fp4": [0, 0.5, 1, 1.5, 2, 3, 4, 6]}
SPECIAL = {"fp3": [3, -3, 6, -6], "fp4": [5, -5, 8, -8]}


def terms_of(kind, code, selector):
    """Powers of two with signs, in the order of the cycles; 0 where there is none."""
    if kind.startswith("int"):
        width = int(kind[3:])
        number = code - (1 << width) * (code >> width - 1)
        return [Fraction(digit * 4**k) for k, digit in enumerate(booth(number, width // 2))]
    count = len(LEVELS[kind])
    number = LEVELS[kind][code % count] * (-1) ** (code // count)
    if code == count:
        number = SPECIAL[kind][selector]
    sign = -1 if number < 0 else 1
    places = range(4, -2, -1)
    found = []
    rest = Fraction(abs(number))
    for place in places:
        if rest >= Fraction(2) ** place:
            found.append(sign * Fraction(2) ** place)
            rest -= Fraction(2) ** place
    assert rest == 0
    # A half is the second one.
    return [0, *found] if abs(number) == 0.5 else [*found, 0, 0][:2]


def exponent_of(x):
    """floor(log2(abs(x)))"""
    x, n = abs(x), 0
    while x >= 2:
        x, n = x / 2, n + 1
    while x < 1:
        x, n = x * 2, n - 1
    return n


def jam(x, unit):
    """In units, toward zero, but odd where that loses anything."""
    whole = floor(abs(x) / unit)
    whole += abs(x) != whole * unit and whole % 2 == 0
    return whole if x >= 0 else -whole


def one_cycle(so_far, terms, precision, bits, extra):
    """``terms`` are pairs of a number and the exponent by which it is aligned."""
    exponents = [exponent for _, exponent in terms] + ([exponent_of(so_far)] if so_far else [])
    if not exponents:
        return so_far
    two = Fraction(2)
    largest = max(exponents)
    last = two ** (largest - precision + 1)
    tree = round(sum(Fraction(jam(x, last / 2**extra), 2**extra) for x, _ in terms)) * last
    unit = two ** (largest - bits + 1 - extra)
    total = jam(so_far, unit) * unit + tree
    if not total:
        return total
    ulp = two ** (exponent_of(total) - bits + 1)
    return round(total / ulp) * ulp


def by_definition(p, inputs):
    """The scaled sums of all groups; None where an activation is no finite number."""
    results, total, nan = [], Fraction(0), False
    count = len(inputs["a"])
    first, last = (inputs.get(name, np.ones(count, int)) for name in ("first", "last"))
    for beat in range(count):
        if first[beat]:
            total, nan = Fraction(0), False
        selector = int(inputs["selector"][beat]) if "selector" in inputs else 0
        pairs = list(zip(inputs["a"][beat].tolist(), inputs["b"][beat].tolist(), strict=True))
        decoded = p.a.decode(inputs["a"][beat])
        nan |= bool((decoded.nan | decoded.infinite).any())
        if not nan:
            factors = [terms_of(p.b, code, selector) for _, code in pairs]
            for cycle in zip(*factors, strict=True):
                terms = []
                for (a, _), factor in zip(pairs, cycle, strict=True):
                    if factor:
                        number = p.a.to_fraction(a)
                        least = p.a.lsb_exponent + p.a.mantissa_width
                        own = max(exponent_of(number), least) if number else least
                        terms.append((number * factor, own + exponent_of(factor)))
                total = one_cycle(total, terms, p.a.precision, p.accumulator_bits, p.extra)
        if last[beat]:
            scale = int(inputs["b_scale"][beat]) if p.scale_width else 1
            results.append(None if nan else total * scale)
    return results


def exact(made, got):
    unit = Fraction(2) ** made.unit.sum_format.lsb_exponent
    numbers = [int(n) * unit for n in made.unit.sum_format.integers(got["p"]).tolist()]
    nan = got["nan"].tolist() if "nan" in got else [0] * len(numbers)
    return [None if flag else number for number, flag in zip(numbers, nan, strict=True)]


def made_of(**texts):
    return generate("bitmod-pe", {"accumulation": "aligned", **texts})


@pytest.mark.parametrize(
    "texts",
    [
        {"beats": "6", "lanes": "4"},
        {"b": "int8", "beats": "4", "accumulator_bits": "11", "stages": "2"},
        {"a": "bf16", "b": "int6", "lanes": "3", "beats": "3", "scaling": "multiplier"},
        {"a": "e4m3fn", "b": "fp3", "lanes": "2", "beats": "9", "extra": "2", "adder": "plain"},
        {"a": "e3m4", "lanes": "1", "beats": "1", "extra": "1", "accumulator_bits": "5"},
        {"a": "binary6p3uf", "b": "int6", "beats": "5", "extra": "7", "accumulator_bits": "32"},
    ],
)
def test_cycle_by_cycle(texts):
    made = made_of(scale_width="4", **texts)
    inputs, _ = stimuli(made.unit, 150, seed=6)
    want = by_definition(made.unit.parameters, inputs)
    assert exact(made, golden("bitmod-pe", made.unit, inputs)) == want
    assert any(want)


def test_the_element_does_so():
    made = made_of(b="int6", beats="4", lanes="3", scale_width="4", accumulator_bits="12")
    inputs, _ = stimuli(made.unit, 250, seed=6)
    want = by_definition(made.unit.parameters, inputs)
    got, _ = run_on(made, inputs, len(want), simulator="icarus", seed=1, gaps=0.2, stalls=0.2)
    assert exact(made, got) == want


def fp16(*numbers):
    return [int(np.float16(x).view(np.uint16)) for x in numbers]


def sums_of(made, *groups):
    """Results of groups, each a list of beats of pairs of a number and a code of a weight."""
    beats = [beat for group in groups for beat in group]
    inputs = {
        "first": np.array([int(k == 0) for group in groups for k in range(len(group))]),
        "last": np.array([int(k == len(group) - 1) for group in groups for k in range(len(group))]),
        "a": np.array([fp16(*(x for x, _ in beat)) for beat in beats]),
        "b": np.array([[code for _, code in beat] for beat in beats]),
        "selector": np.zeros(len(beats), int),
    }
    return [float(x) for x in exact(made, golden("bitmod-pe", made.unit, inputs))]


ONE, MINUS_ONE, NOTHING = 2, 10, 0


def test_what_is_cut():
    made = made_of(lanes="2", beats="4", scale_width="0")
    large = [(1024, ONE), (0, NOTHING)]
    assert sums_of(
        made,
        # A sum of 1024 has a last place of 1 for terms: a half is rounded to even, more is not.
        [large, [(0.5, ONE), (0, NOTHING)]],
        [large, [(0.5, ONE), (2.0**-20, ONE)]],
        [large, [(1.5, ONE), (0, NOTHING)]],
        # Terms of one cycle are added before they are rounded.
        [large, [(0.25, ONE), (0.25, ONE)], [(0.25, ONE), (0.5, ONE)]],
        # However many there are that are too small, their sum is not rounded up.
        [large, [(2.0**-20, ONE), (2.0**-20, ONE)], [(2.0**-20, ONE), (2.0**-20, ONE)]],
        # The accumulator keeps 24 bits.
        [[(2.0**-9, ONE), (0, NOTHING)], [(1024, ONE), (0, NOTHING)]],
        # A large activation whose weight is zero cuts nothing.
        [[(2.0**-9, ONE), (60000, NOTHING)], [(1, ONE), (60000, NOTHING)]],
    ) == [1024, 1025, 1026, 1025, 1024, 1024 + 2.0**-9, 1 + 2.0**-9]


def test_the_order_of_beats_matters():
    made = made_of(lanes="1", beats="3", scale_width="0")
    beats = [[(1024, ONE)], [(0.5, ONE)], [(1024, MINUS_ONE)]]
    swapped = [beats[0], beats[2], beats[1]]
    assert sums_of(made, beats, swapped) == [0, 0.5]


def test_close_to_the_exact_sum():
    """A cycle's error is at most a last place of the largest number in it."""
    rng = np.random.default_rng(2)
    texts = {"lanes": "4", "beats": "8", "scale_width": "0"}
    place = np.arange(160) % 8
    inputs = {
        "first": 1 * (place == 0),
        "last": 1 * (place == 7),
        "a": rng.normal(size=(160, 4)).astype(np.float16).view(np.uint16).astype(np.int64),
        "b": rng.integers(0, 16, (160, 4)),
        "selector": rng.integers(0, 4, 160),
    }
    one, other = made_of(**texts), generate("bitmod-pe", texts)
    aligned = exact(one, golden("bitmod-pe", one.unit, inputs))
    sums = exact(other, golden("bitmod-pe", other.unit, inputs))
    errors = [abs(float(x - y)) for x, y in zip(aligned, sums, strict=True)]
    # No partial sum is above 128 here, and terms are rounded to nearest.
    assert 0 < max(errors) < 16 * 2.0**-4
    assert float(np.mean(errors)) < 0.05


def test_rounded_once_more():
    made, whole = made_of(o="fp16", beats="4"), made_of(beats="4")
    inputs, _ = stimuli(made.unit, 300, seed=4)
    sums = exact(whole, golden("bitmod-pe", whole.unit, inputs))
    got = golden("bitmod-pe", made.unit, inputs)
    # The sums fit in a double, and the largest finite number stands for what is beyond it.
    found = parse_format("fp16").to_float(got["p"])
    for x, y in zip(sums, found.tolist(), strict=True):
        if x is None:
            assert np.isnan(y)
        else:
            assert y == float(np.float16(min(max(float(x), -65504), 65504)))


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a": "int8"}, "With aligned sums the activations must be floats, not 'int8'"),
        (
            {"accumulator_bits": "10"},
            "The number of accumulator bits must be an integer from 11 to 32, not 10",
        ),
        ({"extra": "2"}, "The number of extra bits must be an integer from 3 to 16, not 2"),
        ({"lanes": "5"}, "The number of extra bits must be an integer from 4 to 16, not 3"),
    ],
)
def test_refused(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        made_of(**texts)
