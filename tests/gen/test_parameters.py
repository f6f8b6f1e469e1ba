"""Parameters of units: described, read from text, written as text."""

from enum import StrEnum

import pytest
from expect import refused

from bitwright.gen.catalogue import CATALOGUE, golden_module, summary, unit_class
from bitwright.gen.parameters import describe, make_unit, parameter_texts, to_text
from bitwright.hdl.formats import STANDARD_BLOCKS, NumberFormat, Projection, Rounding, parse_format

UNITS = tuple(CATALOGUE)
ROUNDINGS = ", ".join(Rounding)


@pytest.mark.parametrize("name", UNITS)
def test_every_unit_is_described(name):
    parameters = describe(unit_class(name))
    names = [p.name for p in parameters]
    assert len(names) == len(set(names))
    for p in parameters:
        assert p.type
        assert not p.choices or p.default in p.choices
        if isinstance(p.annotation, type) and issubclass(p.annotation, StrEnum):
            assert p.choices == tuple(p.annotation)
    assert names[-1] == "stages"


@pytest.mark.parametrize("name", UNITS)
def test_every_unit_says_what_it_is(name):
    unit = unit_class(name)
    assert len(summary(name)) > 10
    assert summary(name).endswith(".")
    assert unit.__doc__
    assert unit.__doc__.partition("\n")[0] == summary(name)
    assert isinstance(unit.reference, str)
    assert unit.reference
    assert golden_module(name).startswith("bitwright.verif.golden.")


@pytest.mark.parametrize("name", UNITS)
def test_defaults_make_the_unit(name):
    unit = make_unit(name, {})
    texts = parameter_texts(unit)
    assert texts == {p.name: p.default for p in describe(type(unit))}
    assert list(texts) == [p.name for p in describe(type(unit))]


def test_described_parameters_of_the_converter():
    by_name = {p.name: p for p in describe(unit_class("float-converter"))}
    assert list(by_name) == [
        "a", "o", "rounding", "overflow", "nan_to", "inf_to", "neg_zero", "ftz_in", "ftz_out",
        "random_bits", "stages",
    ]
    kinds = {n: (p.type, p.default, p.choices) for n, p in by_name.items()}
    assert kinds["a"] == ("number format", "fp32", ())
    assert kinds["rounding"] == ("choice", "rne", tuple(Rounding))
    assert kinds["ftz_in"] == ("true or false", "false", ("true", "false"))
    assert kinds["stages"] == ("integer", "0", ())


#: What some values need beside them.
WITH = {
    **{("rounding", str(r)): {"random_bits": "7"} for r in Rounding if r.stochastic},
    ("rounding", "rne"): {"semantics": "formula"},
    ("rounding", "stochastic"): {"random_bits": "7"},
    ("a", "int5"): {"o": "int3"},
    ("underflow", "wrap"): {"overflow": "wrap"},
    ("structure", "booth"): {"a": "int8", "b": "int8"},
    ("o", "e3m2fn"): {"a": "e2m2", "b": "e2m2"},
    ("semantics", "aligned"): {"fraction": "13"},
    ("scale", "e3m2fn"): {"o": "fp16"},
    ("random_source", "xorshift"): {"rounding": "sra", "random_bits": "7", "stages": "1"},
    ("random_source", "lfsr"): {"rounding": "srb", "random_bits": "7", "stages": "1"},
}
#: The same of one unit alone.
WITH_OF_UNIT = {
    ("lut-dot", "coding", "bipolar"): {"b": "uint2"},
    ("lut-dot", "coding", "ternary"): {"b": "int2n"},
    ("lut-dot", "zero", "true"): {"b": "uint2"},
    ("lut-dot", "semantics", "aligned"): {"a": "fp16"},
    ("lut-table", "semantics", "aligned"): {"a": "fp16"},
    ("mac-array", "dataflow", "rotating"): {"element": "plain"},
    ("block-quantizer", "scaler", "te"): {"o": "nvfp4"},
}
#: Choices of other units that a unit refuses, in a sentence, whatever stands beside them.
REFUSED = {
    "lut-dot": {"rounding": ("sra", "srb", "src"), "structure": ("dsp", "booth")},
    "block-scale": {"rule": ("quest", "quest_nearest")},
    "rms-statistics": {"ftz_in": ("true",), "structure": ("auto", "dsp", "booth")},
    "rms-scale": {"ftz_in": ("true",), "rounding": ("sra", "srb", "src")},
}
#: The operands of a preset of a published unit.
PRESET_OPERANDS = {
    "volta": "fp16_e8m0fnu_8",
    "turing": "fp16_e8m0fnu_8",
    "ampere": "bf16_e8m0fnu_8",
    "blackwell_fp4": "nvfp4",
    "mxdotp": "e4m3fn_e8m0fnu_8",
}
#: What the blocks of a unit need that are neither in ``WITH`` nor the defaults.
OTHER_FORMATS = {"block format": "e2m1fn_e8m0fnu_4", "integer format": "int5"}
OTHER_OF_UNIT = {"mac-array": "int5"}
IEEE_ONLY = ("block-quantizer", "block-scale")


