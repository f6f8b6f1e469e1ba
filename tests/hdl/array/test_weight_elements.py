"""Arrays of weights of few values against fractions; sums that go round; what is refused."""

import random
from fractions import Fraction

import numpy as np
import pytest
from beat_times import beat_times
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.array.elements import ProcessingElement
from bitwright.hdl.array.mac_array import Dataflow, MacArray
from bitwright.hdl.formats import IntegerFormat, parse_format
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on


def numbers(format, codes):
    """Codes as fractions."""
    if isinstance(format, IntegerFormat):
        unit = Fraction(2) ** format.lsb_exponent
        return [int(n) * unit for n in format.integers(codes)]
    return [format.to_fraction(int(code)) for code in codes]


def products(p, inputs):
    """The matrices that transactions multiply to, each element a sum in order."""
    found = []
    for t in range(len(inputs["a"])):
        if inputs["first"][t]:
            found.append([Fraction(0)] * (p.rows * p.columns))
        a, b = numbers(p.a, inputs["a"][t]), numbers(p.b, inputs["b"][t])
        for n in range(p.rows * p.columns):
            r, c = divmod(n, p.columns)
            for k in range(p.depth):
                found[-1][n] += a[r * p.depth + k] * b[k * p.columns + c]
    return found


PLAIN = {"element": "plain"}
ROTATING = {"dataflow": "rotating", **PLAIN}


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "int2n", **PLAIN},
        {"a": "int2n", "b": "uint4", "depth": "2"},
        {"a": "e3m0none", "b": "uint5", **PLAIN},
        {"a": "e3m0none", **ROTATING, "stages": "1"},
        {"a": "e2m1fn", "dataflow": "systolic"},
        {"a": "e2m1fn", "b": "int4f3", "depth": "2", **ROTATING},
        {"a": "e2m0none", "b": "uint3", "structure": "plain", "adder": "plain", **PLAIN},
        {"a": "int4", "columns": "3", "rows": "1", **ROTATING},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_products(texts):
    made = generate("mac-array", {"rows": "2", "columns": "2", "beats": "5", **texts})
    p = made.unit.parameters
    inputs, _ = stimuli(made.unit, 150, seed=31)
    want = products(p, inputs)
    unit = Fraction(2) ** (p.a.lsb_exponent + p.b.lsb_exponent)
    got, _ = run_on(made, inputs, len(want), simulator="icarus", seed=3, gaps=0.3, stalls=0.3)
    sums = made.unit.sum_format.integers(got["p"])
    assert [[int(n) * unit for n in row] for row in sums] == want
    np.testing.assert_array_equal(sums, golden("mac-array", made.unit, inputs)["p"])


@pytest.mark.parametrize("a", ["int2n", "e3m0none", "e2m1fn"])
def test_every_weight_times_every_number(a):
    format = parse_format(a)
    made = generate("mac-array", {"a": a, "b": "int4", "rows": "1", "columns": "16", "beats": "3",
                                  **PLAIN})  # fmt: skip
    weights = [w for w in range(1 << format.width) if a != "int2n" or w != 2]
    # Three times, so that the largest sums occur.
    inputs = {
        "first": np.tile([1, 0, 0], len(weights)),
        "last": np.tile([0, 0, 1], len(weights)),
        "a": np.repeat(weights, 3)[:, None],
        "b": np.tile(np.arange(16), (3 * len(weights), 1)),
    }
    want = products(made.unit.parameters, inputs)
    got, _ = run_on(made, inputs, len(want), simulator="icarus")
    unit = Fraction(2) ** format.lsb_exponent
    sums = made.unit.sum_format.integers(got["p"])
    assert [[int(n) * unit for n in row] for row in sums] == want


def test_a_column_a_cycle():
    """A beat takes as many cycles as there are columns; the result stands one later."""
    rng = random.Random(5)
    made = generate("mac-array", {"rows": "2", "columns": "3", "beats": "4", **ROTATING})
    assert made.unit.interval == 3
    beats = []
    for count in (1, 4, 2):
        for k in range(count):
            beat = {"first": int(k == 0), "last": int(k == count - 1)}
            beat["a"] = [rng.randint(-128, 127) for _ in range(2)]
            beat["b"] = [rng.randint(-128, 127) for _ in range(3)]
            beats.append(beat)
    taken, offered = beat_times(made.unit, beats, 3)
    ends = [time for time, beat in zip(taken, beats, strict=True) if beat["last"]]
    assert offered == [end + made.unit.latency for end in ends]
    begins = [0, *[time + 1 for time in offered[:-1]]]
    assert ends == [start + 3 * n - 1 for start, n in zip(begins, (1, 4, 2), strict=True)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"a": parse_format("fp16")},
            "The left format must be an integer, or a signed float of at most one mantissa bit "
            "without NaN and infinities such as 'e3m0none' or 'e2m1fn', not 'fp16'",
        ),
        (
            {"a": parse_format("e2m1fn"), "element": ProcessingElement.DIGIT_SERIAL},
            "Digit-serial elements take integers, not 'e2m1fn'",
        ),
        (
            {"dataflow": Dataflow.ROTATING},
            "With rotating sums the elements must be plain, not 'carry_save': there is no adder "
            "of a column to resolve them",
        ),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        MacArray(**arguments)
