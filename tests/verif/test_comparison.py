"""Units side by side: all do the same job, and what is said of them is what was measured."""

import numpy as np
import pytest
from amaranth.lib.data import ArrayLayout

from bitwright.cli import main
from bitwright.hdl.formats import parse_format
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
            inputs[name] = numbers.reshape(contender.beats, field.shape.length)
    return inputs


@pytest.mark.parametrize("weights", ["int4", "int8"])
def test_contenders_compute_the_same(weights, rng):
    a_format, b_format = parse_format("int8"), parse_format(weights)
    a = rng.integers(0, 1 << 8, TERMS)
    b = rng.integers(0, 1 << b_format.width, TERMS)
    want = int((a_format.integers(a) * b_format.integers(b)).sum())
    compared = set()
    for contender in contenders(a_format, b_format, TERMS):
        same_coding = contender.unit != "power-of-two-dot"
        if contender.dots > 1 or not same_coding:
            continue  # more than one vector of weights, or weights as digits
        unit = contender.made.unit
        (got,) = golden(contender.unit, unit, beats_of(contender, a, b))["p"].tolist()
        assert (got - want) % (1 << unit.sum_format.width) == 0, contender
        compared.add(contender.unit)
    assert compared >= {"dot-product", "bitplane-dot", "shift-add-dot", "digit-serial-mac"}


def test_figures_are_those_of_the_units():
    result = compare(parse_format("int2"), parse_format("int2"), 4, simulator="icarus")
    rows = {(r["unit"], *r["parameters"].items()): r for r in result["rows"]}
    products = [r["gate_cycles"] for r in result["rows"]]
    assert products == sorted(products)
    assert len(rows) == len(result["rows"]) > 8
    for row in result["rows"]:
        assert row["gate_cycles"] * row["dots"] == row["area"]["gates"] * row["cycles"]
        assert row["speed"]["delay"] > 0
    (serial,) = (r for r in result["rows"] if r["parameters"].get("schedule") == "serial"
                 and r["unit"] == "bitplane-dot")  # fmt: skip
    assert serial["cycles"] == 4
    (digits,) = (r for r in result["rows"] if r["unit"] == "digit-serial-mac")
    # Of four uniform codes 00, 01, 10, 11 one has no digit, so 1 to 4 cycles, 3 on average.
    assert 2.5 < digits["cycles"] < 3.6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--terms", "0"], "The number of terms must be an integer from 1 to 1024, not '0'"),
        (["-b", "int99999"], "int99999"),
        (["--target", "ice4"], "The targets must be one of gates, ice40"),
    ],
)
def test_wrong_arguments(arguments, words, capsys):
    assert main(["compare", *arguments]) == 2
    assert words in capsys.readouterr().err
