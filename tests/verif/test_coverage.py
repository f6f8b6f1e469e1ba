"""The regression's stimuli hit every bin that can occur."""

import json
from fractions import Fraction

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.gen.parameters import make_unit
from bitwright.hdl.formats import Decoded, Projection, Rounding, parse_format
from bitwright.verif.coverage import Model, coverage
from bitwright.verif.coverage.events import EVENTS, events
from bitwright.verif.coverage.possible import Reach, possible
from bitwright.verif.golden.observed import Rounded, observing
from bitwright.verif.golden.rounding import project
from bitwright.verif.regression import REGRESSION, case_name
from bitwright.verif.stimuli import EXHAUSTIVE_BITS, exhaustive_bits, stimuli
from bitwright.verif.stimuli.aimed.numbers import aimed_factors, aimed_numbers
from bitwright.verif.stimuli.classes import CLASSES, classify, existing
from bitwright.verif.verify import golden, verify

VECTORS = 16_384  # as the regression has them where not all operands are tried
FAMILIES = ("float-multiplier", "integer-multiplier", "lmul-multiplier", "packed-multiplier",
            "float-converter", "scale-shift-converter", "block-quantizer", "block-dequantizer",
            "block-scale", "requantizer", "bit-switch", "tensor-shift", "dot-product",
            "affine-dot-product", "block-dot-product", "exact-accumulator", "bipolar-dot",
            "carry-save-mac", "power-of-two-dot")  # fmt: skip


def different(cases):
    """Those of the cases whose results differ: structures, adders and stages change no bit."""
    seen = {}
    for case in cases:
        texts = {k: v for k, v in case[1].items() if k not in ("structure", "adder", "stages")}
        seen.setdefault(case_name((case[0], texts)), case)
    return list(seen.values())


CASES = different(case for case in REGRESSION if case[0] in FAMILIES)


def covered(case, vectors=VECTORS):
    name, texts = case
    unit = make_unit(name, texts)
    bits = exhaustive_bits(unit)
    everything = bits is not None and bits <= EXHAUSTIVE_BITS
    inputs, _ = stimuli(unit, None if everything else vectors)
    model = Model(name, unit, golden)
    return coverage(model, inputs, model(inputs), everything=everything)


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_regression(case):
    found = covered(case)
    assert not found.surprises
    assert found.bins == found.hit + len(found.missed)
    assert not found.missed


@pytest.mark.parametrize(("case", "few"), [
    (("float-converter", {"a": "fp32", "o": "e4m3fn"}), 64),
    (("float-multiplier", {"a": "fp16", "b": "fp16", "o": "fp16"}), 512),
    (("dot-product", {"a": "int8", "b": "int8", "beats": "4", "o": "exact"}), 2),
])  # fmt: skip
def test_stimuli_that_are_too_few_leave_bins(case, few):
    assert covered(case, few).missed


def test_a_rounder_that_errs_is_a_surprise(monkeypatch):
    """One result that is no neighbour of its exact number."""
    from bitwright.verif.golden import rounding

    sound = rounding._project_float

    def wrong(*arguments):
        codes = sound(*arguments)
        return np.where(codes == 0x21, 0x23, codes)

    monkeypatch.setattr(rounding, "_project_float", wrong)
    found = covered(("float-multiplier", {}))
    assert any("astray" in name for name in found.surprises)


CODES = {
    "e4m3fn": {
        0x00: "+zero", 0x80: "-zero", 0x01: "+least subnormal", 0x82: "-subnormal",
        0x07: "+largest subnormal", 0x08: "+least normal", 0x10: "+power of two", 0x11: "+normal",
        0x7E: "+largest", 0xFE: "-largest", 0x7F: "nan", 0xFF: "nan",
    },
    "e5m2": {0x7C: "+infinity", 0xFC: "-infinity", 0x7D: "nan", 0x7B: "+largest"},
    "e8m0fnu": {0x00: "+least normal", 0x01: "+power of two", 0xFE: "+largest", 0xFF: "nan"},
    "e2m1fn": {0x1: "+least subnormal", 0x2: "+least normal", 0x3: "+normal", 0x7: "+largest"},
    "int4": {0x8: "least", 0x9: "negative", 0xF: "negative", 0x0: "+zero", 0x7: "greatest"},
    "uint4": {0x0: "+zero", 0x1: "positive", 0xF: "greatest"},
}  # fmt: skip


@pytest.mark.parametrize("name", CODES)
def test_classes(name):
    format, codes = parse_format(name), np.array(list(CODES[name]))
    assert [CLASSES[k] for k in classify(format, codes)] == list(CODES[name].values())
    assert set(classify(format, np.arange(1 << format.width)).tolist()) == existing(format)


def exactly(number):
    """A fraction as golden models hold it."""
    number = Fraction(number)
    exponent = 1 - number.denominator.bit_length()
    none = np.zeros(1, bool)
    return Decoded(none, none, np.array([number < 0]), np.array([abs(number.numerator)]),
                   np.array([exponent]))  # fmt: skip


