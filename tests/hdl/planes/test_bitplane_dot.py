"""Dot products from bit planes against products of Python's integers, in every schedule."""

from itertools import product

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.gen.parameters import make_unit
from bitwright.hdl.formats import IntegerFormat, parse_format
from bitwright.hdl.planes.bitplane_dot import BitplaneDot
from bitwright.hdl.planes.pairs import Counting
from bitwright.hdl.planes.schedule import Schedule
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

BOTH = {"zero_a": "true", "zero_b": "true"}
SCHEDULES = [schedule.value for schedule in Schedule]


def numbers(format, codes):
    """Integers of codes, one bit after the other."""
    top = format.width - 1
    weights = [1 << place for place in range(top)] + [-(1 << top) if format.signed else 1 << top]
    return [
        sum(weight for place, weight in enumerate(weights) if int(code) >> place & 1)
        for code in codes
    ]


def by_definition(p, inputs):
    """The sums, in Python's integers, element by element."""
    sums = []
    for t in range(len(inputs["a"])):
        if p.beats == 1 or inputs["first"][t]:
            sums.append(0)
        a, b = numbers(p.a, inputs["a"][t]), numbers(p.b, inputs["b"][t])
        za = numbers(p.a, [inputs["a_zero"][t]])[0] if p.zero_a else 0
        zb = numbers(p.b, [inputs["b_zero"][t]])[0] if p.zero_b else 0
        scale = int(inputs["b_scale"][t]) if p.scale_width else 1
        sums[-1] += scale * sum((x - za) * (y - zb) for x, y in zip(a, b, strict=True))
    return sums


def check(texts, inputs, want, **options):
    """Golden model and hardware both give these numbers."""
    made = generate("bitplane-dot", texts)
    format = made.unit.sum_format
    assert golden("bitplane-dot", made.unit, inputs)["p"].tolist() == want
    got, _ = run_on(made, inputs, len(want), simulator="icarus", **options)
    assert format.integers(got["p"]).tolist() == want
    return made.unit


@pytest.mark.parametrize(
    ("a", "b", "schedule"),
    [
        ("int1", "int1", "parallel"),
        ("int1", "uint2", "serial"),
        ("int3", "int2", "activation_serial"),
        ("int2", "int3", "serial"),
        ("uint3", "int1", "activation_serial"),
    ],
)
def test_all_pairs_of_codes_in_two_lanes(a, b, schedule):
    """Every pair in one lane, beside corner pairs in the other: the pair of both sign planes counts
    positive, and one bit of two's complement is 0 or -1."""
    texts = {"a": a, "b": b, "lanes": "2", "schedule": schedule}
    width = [parse_format(name).width for name in (a, b)]
    codes = list(product(range(1 << width[0]), range(1 << width[1])))
    codes = [(x, y) for x in codes for y in (*codes[:2], *codes[-2:])]
    inputs = {
        "a": np.array([[x[0], y[0]] for x, y in codes]),
        "b": np.array([[x[1], y[1]] for x, y in codes]),
    }
    unit = make_unit("bitplane-dot", texts)
    check(texts, inputs, by_definition(unit.parameters, inputs))


