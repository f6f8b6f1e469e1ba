"""Weights 1, -1, i and -i: against Python's complex numbers, and the quantizer against phases."""

from cmath import phase
from math import pi

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.shift_add.complex_dot import ComplexDot
from bitwright.verif.golden.shift_add.complex_dot import quantize
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

WEIGHTS = {0b00: 1, 0b01: -1, 0b10: 1j, 0b11: -1j}
EITHER = ["true", "false"]


def by_definition(p, inputs):
    """Sums of complex products; doubles hold them exactly."""
    sums = []
    for t, codes in enumerate(inputs["b"].tolist()):
        if p.beats == 1 or inputs["first"][t]:
            sums.append(0)
        parts = (p.a.integers(inputs[f"a_{part}"][t]).tolist() for part in ("re", "im"))
        for code, real, imaginary in zip(codes, *parts, strict=True):
            x = complex(real, imaginary)
            sums[-1] += (x.conjugate() if p.conjugate else x) * WEIGHTS[code]
    return sums


@pytest.mark.parametrize("scales", ["separate", "unified"])
@pytest.mark.parametrize(
    "texts",
    [
        {"lanes": "1", "a": "int4"},
        {"lanes": "1", "a": "int4", "conjugate": "false"},
        {"lanes": "5", "beats": "3"},
        {"lanes": "3", "a": "uint4", "stages": "2", "conjugate": "false"},
        {"lanes": "3", "structure": "plain", "adder": "plain"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_complex_numbers(texts, scales):
    made = generate("complex-dot", {**texts, "scales": scales})
    inputs, _ = stimuli(made.unit, None if texts["lanes"] == "1" else 200, seed=5)
    want = by_definition(made.unit.parameters, inputs)
    got, _ = run_on(made, inputs, len(want), simulator="icarus", seed=1, gaps=0.2, stalls=0.2)
    model = golden("complex-dot", made.unit, inputs)
    for outputs in (got, model):
        sums = {k: made.unit.sum_format.integers(v).astype(complex) for k, v in outputs.items()}
        if scales == "separate":
            sums = {"re": sums["rr"] + sums["ii"], "im": sums["ri"] + sums["ir"]}
        np.testing.assert_array_equal(sums["re"] + 1j * sums["im"], want)


@pytest.mark.parametrize("conjugate", EITHER)
def test_each_sum_is_scaled_by_its_own_scales(conjugate):
    """Scales of 1, 1000, ... on every part: the four sums are those that the products need."""
    made = generate("complex-dot", {"lanes": "6", "conjugate": conjugate})
    inputs, _ = stimuli(made.unit, 200, seed=9)
    got, _ = run_on(made, inputs, 200, simulator="icarus")
    sums = {k: made.unit.sum_format.integers(v).astype(object) for k, v in got.items()}
    a_re, a_im, b_re, b_im = 3, 1009, 10**6 + 3, 10**9 + 7
    for t in range(200):
        real, imaginary = 0, 0
        int8 = made.unit.parameters.a
        parts = (int8.integers(inputs[f"a_{part}"][t]).tolist() for part in ("re", "im"))
        for code, x, y in zip(inputs["b"][t].tolist(), *parts, strict=True):
            u = int(WEIGHTS[code].real) * b_re
            v = int(complex(WEIGHTS[code]).imag) * b_im
            x, y = x * a_re, y * a_im * (-1 if conjugate == "true" else 1)
            real, imaginary = real + x * u - y * v, imaginary + x * v + y * u
        assert a_re * b_re * sums["rr"][t] + a_im * b_im * sums["ii"][t] == real
        assert a_re * b_im * sums["ri"][t] + a_im * b_re * sums["ir"][t] == imaginary


def test_the_largest_sums_fit():
    made = generate("complex-dot", {"lanes": "2", "beats": "2"})
    lowest = np.full((2, 2), 0x80)
    inputs = {"first": np.array([1, 0]), "last": np.array([0, 1]), "a_re": lowest, "a_im": lowest}
    got, _ = run_on(made, {**inputs, "b": np.full((2, 2), 0b01)}, 1, simulator="icarus")
    sums = {k: made.unit.sum_format.integers(v).tolist() for k, v in got.items()}
    # conj(-128 - 128i) times -1 is 128 - 128i.
    assert sums == {"rr": [512], "ii": [0], "ri": [0], "ir": [-512]}


def test_quantizer_by_phase():
    """All directions of a grid, with the edges that two sectors share."""
    real, imaginary = (x.ravel() for x in np.meshgrid(np.arange(-6, 7), np.arange(-6, 7)))
    codes, real_scale, imaginary_scale = quantize(real, imaginary)
    sectors = []
    for x, y in zip(real.tolist(), imaginary.tolist(), strict=True):
        angle = phase(complex(x, y))
        if x and abs(x) == abs(y):  # an edge: the four are known without rounding
            angle = round(angle / (pi / 4)) * (pi / 4)
            sectors.append({1: 0b10, 3: 0b01, -3: 0b11, -1: 0b00}[round(angle / (pi / 4))])
        else:
            sectors.append({0: 0b00, 1: 0b10, 2: 0b01, -2: 0b01, -1: 0b11}[round(angle / (pi / 2))])
    assert codes.tolist() == sectors
    assert real_scale == pytest.approx(abs(real[codes < 2]).mean())
    assert imaginary_scale == pytest.approx(abs(imaginary[codes >= 2]).mean())
    assert quantize(np.zeros(2), np.zeros(2))[1:] == (1e-5, 1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 0}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"beats": 0}, "The number of beats must be an integer from 1 to 4294967296, not 0"),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        ComplexDot(**arguments)