@pytest.mark.parametrize(("number", "event"), [
    (1, "exact"), (0, "exact"), (1 + 2**-5, "below the tie down"), (1 + 2**-4, "tie down"),
    (1 + 3 * 2**-4, "tie up"), (1 + 2**-4 + 2**-9, "above the tie up"),
    (2 - 2**-4, "tie carried into the next binade"),
    (2 - 2**-9, "above the tie carried into the next binade"),
    (2**-10, "below the least: tie down"), (2**-11, "below the least: below the tie down"),
    (2**-9 - 2**-15, "below the least: above the tie carried into the next binade"),
    (464, "beyond the largest: tie"), (449, "beyond the largest: below the tie"),
    (479, "beyond the largest: above the tie"), (480, "overflow"), (1e9, "overflow"),
])  # fmt: skip
def test_events_to_nearest_in_e4m3fn(number, event):
    target, projection = parse_format("e4m3fn"), Projection()
    for sign in (1, -1):
        numbers = exactly(sign * Fraction(number))
        codes = project(numbers, target, projection)
        found = EVENTS[events(Rounded(numbers, target, projection, codes))[0]]
        # The least number is at the end of a binade of its own.
        assert found == event or found == event.replace("carried into the next binade", "up")


@pytest.mark.parametrize("name", ["e2m1fn", "e3m2fn", "e2m3fn"])
@pytest.mark.parametrize("rounding", [r for r in Rounding if not r.stochastic])
def test_what_may_occur_is_what_occurs(name, rounding):
    """Of products of all pairs, scaled by all powers of two that matter: nothing is impossible that
    happens, and everything that may happen does."""
    target, projection = parse_format(name), Projection(rounding=rounding)
    significand = np.arange(1, 1 << 9).repeat(40)
    exponent = np.tile(np.arange(-20, 20), (1 << 9) - 1)
    from bitwright.verif.coverage.bins import bins_of, result_columns

    found = set()
    for negative in (False, True):
        none = np.zeros(len(significand), bool)
        numbers = Decoded(none, none, none | negative, significand, exponent)
        with observing() as seen:
            codes = project(numbers, target, projection)
        found |= bins_of(result_columns(target, codes, seen[-1]))
    reach = Reach(nan=False, infinite=False)
    zeros = possible(target, projection, Reach(0, 0, nan=False, infinite=False))
    assert found == possible(target, projection, reach) - zeros


def test_significands_that_there_are_not():
    """Of powers of two alone: e2m1fn's are 0.5, 1, 2 and 4, beside 0; 3 and 5 would be ties."""
    from bitwright.verif.coverage.bins import name_of

    reach = Reach(nan=False, infinite=False, significands=(1.0,))
    found = {name_of(bin) for bin in possible(parse_format("e2m1fn"), Projection(), reach)}
    exact = {"zero", "least subnormal", "least normal", "power of two"}
    within = {name for name in found if "below the least" not in name and "overflow" not in name}
    assert within == {f"{sign}{name} | exact" for name in exact for sign in "+-"}


@pytest.mark.parametrize("o", ["e4m3fn", "e2m1fn", "bf16", "int8", "e8m0fnu"])
def test_aimed_numbers_are_ties_often(o, rng):
    a, target = parse_format("fp32"), parse_format(o)
    with observing() as seen:
        project(a.decode(aimed_numbers(rng, a, target, 2000)), target, Projection())
    found = [EVENTS[k] for k in events(seen[-1])]
    assert sum("tie " in name + " " and "below the tie" not in name for name in found) > 200


def test_aimed_factors_are_ties_often(rng):
    format = parse_format("fp16")
    x, y = aimed_factors(rng, format, format, format, 4000)
    with np.errstate(over="ignore"):
        exact = [Fraction(float(p)) * Fraction(float(q))
                 for p, q in zip(format.to_float(x), format.to_float(y), strict=True)
                 if np.isfinite([p, q]).all()]  # fmt: skip
    ties = 0
    for number in map(abs, exact):
        if 2**-14 <= number < 65504:
            ulp = Fraction(2) ** (number.numerator.bit_length() - number.denominator.bit_length())
            ulp = ulp / 2 if ulp > number else ulp
            ties += (number / (ulp / 2**11)) % 2 == 1
    assert ties > 100


def test_verify_shows_it():
    result = verify(generate("packed-multiplier", {}), simulator="verilator", covered=True)
    assert result.coverage is not None
    assert result.coverage.complete
    again = json.loads(json.dumps(result.as_json()))["coverage"]
    assert again["hit"] == again["bins"] == 54
    assert again["explained"] == {"arithmetic on the formats": 1, "all operands tried": 75}
    assert str(result.coverage) == "54 of 54 bins, 76 others cannot occur"