def texts_of(name):
    """Every choice of every parameter, and another format than the default."""
    parameters = describe(unit_class(name))
    projects = "random_bits" in {p.name for p in parameters}
    for p in parameters:
        for value in p.choices:
            possible = p.name != "rounding" or projects or value in ("rne", "rtz")
            if possible and value not in REFUSED.get(name, {}).get(p.name, ()):
                yield {p.name: value}
        if "format" in p.type:
            other = OTHER_OF_UNIT.get(name, "fp16" if name in IEEE_ONLY else "e3m2fn")
            value = OTHER_FORMATS.get(p.type.removesuffix(" or 'exact'"), other)
            yield {p.name: f"u{value}" if name == "bipolar-dot" else value}
    yield {"stages": "1"}


def beside(name, key, value):
    """What the value needs beside it, as far as the unit has such parameters."""
    needed = WITH.get((key, value), {}) | WITH_OF_UNIT.get((name, key, value), {})
    if key == "preset" and value != "none":
        block = PRESET_OPERANDS.get(value, "mxfp8_e4m3")
        needed = {"a": block, "b": block, "semantics": "aligned"}
        if value == "mxdotp":
            needed |= {"semantics": "exact", "c": "fp32", "overflow": "inf_or_nan"}
    if name == "block-dot-product" and value == "booth":
        needed = {"a": "mxint8", "b": "mxint8"}
    known = {p.name: p for p in describe(unit_class(name))}
    return {k: v for k, v in needed.items() if k in known and fits(known[k], v)}


def fits(parameter, value):
    """Whether a parameter takes the value."""
    if parameter.choices:
        return value in parameter.choices
    if parameter.type == "block format":
        return "_" in value or value in STANDARD_BLOCKS
    if parameter.type.startswith("integer format"):
        return value.startswith(("int", "uint"))
    return not value.startswith("int") or parameter.type != "float format"


@pytest.mark.parametrize(("name", "texts"), [
    pytest.param(name, texts, id=f"{name}-{texts}") for name in UNITS for texts in texts_of(name)
])
def test_texts_make_the_same_unit_again(name, texts):
    ((key, value),) = texts.items()
    texts = texts | beside(name, key, value)
    unit = make_unit(name, texts)
    written = parameter_texts(unit)
    assert texts.items() <= written.items()
    assert vars(make_unit(name, written).parameters) == vars(unit.parameters)


@pytest.mark.parametrize(("name", "texts"), [
    (name, {key: value})
    for name, choices in REFUSED.items() for key, values in choices.items() for value in values
])
def test_refused_in_a_sentence(name, texts):
    (value,) = texts.values()
    with pytest.raises(ValueError, match=rf"^The [^\n]* (not|need|refuse)[^\n]*'{value}'"):
        make_unit(name, texts | beside(name, *next(iter(texts.items()))))


