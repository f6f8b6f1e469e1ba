"""Integers and fixed point: ranges, two's complement, accumulator facts, refusals."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from expect import refused
from hypothesis import given
from hypothesis import strategies as st

from bitwright.hdl.formats import IntegerFormat, parse_format

ALL = [
    IntegerFormat(width, signed, fraction, narrow)
    for width in (1, 2, 3, 4, 7, 8, 12)
    for signed, narrow in ((True, False), (True, True), (False, False))
    for fraction in (0, 1, 6, -2)
    if not (narrow and width < 2)
]


def scalar(format, code):
    """Two's complement by its definition: the top bit weighs minus a half of the range."""
    bits = [code >> k & 1 for k in range(format.width)]
    value = sum(bit << k for k, bit in enumerate(bits))
    if format.signed:
        value -= bits[-1] << format.width
    return Fraction(value) / Fraction(2) ** format.fraction


@pytest.mark.parametrize("format", ALL, ids=str)
def test_every_code_by_definition(format):
    codes = np.arange(1 << format.width)
    want = [scalar(format, code) for code in codes.tolist()]
    assert [format.to_fraction(code) for code in codes.tolist()] == want
    assert format.to_float(codes).tolist() == [float(x) for x in want]
    unit = Fraction(2) ** format.lsb_exponent
    legal = sorted(want)[format.narrow :]
    assert (legal[0], legal[-1]) == (format.min_integer * unit, format.max_integer * unit)
    d = format.decode(codes)
    assert not d.nan.any()
    assert not d.infinite.any()
    assert (d.significand >= 0).all()


@pytest.mark.parametrize("format", ALL, ids=str)
def test_encode_inverts_decode(format):
    for code in range(1 << format.width):
        number = scalar(format, code)
        if format.narrow and code == 1 << (format.width - 1):
            with refused(f"{format} must hold the number exactly; it has no {number!r}"):
                format.encode(number)
        else:
            assert format.encode(number) == code


@given(st.integers(63, 1024), st.booleans(), st.integers(-40, 40), st.data())
def test_wide_integers_are_exact(width, signed, fraction, data):
    format = IntegerFormat(width, signed, fraction)
    codes = data.draw(st.lists(st.integers(0, (1 << width) - 1), min_size=1, max_size=5))
    assert [format.to_fraction(c) for c in codes] == [scalar(format, c) for c in codes]
    assert [format.encode(scalar(format, c)) for c in codes] == codes


@pytest.mark.parametrize(("width", "signed"), [(2, True), (4, True), (2, False), (4, False)])
def test_codes_as_in_ml_dtypes(width, signed):
    name = f"{'' if signed else 'u'}int{width}"
    codes = np.arange(1 << width)
    want = codes.astype(getattr(ml_dtypes, name)).astype(np.int64)
    assert (parse_format(name).integers(codes) == want).all()


@pytest.mark.parametrize(("name", "limit", "product_bits"), [
    ("int8", 128, 16), ("int8n", 127, 15), ("int4", 8, 8), ("mxint8", 128, 16),
])
def test_widths_of_exact_products(name, limit, product_bits):
    format = parse_format(name)
    assert max(abs(format.min_integer), format.max_integer) == limit
    assert (limit * limit).bit_length() + 1 == product_bits


def test_mxint8_element():
    """OCP MX v1.0: units of 2**-6, from -2 to 1.984375."""
    format = parse_format("mxint8")
    assert (format.to_fraction(0x80), format.to_fraction(0x7F)) == (-2, Fraction(127, 64))
    assert format.text(0x81) == "-1.984375"


@pytest.mark.parametrize("number", [128, -129, 0.5, Fraction(1, 3), float("nan"), float("-inf")])
def test_encode_rounds_and_clamps_nothing(number):
    with refused(f"int8 must hold the number exactly; it has no {number!r}"):
        parse_format("int8").encode(number)


@pytest.mark.parametrize(("arguments", "message"), [
    ((0,), "The integer width must be from 1 to 1024, not 0"),
    ((1025,), "The integer width must be from 1 to 1024, not 1025"),
    ((8, False, 0, True), "A narrow range needs a signed format of at least 2 bits"),
    ((1, True, 0, True), "A narrow range needs a signed format of at least 2 bits"),
])
def test_descriptions_that_do_not_fit_are_refused(arguments, message):
    with refused(message):
        IntegerFormat(*arguments)
