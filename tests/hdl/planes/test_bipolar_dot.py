"""Dot products of bipolar integers against sums over bits that are -1 and +1, one by one."""

from itertools import product

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.gen.parameters import make_unit
from bitwright.hdl.formats import IntegerFormat
from bitwright.hdl.planes.bipolar_dot import BipolarDot, Encoding
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on


def odd(code, bits):
    """A bipolar number: the odd integers, evenly about zero, counted from the lowest."""
    return range(1 - (1 << bits), 1 << bits, 2)[int(code)]


def signed(code, format):
    code = int(code)
    return code - (1 << format.width) if format.signed and code >> format.width - 1 else code


def by_definition(p, inputs):
    """The sums, in Python's integers, element by element."""
    sums = []
    for t in range(len(inputs["a"])):
        if p.beats == 1 or inputs["first"][t]:
            sums.append(0)
        lanes = min(int(inputs["count"][t]), p.lanes) if p.masked else p.lanes
        for k in range(lanes):
            x, y = inputs["a"][t][k], inputs["b"][t][k]
            x = odd(x, p.a.width) if p.activations is Encoding.BIPOLAR else signed(x, p.a)
            sums[-1] += x * odd(y, p.b.width)
    return sums


def check(texts, inputs, want, **options):
    """Golden model and hardware both give these numbers."""
    made = generate("bipolar-dot", texts)
    assert golden("bipolar-dot", made.unit, inputs)["p"].tolist() == want
    got, _ = run_on(made, inputs, len(want), simulator="icarus", **options)
    assert made.unit.sum_format.integers(got["p"]).tolist() == want
    return made.unit


@pytest.mark.parametrize(
    ("a", "b", "schedule"),
    [
        ("uint1", "uint1", "parallel"),
        ("uint2", "uint3", "parallel"),
        ("uint3", "uint2", "activation_serial"),
        ("uint2", "uint2", "serial"),
    ],
)
def test_all_pairs_of_codes(a, b, schedule):
    texts = {"a": a, "b": b, "lanes": "1", "schedule": schedule}
    codes = list(product(range(1 << int(a[-1])), range(1 << int(b[-1]))))
    inputs = {"a": np.array([[x] for x, _ in codes]), "b": np.array([[y] for _, y in codes])}
    want = [odd(x, int(a[-1])) * odd(y, int(b[-1])) for x, y in codes]
    check(texts, inputs, want)