@pytest.mark.parametrize(
    ("texts", "schedule"),
    [
        ({"lanes": "5", "beats": "3", "stages": "2"}, "serial"),
        ({"lanes": "4", "a": "int8", "b": "uint4", **BOTH}, "parallel"),
        ({"lanes": "3", "b": "int6n", "zero_b": "true", "beats": "4"}, "activation_serial"),
        ({"lanes": "3", "a": "uint5", "zero_a": "true", "structure": "planes"}, "parallel"),
        ({"lanes": "4", "a": "uint4", "scale_width": "7", "beats": "3"}, "parallel"),
        ({"lanes": "2", "a": "int2", "scale_width": "3", "beats": "2", **BOTH}, "serial"),
        ({"lanes": "3", "a": "int4f2", "b": "uint8f1", "stages": "1"}, "activation_serial"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()),
)
def test_against_the_definition(texts, schedule):
    texts = {**texts, "schedule": schedule}
    unit = make_unit("bitplane-dot", texts)
    inputs, _ = stimuli(unit, 120, seed=6)
    want = by_definition(unit.parameters, inputs)
    check(texts, inputs, want, seed=2, gaps=0.2, stalls=0.2)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_largest_sums_fit(schedule):
    """Both ends of every range at once, over as many beats as may come: -32 too, which symmetric
    quantizers never make."""
    texts = {"lanes": "3", "beats": "4", "schedule": schedule, **BOTH}
    ends = list(product((-32, 31), repeat=4))
    rows = [row for row in ends for _ in range(4)]
    inputs = {
        "first": np.array([1, 0, 0, 0] * len(ends)),
        "last": np.array([0, 0, 0, 1] * len(ends)),
        "a": np.array([[row[0]] * 3 for row in rows]) & 63,
        "b": np.array([[row[1]] * 3 for row in rows]) & 63,
        "a_zero": np.array([row[2] for row in rows]) & 63,
        "b_zero": np.array([row[3] for row in rows]) & 63,
    }
    want = [12 * (x - za) * (y - zb) for x, y, za, zb in ends]
    unit = check(texts, inputs, want)
    assert unit.sum_format.width == max(want).bit_length() + 1


@pytest.mark.parametrize("schedule", ["parallel", "serial"])
def test_the_code_that_symmetric_quantizers_never_make(schedule):
    """-32 times -32 in all lanes: the largest sum of all, one more than a power of two holds."""
    inputs = {"a": np.full((1, 4), 32), "b": np.full((1, 4), 32)}
    unit = check({"lanes": "4", "schedule": schedule}, inputs, [4096])
    assert unit.sum_format == IntegerFormat(14)


@pytest.mark.parametrize(("a", "b", "width"), [("int6", "int6", 19), ("int8", "int6", 21)])
def test_width_of_flexq_groups(a, b, width):
    unit = BitplaneDot(a=parse_format(a), b=parse_format(b), lanes=128)
    assert unit.sum_format == IntegerFormat(width)


@pytest.mark.parametrize("schedule", SCHEDULES[:2])
def test_lanes_left_over_hold_the_zero_point(schedule, rng):
    """A vector of 5 in lanes of 4: the rest are zeros, or where there are zero points, these."""
    texts = {"lanes": "4", "beats": "2", "zero_a": "true", "schedule": schedule}
    a, b, zero = rng.integers(-32, 32, 5), rng.integers(-32, 32, 5), -7
    fill = rng.integers(-32, 32, 3)
    inputs = {
        "first": np.array([1, 0]),
        "last": np.array([0, 1]),
        "a": np.array([*a, zero, zero, zero]).reshape(2, 4) & 63,
        "b": np.array([*b, *fill]).reshape(2, 4) & 63,
        "a_zero": np.array([zero, zero]) & 63,
    }
    check(texts, inputs, [int(sum((a - zero) * b))])


@pytest.mark.parametrize(
    ("schedule", "interval"), [("activation_serial", 3), ("serial", 15)]
)
def test_cycles(schedule, interval):
    """So many cycles a beat, and a result a beat where nothing is summed over beats."""
    texts = {"a": "int3", "b": "uint5", "lanes": "2", "schedule": schedule}
    made = generate("bitplane-dot", texts)
    assert made.unit.interval == interval
    inputs, _ = stimuli(made.unit, 200, seed=1)
    _, done = run_on(made, inputs, 200, simulator="icarus")
    # The bench waits a little before and after.
    assert 200 * interval <= done.cycles <= 200 * interval + 100


def test_group_scales_of_flexq(rng):
    """A group's sum times both its scales, by the units for floats: as fp16 and fp32 have it."""
    dot = BitplaneDot(lanes=16)
    a, b = rng.integers(-31, 32, (2, 40, 16))
    sums = golden("bitplane-dot", dot, {"a": a & 63, "b": b & 63})["p"]
    scales = rng.uniform(1e-3, 1e-1, (2, 40)).astype(np.float16)
    codes = scales.view(np.uint16).astype(np.int64)
    scale = make_unit("float-multiplier", {"a": "fp16", "b": "fp16", "o": "fp16"})
    both = golden("float-multiplier", scale, {"a": codes[0], "b": codes[1]})["p"]
    name = dot.sum_format.name
    converter = make_unit("float-converter", {"a": name, "o": "fp32"})
    number = golden("float-converter", converter, {"a": sums & (1 << dot.sum_format.width) - 1})
    last = make_unit("float-multiplier", {"a": "fp32", "b": "fp16", "o": "fp32"})
    got = golden("float-multiplier", last, {"a": number["p"], "b": both})["p"]
    exact = [sum(x * y for x, y in zip(*row, strict=True)) for row in zip(a, b, strict=True)]
    want = np.float32(exact) * (scales[0] * scales[1]).astype(np.float32)
    assert got.astype(np.uint32).view(np.float32).tolist() == want.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"a": IntegerFormat(9)}, "The elements of 'a' must have 1 to 8 bits, not 'int9'"),
        ({"b": IntegerFormat(16)}, "The elements of 'b' must have 1 to 8 bits, not 'int16'"),
        ({"lanes": 0}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"beats": 0}, "The number of beats must be an integer from 1 to 4294967296, not 0"),
        (
            {"zero_b": True, "structure": Counting.MERGED},
            "With zero points the structure of the parallel schedule must be 'planes', not "
            "'merged'",
        ),
        ({"scale_width": 33}, "The scale width must be an integer from 0 to 32, not 33"),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        BitplaneDot(**arguments)
