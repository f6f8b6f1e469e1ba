"""Products of matrices: every element and dataflow, and how long they take."""

import random

import numpy as np
import pytest
from beat_times import beat_times
from radix4 import digits

from bitwright.gen.generate import generate
from bitwright.verif.verify import golden, run_on


def number(rng):
    return rng.choice([-128, 127, 0, rng.randint(-128, 127)])


def matrix(rng, rows, columns):
    return [[number(rng) for _ in range(columns)] for _ in range(rows)]


def product(left, right):
    return [
        [sum(x * row[c] for x, row in zip(line, right, strict=True)) for c in range(len(right[0]))]
        for line in left
    ]


def beats_of(pairs, depth):
    """Pairs of matrices as beats: columns of the left one and rows of the right one."""
    result = []
    for left, right in pairs:
        for start in range(0, len(right), depth):
            part = slice(start, start + depth)
            beat = {"first": int(start == 0), "last": int(start + depth == len(right))}
            beat["a"] = [x for line in left for x in line[part]]
            beat["b"] = [x for line in right[part] for x in line]
            result.append(beat)
    return result


def run(made, beats, results):
    """Products of matrices."""
    p = made.unit.parameters
    inputs = {name: np.array([beat[name] for beat in beats]) for name in beats[0]}
    inputs["a"], inputs["b"] = inputs["a"] & 255, inputs["b"] & 255
    got, _ = run_on(made, inputs, results, simulator="icarus", seed=2, gaps=0.3, stalls=0.4)
    sums = made.unit.sum_format.integers(got["p"])
    np.testing.assert_array_equal(sums, golden("mac-array", made.unit, inputs)["p"])
    return sums.reshape(-1, p.rows, p.columns).tolist()


@pytest.mark.parametrize(
    ("element", "dataflow", "rows", "columns", "depth", "stages"),
    [
        ("plain", "broadcast", 2, 3, 1, 0),
        ("plain", "systolic", 3, 2, 1, 1),
        ("carry_save", "systolic", 2, 3, 1, 0),
        ("carry_save", "broadcast", 2, 2, 2, 2),
        ("digit_serial", "broadcast", 2, 3, 4, 0),
        ("digit_serial", "broadcast", 1, 2, 1, 1),
    ],
)
def test_products(element, dataflow, rows, columns, depth, stages):
    rng = random.Random(rows * 100 + columns * 10 + depth)
    sizes = [depth * beats for beats in (1, 5, 2, 1, 4)]
    pairs = [(matrix(rng, rows, k), matrix(rng, k, columns)) for k in sizes]
    # As large as the sums get.
    k = 5 * depth
    pairs.append(([[-128] * k] * rows, [[-128] * columns] * k))
    want = [product(left, right) for left, right in pairs]
    assert want[-1][0][0] == k * 16384
    texts = {"rows": rows, "columns": columns, "depth": depth, "beats": 5}
    texts |= {"element": element, "dataflow": dataflow, "stages": stages}
    made = generate("mac-array", {name: str(value) for name, value in texts.items()})
    beats = beats_of(pairs, depth)
    assert run(made, beats, len(pairs)) == want
    taken, offered = beat_times(made.unit, beats, len(pairs))
    ends = [time for time, beat in zip(taken, beats, strict=True) if beat["last"]]
    assert offered == [end + made.unit.latency for end in ends]
    # The next product begins when this one has been taken.
    spent = [len(right) // depth for _, right in pairs]
    if element == "digit_serial":
        spent = [lockstep(left, depth) for left, _ in pairs]
    begins = [0, *[time + 1 for time in offered[:-1]]]
    assert ends == [start + n - 1 for start, n in zip(begins, spent, strict=True)]


def lockstep(left, depth):
    """Cycles of a product: in every beat as many as the row with the most digits needs."""
    total = 0
    for start in range(0, len(left[0]), depth):
        of_rows = [
            sum(d != 0 for x in line[start : start + depth] for d in digits("fewest", x, 4))
            for line in left
        ]
        total += max(1, *of_rows)
    return total


@pytest.mark.parametrize(
    ("element", "dataflow", "latency"),
    [
        ("plain", "broadcast", 1),
        ("carry_save", "broadcast", 1 + 4),
        ("plain", "systolic", 1 + 4 + 3 - 2),
        ("carry_save", "systolic", 1 + 4 + 3 - 2 + 4),
        ("digit_serial", "broadcast", 1 + 4),
    ],
)
def test_latency(element, dataflow, latency):
    texts = {"rows": "4", "columns": "3", "element": element, "dataflow": dataflow}
    assert generate("mac-array", texts).unit.latency == latency


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"rows": "0"}, "The number of rows must be an integer from 1 to 64, not 0"),
        ({"columns": "65"}, "The number of columns must be an integer from 1 to 64, not 65"),
        ({"depth": "0"}, "The depth must be an integer from 1 to 64, not 0"),
        (
            {"element": "digit_serial", "dataflow": "systolic"},
            "With digit-serial elements the dataflow must be broadcast, not 'systolic'",
        ),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("mac-array", texts)