@pytest.mark.parametrize(
    "texts",
    [
        {"lanes": "5", "beats": "3", "masked": "true", "stages": "2"},
        {"lanes": "4", "a": "uint3", "masked": "true", "schedule": "activation_serial"},
        {"lanes": "3", "a": "uint2", "beats": "3", "masked": "true", "schedule": "serial"},
        {"lanes": "4", "a": "int4", "activations": "integer", "structure": "planes"},
        {"lanes": "3", "a": "int3", "b": "uint1", "activations": "integer", "schedule": "serial"},
        {"lanes": "6", "a": "uint8", "b": "uint8", "structure": "planes"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_the_definition(texts):
    unit = make_unit("bipolar-dot", texts)
    inputs, _ = stimuli(unit, 120, seed=6)
    want = by_definition(unit.parameters, inputs)
    check(texts, inputs, want, seed=2, gaps=0.2, stalls=0.2)


def test_formula_of_the_paper(rng):
    """``K (2**p - 1) (2**q - 1)`` less twice the weighted counts of bits that differ."""
    p, q, lanes = 3, 4, 24
    unit = BipolarDot(a=IntegerFormat(q, False), b=IntegerFormat(p, False), lanes=lanes)
    a, b = rng.integers(0, 1 << q, (50, lanes)), rng.integers(0, 1 << p, (50, lanes))

    def differ(x, y):
        """The bits that differ, all pairs of planes, at their weights."""
        pairs = product(range(q), range(p))
        return sum(1 << i + j for j, i in pairs if x >> j & 1 != y >> i & 1)

    most = lanes * (2**p - 1) * (2**q - 1)
    rows = zip(a.tolist(), b.tolist(), strict=True)
    want = [most - 2 * sum(map(differ, x, y)) for x, y in rows]
    assert golden("bipolar-dot", unit, {"a": a, "b": b})["p"].tolist() == want


@pytest.mark.parametrize("activations", list(Encoding))
def test_single_bits_of_apnn(activations, rng):
    """Bits of -1 and 1 on both sides: K less twice the ones of the XOR; beside activations of 0
    and 1: twice the ones of the AND, less those of the activations."""
    lanes, bit = 70, IntegerFormat(1, False)
    unit = BipolarDot(a=bit, b=bit, lanes=lanes, activations=activations)
    bits = rng.integers(0, 2, (2, 30, lanes))
    a, b = ([int("".join(map(str, row)), 2) for row in side] for side in bits)
    if activations is Encoding.BIPOLAR:
        want = [lanes - 2 * (x ^ y).bit_count() for x, y in zip(a, b, strict=True)]
    else:
        want = [2 * (x & y).bit_count() - x.bit_count() for x, y in zip(a, b, strict=True)]
    inputs = {"a": bits[0], "b": bits[1]}
    assert golden("bipolar-dot", unit, inputs)["p"].tolist() == want


def test_from_twos_complement_without_loss(rng):
    """A bipolar number is ``2 w + 1`` of the two's complement number with the top bit inverted
    (APT-LLM): the product sums of integers follow from those of bipolar weights."""
    unit = BipolarDot(
        a=IntegerFormat(4), b=IntegerFormat(3, False), lanes=9, activations=Encoding.INTEGER
    )
    a, w = rng.integers(-8, 8, (40, 9)), rng.integers(-4, 4, (40, 9))
    sums = golden("bipolar-dot", unit, {"a": a & 15, "b": (w & 7) ^ 4})["p"]
    assert ((sums - a.sum(axis=1)) / 2).tolist() == (a * w).sum(axis=1).tolist()


@pytest.mark.parametrize("schedule", ["parallel", "serial"])
def test_lanes_left_over_do_not_count(schedule):
    """Every count of lanes, and more than there are; what the others hold does not matter. Zero
    bits instead would mean -1."""
    texts = {"a": "uint2", "b": "uint2", "lanes": "5", "masked": "true", "schedule": schedule}
    counts = np.repeat(np.arange(8), 3)
    rest = np.arange(5)[None] >= np.minimum(counts, 5)[:, None]
    a = np.where(rest, np.tile([0, 3, 2], 8)[:, None], 3)
    b = np.where(rest, np.tile([0, 3, 1], 8)[:, None], 0)
    want = [-9 * min(int(count), 5) for count in counts]
    check(texts, {"a": a, "b": b, "count": counts}, want)


@pytest.mark.parametrize("schedule", ["parallel", "activation_serial", "serial"])
def test_the_largest_sums_fit(schedule):
    """Both ends, over as many beats as may come."""
    texts = {"a": "uint3", "lanes": "3", "beats": "4", "schedule": schedule}
    ends = [(0, 0), (0, 15), (7, 0), (7, 15)]
    rows = np.array([row for row in ends for _ in range(4)])
    inputs = {
        "first": np.array([1, 0, 0, 0] * 4),
        "last": np.array([0, 0, 0, 1] * 4),
        "a": np.repeat(rows[:, :1], 3, axis=1),
        "b": np.repeat(rows[:, 1:], 3, axis=1),
    }
    most = 12 * 7 * 15
    unit = check(texts, inputs, [most, -most, -most, most])
    assert unit.sum_format.width == most.bit_length() + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"b": IntegerFormat(4)},
            "The codes of bipolar elements 'b' must be unsigned integers, as 'uint4', not 'int4'",
        ),
        (
            {"a": IntegerFormat(2, False, 1)},
            "The codes of bipolar elements 'a' must be unsigned integers, as 'uint2', not "
            "'uint2f1'",
        ),
        (
            {"activations": Encoding.INTEGER, "masked": True},
            "With integer activations 'masked' must be 'false', not 'true': lanes to leave out are "
            "activations of 0",
        ),
        (
            {"b": IntegerFormat(9, False)},
            "The elements of 'b' must have 1 to 8 bits, not 'uint9'",
        ),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        BipolarDot(**arguments)
