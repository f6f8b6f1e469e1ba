"""Names of formats: every one reads back as the same format, and errors say what would be right."""

from itertools import product

import pytest
from expect import refused
from hypothesis import assume, given
from hypothesis import strategies as st

from bitwright.hdl.formats import (
    STANDARD_FORMATS,
    FloatFormat,
    IntegerFormat,
    Specials,
    parse_format,
)
from bitwright.hdl.formats.floats import default_bias


def described(e, m, bias, signed, specials, zero=True):
    try:
        return FloatFormat(e, m, bias, signed, specials, zero)
    except ValueError:
        return None


def reads_back(format):
    """The name gives an equal format, with the same name."""
    again = parse_format(format.name)
    return again == format and parse_format(again.name) == again


@pytest.mark.parametrize("name", STANDARD_FORMATS)
def test_standard_names(name):
    assert parse_format(name) is STANDARD_FORMATS[name]
    assert parse_format(name).name == str(parse_format(name)) == name
    assert repr(parse_format(name)) == f"<format {name}>"


@pytest.mark.parametrize("specials", Specials)
@pytest.mark.parametrize("bits", range(3, 9))
def test_names_of_all_minifloats_read_back(bits, specials):
    for signed, zero in product((True, False), (True, False)):
        for e in range(1, bits - signed + 1):
            usual = default_bias(e, specials)
            for bias in sorted({usual, 0, -3, 1, usual - 1, usual + 1, 20}):
                format = described(e, bits - signed - e, bias, signed, specials, zero)
                assert format is None or reads_back(format), format.name


@given(
    e=st.integers(1, 16), m=st.integers(0, 15), shift=st.integers(-40, 40),
    signed=st.booleans(), specials=st.sampled_from(Specials), zero=st.booleans(),
)
def test_names_of_wider_floats_read_back(e, m, shift, signed, specials, zero):
    assume(3 <= signed + e + m <= 16)
    format = described(e, m, default_bias(e, specials) + shift, signed, specials, zero)
    assume(format is not None)
    assert reads_back(format)


@given(st.integers(1, 1024), st.booleans(), st.integers(-99, 99), st.booleans())
def test_names_of_integers_read_back(width, signed, fraction, narrow):
    assume(not narrow or (signed and width > 1))
    assert reads_back(IntegerFormat(width, signed, fraction, narrow))


@pytest.mark.parametrize(("alias", "name"), [
    ("bfloat16", "bf16"), ("float16", "fp16"), ("float32", "fp32"), ("half", "fp16"),
    ("float8_e4m3fn", "e4m3fn"), ("float8_e5m2", "e5m2"), ("float8_e4m3b11fnuz", "e4m3b11fnuz"),
    ("float8_e8m0fnu", "e8m0fnu"), ("float6_e3m2fn", "e3m2fn"), ("float4_e2m1fn", "e2m1fn"),
    ("e8m7", "bf16"), ("e5m10", "fp16"), ("e4m3topnan", "e4m3fn"), ("e4m3ieee", "e4m3"),
    ("e2m1none", "e2m1fn"), ("ue5m3fn", "ue5m3"), ("ue8m0nozero", "e8m0fnu"),
    ("e4m3b7fn", "e4m3fn"), ("int8f6", "mxint8"), ("int8f0", "int8"),
])
def test_other_names(alias, name):
    assert parse_format(alias) == STANDARD_FORMATS[name]
    assert parse_format(alias).name == name


@pytest.mark.parametrize(("name", "width", "bias", "specials"), [
    ("e4m3", 8, 7, Specials.IEEE), ("e4m3fnuz", 8, 8, Specials.ZERO_NAN),
    ("e4m3ext", 8, 8, Specials.EXTENDED), ("ue4m3", 7, 7, Specials.TOP_NAN),
    ("ue4m4ext", 8, 8, Specials.EXTENDED), ("e3m2topnan", 6, 3, Specials.TOP_NAN),
    ("e3m2fn", 6, 3, Specials.NONE), ("e3m3fn", 7, 3, Specials.TOP_NAN),
    ("e5m2b-3", 8, -3, Specials.IEEE), ("binary8p4se", 8, 8, Specials.EXTENDED),
    ("binary8p4sf", 8, 8, Specials.ZERO_NAN), ("binary8p4ue", 8, 16, Specials.EXTENDED),
    ("binary8p4uf", 8, 16, Specials.TOP_NAN),
])
def test_what_a_name_means(name, width, bias, specials):
    format = parse_format(name)
    assert (format.width, format.bias, format.specials) == (width, bias, specials)


@pytest.mark.parametrize(("name", "near"), [
    ("foo", None), ("", None), ("e4m3fm", "e4m3fn"), ("bf17", "bf16"), ("E4M3FN", None),
    (" e4m3fn", "e4m3fn"), ("e4m3fn\n", "e4m3fn"), ("e4m3uz", "e4m3fnuz"), ("int٨", "int8"),
])
def test_names_of_no_grammar(name, near):
    hint = f"; did you mean {near!r}?" if near else ""
    with refused(
        "The format name must be like 'e4m3fn', 'bf16', 'int8', 'e3m2none' or 'binary8p4se', "
        f"not {name!r}{hint}"
    ):
        parse_format(name)


@pytest.mark.parametrize(("name", "why"), [
    ("int0", "The integer width must be from 1 to 1024, not 0"),
    ("uint2000", "The integer width must be from 1 to 1024, not 2000"),
    ("uint8n", "A narrow range needs a signed format of at least 2 bits"),
    ("e0m3", "The exponent width must be at least 1, not 0"),
    ("ue4m3fnuz", "NaN in the place of negative zero needs a signed format"),
    ("e8m8", "The float width must be from 3 to 16, not 17"),
    ("e1m0", "The float width must be from 3 to 16, not 2"),
    ("binary2p1se", "The float width must be from 3 to 16, not 2"),
    ("binary17p9se", "The float width must be from 3 to 16, not 17"),
    ("binary8p8se", "The precision must be from 1 to 7 here, not 8"),
    ("binary8p0uf", "The precision must be from 1 to 8 here, not 0"),
    ("e4m3fnnozero", "A format without zero must be unsigned, with one NaN or none"),
])
def test_names_of_impossible_formats(name, why):
    with refused(f"The format {name!r} does not exist: {why}"):
        parse_format(name)


def test_a_name_is_parsed_once():
    assert parse_format("e6m9") is parse_format("e6m9")
