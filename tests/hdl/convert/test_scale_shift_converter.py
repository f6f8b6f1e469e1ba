"""Casts with a power of two: the exponent sum that ZeroQuant-FP says it is, and any other float."""

from fractions import Fraction

import numpy as np
import pytest
import scalar
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.convert.scale_shift_converter import ScaleShiftConverter
from bitwright.hdl.formats import parse_format
from bitwright.verif.verify import golden, run_on


def all_of(made):
    """Every code at every shift."""
    p = made.unit.parameters
    a, shift = np.meshgrid(np.arange(1 << p.a.width), np.arange(1 << p.shift.width))
    return {"a": a.ravel()[:, None], "shift": shift.ravel()[:, None]}


def test_fp4_to_fp8_is_an_addition_of_exponents():
    """Exact up to a shift of 8; up to 5 the exponent field is the sum, and normal."""
    made = generate("scale-shift-converter", {})
    inputs = all_of(made)
    got, _ = run_on(made, inputs, len(inputs["shift"]), simulator="icarus")
    fp4, fp8 = parse_format("e2m1fn"), parse_format("e4m3fn")
    for code, shift, result in zip(
        inputs["a"][:, 0].tolist(),
        inputs["shift"][:, 0].tolist(),
        got["p"][:, 0].tolist(),
        strict=True,
    ):
        number = fp4.to_fraction(code)
        if shift <= 8:
            assert fp8.to_fraction(result) == number / 2**shift
        assert result >> 7 == code >> 3
        if shift <= 5 and code & 7:
            field, mantissa = code >> 1 & 3, code & 1
            if field == 0:  # the one subnormal, a half, is normal there
                field, mantissa = 0, 0
            assert (result >> 3 & 15, result & 7) == (field - 1 + 7 - shift, mantissa << 2)


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "e2m1fn", "o": "e4m3fn", "shift": "int5"},
        {"a": "e3m0none", "o": "e5m2", "shift": "uint5", "rounding": "rtz"},
        {"a": "e1m2none", "o": "e2m1fn", "shift": "int4", "rounding": "rna"},
        {"a": "e4m3fn", "o": "e5m2", "shift": "int6", "overflow": "inf_or_nan", "ftz_out": "true"},
        {"a": "e5m2", "o": "e4m3fnuz", "shift": "int4", "ftz_in": "true", "stages": "2"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_rational_numbers(texts):
    made = generate("scale-shift-converter", texts)
    p = made.unit.parameters
    inputs = all_of(made)
    source, target = scalar.Layout.of(p.a), scalar.Layout.of(p.o)
    want = []
    for code, shift in zip(inputs["a"][:, 0], p.shift.integers(inputs["shift"][:, 0]), strict=True):
        number = source.meanings[code]
        if isinstance(number, Fraction):
            if p.projection.ftz_in and 0 < abs(number) < source.magnitude(1 << source.m):
                number = "-0" if number < 0 else Fraction(0)
            else:
                number = number / scalar.two_to(int(shift))
        want.append(scalar.project(number, target, p.projection))
    assert golden("scale-shift-converter", made.unit, inputs)["p"][:, 0].tolist() == want
    got, _ = run_on(made, inputs, len(want), simulator="icarus")
    assert got["p"][:, 0].tolist() == want


def test_each_lane_has_its_own_bits_and_shift():
    texts = {"lanes": "3", "rounding": "sra", "random_bits": "3", "o": "e2m1fn", "shift": "int4"}
    made = generate("scale-shift-converter", {**texts, "per_channel": "true"})
    p = made.unit.parameters
    rng = np.random.default_rng(5)
    a, shift = rng.integers(0, 16, (300, 3)), rng.integers(-8, 8, (300, 3))
    random = rng.integers(0, 512, 300)
    inputs = {"a": a, "shift": shift & 15, "random": random}
    got, _ = run_on(made, inputs, 300, simulator="icarus")
    layout = scalar.Layout.of(p.o)
    for codes, shifts, bits, results in zip(a, shift, random, got["p"], strict=True):
        for lane in range(3):
            number = layout.meanings[codes[lane]]
            if isinstance(number, Fraction):
                number = number / scalar.two_to(int(shifts[lane]))
            draw = int(bits) >> 3 * lane & 7
            assert results[lane] == scalar.project(number, layout, p.projection, draw)


def test_refused():
    with refused("The shift must be an integer of at most 10 bits, without fraction, not 'int12'"):
        ScaleShiftConverter(shift=parse_format("int12"))  # pyright: ignore[reportArgumentType]
    with refused("The number of lanes must be an integer from 1 to 1024, not 0"):
        ScaleShiftConverter(lanes=0)
