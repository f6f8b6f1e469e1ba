"""Configurations that nobody thought of: drawn parameters either make a unit that verifies, or are
refused with a sentence. `make nightly` draws a thousand."""

import os
import re
import shutil

import hypothesis
import pytest
from hypothesis import strategies as st

from bitwright.gen.catalogue import CATALOGUE, unit_class
from bitwright.gen.generate import generate
from bitwright.gen.parameters import describe, make_unit
from bitwright.verif.verify import verify

#: How many must verify.
CONFIGURATIONS = int(os.environ.get("BITWRIGHT_DRAWN", "25"))
SIMULATOR = "icarus" if shutil.which("iverilog") else "verilator"
FLOATS = (
    "e4m3fn",
    "e5m2",
    "e3m4",
    "e2m1fn",
    "e3m2fn",
    "e4m3fnuz",
    "binary8p3se",
    "binary6p3uf",
    "e8m0fnu",
    "ue5m3",
    "bf16",
    "fp16",
    "e6m1",
    "e1m4none",
    "e4m0ieee",
    "e2m3b9ext",
)
INTEGERS = ("int8", "uint4", "int5n", "mxint8", "int3", "uint1", "int12")
BLOCKS = (
    "e2m1fn_e8m0fnu_4",
    "e4m3fn_e8m0fnu_2",
    "mxint8_e8m0fnu_4",
    "e2m1fn_ue4m3_4",
    "e3m2fn_ue5m3_2x2",
    "bfp5sm_4",
    "dfp8_2",
    "int8n_fp16_2",
    "uint4z_fp16_2",
    "binary8p4se_binary8p1uf_2",
)
FORMATS = {
    "float format": FLOATS,
    "integer format": INTEGERS,
    "number format": FLOATS + INTEGERS,
    "block format": BLOCKS,
    "number format or block format": FLOATS + INTEGERS + BLOCKS,
}
NUMBERS = {
    "stages": (0, 0, 1, 2, 3),
    "lanes": (1, 2, 3),
    "beats": (1, 1, 2, 5),
    "offset": (-1, 0, 1),
    "random_bits": (0,),
    "seed": (0, 5),
    "multiplier_width": (1, 3, 8),
    "shift_width": (1, 3, 5),
    "left_width": (0, 0, 2),
    "scale_width": (0, 0, 1, 5),
    "extra": (3, 3, 4),
    "accumulator_bits": (24, 12),
    "least": (1, 2, 4),
    **{f"special{k}": (0, 0, 7, -6) for k in range(4)},
    "blocks": (1, 1, 2),
    "fraction": (-1, 9),
    "terms": (6, 20),
    "segment": (0, 1, 5),
    "points": (2, 4, 8),
    "signs": (0, 2),
    "width": (0, 12),
    "group": (1, 2, 4),
    "rows": (1, 2, 3),
    "columns": (1, 2),
    "depth": (1, 1, 2),
    "powers": (1, 2, 3),
    "position_bits": (1, 2, 3),
    "threshold": (1, 6, 100),
    "spread_bits": (4, 8, 12),
    "weights": (0, 1, 0x53, 0x9E37),
    "epsilon": (0, 5, 8),
    "size": (1, 2, 3),
    "top": (1, 7, 127),
}


# Sizes out of range and no numbers at all, names of nothing, words of another choice.
ILLEGAL_NUMBERS = ("-1", "0", "7", "1025", "65536", "1" + 20 * "0", "1.5", "", "two", "0x")
ILLEGAL_WORDS = ("", "nonsense", "int0", "uint", "e0m3", "e4m", "mxfp5", "exact", "none", "8")


@st.composite
def configurations(draw, illegal=False):
    """A unit, and a value for each parameter; most choices stay at their default, as users leave
    them. With ``illegal`` at least one value is of a kind that must often be refused."""
    unit = draw(st.sampled_from(list(CATALOGUE)))
    texts = {}
    parameters = describe(unit_class(unit))
    for parameter in parameters:
        kind = parameter.type.partition(" or '")[0]
        if kind in FORMATS:
            values = FORMATS[kind]
        elif parameter.choices:
            values = (*[parameter.default] * 2, *parameter.choices)
        else:
            values = tuple(str(number) for number in NUMBERS[parameter.name])
        texts[parameter.name] = draw(st.sampled_from(values))
        if parameter.type != kind and draw(st.integers(0, 3)) == 0:
            texts[parameter.name] = "exact" if parameter.name == "o" else "none"
    if texts.get("rounding", "").startswith("sr"):
        texts["random_bits"] = draw(st.sampled_from(("1", "2", "8")))
    if illegal:
        wrong = draw(st.sampled_from(parameters))
        number = wrong.name in NUMBERS
        values = ILLEGAL_NUMBERS if number else ILLEGAL_WORDS
        texts[wrong.name] = draw(st.sampled_from(values))
        if draw(st.integers(0, 9)) == 0:
            texts[draw(st.sampled_from(("lane", "a ", "", "stagess")))] = "1"
    return unit, texts


def refusal(error):
    """The message: one sentence that begins with a capital letter and says what is wrong."""
    message = str(error)
    assert type(error) is ValueError, repr(error)
    assert message[0].isupper(), message
    assert "\n" not in message
    assert not message.endswith("."), message
    assert not re.search(r"[.!?] [A-Z]", message), message
    assert re.search(r"must|need|cannot|no such|not ", message), message
    return message


def drawn(strategy, examples, part, body):
    """Run ``body`` on so many configurations, others for each part."""
    settings = hypothesis.settings(
        max_examples=examples,
        derandomize=False,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.seed(part)(settings(hypothesis.given(strategy)(body)))()


@pytest.mark.parametrize("part", range(-(-CONFIGURATIONS // 5)))
def test_verifies_or_is_refused(part):
    def body(configuration):
        unit, texts = configuration
        try:
            made = generate(unit, texts)
        except ValueError as error:
            refusal(error)
            hypothesis.reject()
        result = verify(made, simulator=SIMULATOR, vectors=400, seed=part)
        assert result.passed, f"again: {result.command}\n{result.examples}"

    drawn(configurations(), 5, part, body)


@pytest.mark.parametrize("part", range(-(-CONFIGURATIONS // 25)))
def test_illegal_ones_are_refused_in_one_sentence(part):
    messages = set()

    def body(configuration):
        unit, texts = configuration
        try:
            make_unit(unit, texts)
        except ValueError as error:
            messages.add(refusal(error))

    drawn(configurations(illegal=True), 250, part, body)
    assert len(messages) > 50
