"""Configurations that nobody thought of: drawn parameters either make a unit that verifies, or are
refused with a sentence."""

import random
import shutil

import pytest

from bitwright.gen.catalogue import CATALOGUE, unit_class
from bitwright.gen.generate import generate
from bitwright.gen.parameters import describe
from bitwright.verif.verify import verify

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
}


def drawn(rng, unit):
    """A value for each parameter; most choices stay at their default, as users leave them."""
    texts = {}
    for parameter in describe(unit_class(unit)):
        kind = parameter.type.partition(" or '")[0]
        if kind in FORMATS:
            texts[parameter.name] = rng.choice(FORMATS[kind])
        elif parameter.choices:
            texts[parameter.name] = rng.choice([*parameter.choices, *[parameter.default] * 2])
        else:
            texts[parameter.name] = str(rng.choice(NUMBERS[parameter.name]))
        if parameter.type != kind and rng.random() < 0.25:
            texts[parameter.name] = "exact" if parameter.name == "o" else "none"
    if texts.get("rounding", "").startswith("sr"):
        texts["random_bits"] = str(rng.choice([1, 2, 8]))
    return texts


@pytest.mark.parametrize("seed", range(25))
def test_verifies_or_is_refused(seed):
    rng = random.Random(seed)
    refusals = []
    for _ in range(100):
        unit = rng.choice(list(CATALOGUE))
        texts = drawn(rng, unit)
        try:
            made = generate(unit, texts)
        except ValueError as error:
            refusals.append(str(error))
            continue
        assert all(text[0].isupper() for text in refusals), refusals
        result = verify(made, simulator=SIMULATOR, vectors=400, seed=seed)
        assert result.passed, f"seed {seed}; again: {result.command}\n{result.examples}"
        return
    pytest.fail(f"seed {seed}: a hundred configurations were refused")
