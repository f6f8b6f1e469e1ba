"""Units side by side: all do the same job, and what is said of them is what was measured."""

import numpy as np
import pytest
from amaranth.hdl import Shape
from amaranth.lib.data import ArrayLayout

from bitwright.cli import main
from bitwright.hdl.formats import parse_format
from bitwright.verif import comparison
from bitwright.verif.comparison import compare, contenders
from bitwright.verif.verify import golden

TERMS = 8


def beats_of(contender, a, b):
    """The operands as a unit takes them: a beat after the other, with bounds where it has them."""
    inputs = {}
    for name, field in contender.made.unit.i.payload.shape():
        if name in ("first", "last"):
            where = 0 if name == "first" else contender.beats - 1
            inputs[name] = (np.arange(contender.beats) == where).astype(np.int64)
        elif isinstance(field.shape, ArrayLayout):
            # The digit-serial unit recodes its `a`, so it gets the weights there.
            numbers = {"a": a, "b": b}[name]
            if contender.unit == "digit-serial-mac":
                numbers = {"a": b, "b": a}[name]
            if contender.unit == "bipolar-dot" and name == "b":
                numbers = (numbers + contender.made.unit.parameters.b.max_integer) // 2
            numbers = numbers.reshape(contender.beats, -1)
            if contender.unit == "mixed-precision-mac" and len(numbers[0]) == 2:
                # Two a word, of which the first is the low one of `a` and the high one of `b`.
                low, high = (numbers & 15).T if name == "a" else (numbers & 15).T[::-1]
                numbers = (low | high << 4)[:, None]
            inputs[name] = numbers & ((1 << Shape.cast(field.shape.elem_shape).width) - 1)
        elif name == "mode":
            inputs[name] = np.full(contender.beats, int(a.max(initial=0) < 8 > b.max(initial=0)))
    return inputs


@pytest.mark.parametrize(
    ("activations", "weights"), [("int8", "int4"), ("int8", "int8"), ("int4", "int4")]
)
def test_contenders_compute_the_same(activations, weights, rng):
    a_format, b_format = parse_format(activations), parse_format(weights)
    a = a_format.integers(rng.integers(0, 1 << a_format.width, TERMS))
    b = b_format.integers(rng.integers(0, 1 << b_format.width, TERMS))
    want = int((a * b).sum())
    compared = set()
    for contender in contenders(a_format, b_format, TERMS):
        same_coding = contender.unit != "power-of-two-dot"
        if contender.dots > 1 or not same_coding:
            continue  # more than one vector of weights, or weights as digits
        unit = contender.made.unit
        weights, sums = b, want
        if contender.unit == "bipolar-dot":
            weights = 2 * b + 1  # those that it has
            sums = int((a * weights).sum())
        (got,) = golden(contender.unit, unit, beats_of(contender, a, weights))["p"].tolist()
        if contender.unit == "mixed-precision-mac" and a_format == parse_format("int4"):
            assert unit.units[1] == -4
            sums *= 16
        assert (got - sums) % (1 << unit.sum_format.width) == 0, contender
        compared.add(contender.unit)
    assert compared >= {"dot-product", "bitplane-dot", "shift-add-dot", "digit-serial-mac"}
    assert compared >= {"bipolar-dot", "mixed-precision-mac", "bitmod-pe"}


def test_what_differs_is_said():
    notes = {c.unit: c.note for c in contenders(parse_format("int8"), parse_format("int4"), TERMS)}
    assert notes["dot-product"] == ""
    assert notes["bipolar-dot"] == "weights are the odd integers from -15 to 15"
    assert notes["mixed-precision-mac"] == "operands are held as int8"
    assert notes["bitmod-pe"] == "weights are held as int6"


FEW = ("dot-product", "bitplane-dot", "digit-serial-mac", "mac-array")


def test_figures_are_those_of_the_units(monkeypatch):
    targets, format = ("gates", "ice40"), parse_format("int2")
    found = contenders(format, format, 4)
    assert len({(c.unit, *c.parameters.items()) for c in found}) == len(found) > 15
    few = [c for c in found if c.unit in FEW]
    monkeypatch.setattr(comparison, "contenders", lambda *job: few)
    result = compare(format, format, 4, targets, simulator="icarus")
    products = [r["gate_cycles"] for r in result["rows"]]
    assert products == sorted(products)
    assert {r["unit"] for r in result["rows"]} == set(FEW)
    for row in result["rows"]:
        assert row["gate_cycles"] * row["dots"] == row["area"]["gates"] * row["cycles"]
        assert row["speed"]["delay"] > 0
        assert row["ice40"]["lut"] > 0
    (serial,) = (r for r in result["rows"] if r["parameters"].get("schedule") == "serial"
                 and r["unit"] == "bitplane-dot")  # fmt: skip
    assert serial["cycles"] == 4
    (digits,) = (r for r in result["rows"] if r["unit"] == "digit-serial-mac")
    # Of four uniform codes 00, 01, 10, 11 one has no digit, so 1 to 4 cycles, 3 on average.
    assert 2.5 < digits["cycles"] < 3.6


def test_mapping_that_takes_too_long(monkeypatch, capsys):
    few = contenders(parse_format("int2"), parse_format("int2"), 2)[:2]
    monkeypatch.setattr(comparison, "contenders", lambda *job: few)
    monkeypatch.setattr(comparison.compare, "__kwdefaults__", {
        **comparison.compare.__kwdefaults__, "lut_seconds": 0.01})  # fmt: skip
    assert main(["compare", "-a", "int2", "-b", "int2", "--terms", "2"]) == 0
    words = capsys.readouterr().out
    assert "-: mapping to LUTs took longer than 0.01 seconds" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--terms", "0"], "The number of terms must be an integer from 1 to 1024, not '0'"),
        (["-b", "int99999"], "int99999"),
        (["--target", "ice4"], "The target must be one of gates, ice40"),
    ],
)
def test_wrong_arguments(arguments, words, capsys):
    assert main(["compare", *arguments]) == 2
    assert words in capsys.readouterr().err
