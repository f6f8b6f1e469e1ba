"""Choices of a projection: defaults, refusals, and the words they are given by."""

import pytest
from expect import refused

from bitwright.hdl.formats import (
    InfinityTo,
    NanTo,
    NegativeZero,
    Overflow,
    Projection,
    Rounding,
    parse_format,
)


def test_words():
    words = {kind: [str(choice) for choice in kind]
             for kind in (Rounding, Overflow, NanTo, InfinityTo, NegativeZero)}
    assert words == {
        Rounding: ["rne", "rna", "rtz", "ru", "rd", "rto", "sra", "srb", "src"],
        Overflow: ["sat", "inf_or_nan", "p3109_satnone", "p3109_satpropagate"],
        NanTo: ["nan", "max", "zero", "error"],
        InfinityTo: ["overflow", "inf", "max", "nan"],
        NegativeZero: ["keep", "drop"],
    }


def test_defaults():
    assert Projection() == Projection(
        rounding=Rounding.RNE, overflow=Overflow.SAT, nan_to=NanTo.NAN, inf_to=InfinityTo.OVERFLOW,
        neg_zero=NegativeZero.KEEP, ftz_in=False, ftz_out=False, random_bits=0,
    )


def test_projections_are_values():
    one = Projection(rounding=Rounding.RTZ)
    assert one == Projection(rounding=Rounding.RTZ) != Projection()
    assert hash(one) == hash(Projection(rounding=Rounding.RTZ))
    with pytest.raises(TypeError):
        Projection(Rounding.RTZ)  # by name only


@pytest.mark.parametrize("rounding", [r for r in Rounding if r.stochastic])
@pytest.mark.parametrize("bits", [0, -1, 33])
def test_stochastic_rounding_needs_random_bits(rounding, bits):
    with refused(
        f"The random bits of rounding '{rounding}' must be from 1 to 32, not {bits}"
    ):
        Projection(rounding=rounding, random_bits=bits)


@pytest.mark.parametrize("rounding", [r for r in Rounding if not r.stochastic])
def test_other_rounding_takes_no_random_bits(rounding):
    with refused(f"The random bits must be 0 with rounding '{rounding}', not 4"):
        Projection(rounding=rounding, random_bits=4)


@pytest.mark.parametrize("name", ["e2m1fn", "e3m2fn", "int8", "mxint8"])
def test_nan_to_error_refuses_a_target_without_nan(name):
    projection = Projection(nan_to=NanTo.ERROR)
    with refused(
        f"The policy nan_to must be 'nan', 'max' or 'zero', not 'error', as {name} has no NaN "
        "and an operand may be one"
    ):
        projection.check(parse_format(name), nan_possible=True)
    projection.check(parse_format(name), nan_possible=False)
    projection.check(parse_format("e4m3fn"), nan_possible=True)


@pytest.mark.parametrize(("rounding", "stops"), [
    ("rtz", (True, True)), ("ru", (False, True)), ("rd", (True, False)), ("rne", (False, False)),
    ("rna", (False, False)), ("rto", (False, False)), ("sra", (False, False)),
])
def test_directed_rounding_stops_at_the_largest_number(rounding, stops):
    """IEEE 754-2019, 7.4; in the order positive, negative."""
    assert tuple(Rounding(rounding).stops_at_max(n) for n in (False, True)) == stops