@pytest.mark.parametrize(("value", "text"), [
    (True, "true"), (False, "false"), (12, "12"), (Rounding.RTO, "rto"),
    (parse_format("e8m7"), "bf16"),
])
def test_values_as_text(value, text):
    assert to_text("any", value) == text


def test_no_value_as_text():
    """As a result's format, None is the unrounded result."""
    assert (to_text("o", None), to_text("c", None)) == ("exact", "none")
    unit = make_unit("dot-product", {"o": "exact", "lanes": "0x4"})
    assert (unit.parameters.o, unit.parameters.lanes) == (None, 4)
    assert make_unit("exact-accumulator", {"b": "none"}).parameters.b is None


@pytest.mark.parametrize(("text", "value"), [
    ("true", True), ("True", True), ("1", True), ("yes", True), ("no", False), ("0", False),
])
def test_spellings_of_true_and_false(text, value):
    unit = make_unit("float-converter", {"ftz_in": text})
    assert unit.parameters.projection == Projection(ftz_in=value)


def test_formats_are_read_by_any_of_their_names():
    unit = make_unit("float-converter", {"a": "float8_e4m3fn", "o": "e8m7"})
    assert isinstance(unit.parameters.a, NumberFormat)
    assert parameter_texts(unit)["a"] == "e4m3fn"
    assert parameter_texts(unit)["o"] == "bf16"


@pytest.mark.parametrize(("name", "texts", "message"), [
    ("float-convertor", {}, "The unit must be one of {units}, not 'float-convertor'"
                            "; did you mean 'float-converter'?"),
    ("zzz", {}, "The unit must be one of {units}, not 'zzz'"),
    ("float-converter", {"round": "rne"}, "A parameter of float-converter must be one of {known}, "
                                          "not 'round'; did you mean 'rounding'?"),
    ("float-converter", {"zzz": "1"},
     "A parameter of float-converter must be one of {known}, not 'zzz'"),
    ("float-converter", {"rounding": "rnee"},
     f"The parameter 'rounding' must be one of {ROUNDINGS}, not 'rnee'; did you mean 'rne'?"),
    ("float-converter", {"rounding": "RNE"},
     f"The parameter 'rounding' must be one of {ROUNDINGS}, not 'RNE'"),
    ("float-converter", {"ftz_in": "maybe"},
     "The parameter 'ftz_in' must be one of true, false, not 'maybe'"),
    ("float-converter", {"stages": "two"}, "The parameter 'stages' must be an integer, not 'two'"),
    ("float-converter", {"stages": "1.0"}, "The parameter 'stages' must be an integer, not '1.0'"),
    ("float-converter", {"a": "e4m3fm"},
     "Parameter 'a': The format name must be like 'e4m3fn', 'bf16', 'int8', 'e3m2none' or "
     "'binary8p4se', not 'e4m3fm'; did you mean 'e4m3fn'?"),
    ("float-converter", {"a": "int0"},
     "Parameter 'a': The format 'int0' does not exist: "
     "The integer width must be from 1 to 1024, not 0"),
    ("float-multiplier", {"a": "int8"}, "The parameter 'a' must be a float format, not 'int8'"),
    ("integer-multiplier", {"a": "bf16"},
     "The parameter 'a' must be an integer format, not 'bf16'"),
    ("float-converter", {"rounding": "sra"},
     "The random bits of rounding 'sra' must be from 1 to 32, not 0"),
    ("float-converter", {"random_bits": "3"},
     "The random bits must be 0 with rounding 'rne', not 3"),
    ("float-converter", {"o": "e2m1fn", "nan_to": "error"},
     "The policy nan_to must be 'nan', 'max' or 'zero', not 'error', as e2m1fn has no NaN "
     "and an operand may be one"),
    ("float-converter", {"stages": "-1"},
     "The number of pipeline stages must be an integer from 0 to 32, not -1"),
])
def test_what_is_not_allowed(name, texts, message):
    known = ", ".join(p.name for p in describe(unit_class("float-converter")))
    message = message.replace("{units}", ", ".join(UNITS)).replace("{known}", known)
    with refused(message):
        make_unit(name, texts)
