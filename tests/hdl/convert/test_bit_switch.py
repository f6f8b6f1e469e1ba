"""Bit switching against the paper's formula, and its ties."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.convert.bit_switch import BitSwitch
from bitwright.hdl.formats import IntegerFormat
from bitwright.verif.verify import golden, run_on

HALF = Fraction(1, 2)
ROUNDED = {
    "half_up": lambda x: floor(x + HALF),
    "rne": round,
    "rna": lambda x: floor(x + HALF) if x >= 0 else -floor(-x + HALF),
    "floor": floor,
}


@pytest.mark.parametrize("rounding", ROUNDED)
@pytest.mark.parametrize(("name", "least"), [("int8", 2), ("uint8", 1), ("int7n", 4), ("int5", 1)])
def test_every_number(name, least, rounding):
    made = generate("bit-switch", {"a": name, "least": str(least), "rounding": rounding})
    format = made.unit.parameters.a
    numbers = range(format.min_integer, format.max_integer + 1)
    drops = range(1 << (format.width - least).bit_length())
    pairs = [(n, d) for n in numbers for d in drops]
    mask = (1 << format.width) - 1
    inputs = {
        "a": np.array([[n & mask] for n, _ in pairs]),
        "drop": np.array([d for _, d in pairs]),
    }
    want = []
    for number, asked in pairs:
        drop = min(asked, format.width - least)
        most = (1 << format.width - drop - format.signed) - 1
        low = -most - 1 if format.signed else 0
        want.append(min(max(ROUNDED[rounding](Fraction(number, 1 << drop)), low), most) & mask)
    assert (golden("bit-switch", made.unit, inputs)["p"][:, 0] & mask).tolist() == want
    got, _ = run_on(made, inputs, len(want), simulator="icarus")
    assert got["p"][:, 0].tolist() == want


def test_the_top_code_saturates():
    """127 at four bits is 7.94, which rounds to 8: the range ends at 7."""
    inputs = {"a": np.array([[127], [119], [120], [0x80]]), "drop": np.array([4, 4, 4, 6])}
    assert golden("bit-switch", BitSwitch(), inputs)["p"][:, 0].tolist() == [7, 7, 7, -2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"least": 8}, "The least number of bits must be an integer from 1 to 7, not 8"),
        ({"a": IntegerFormat(1)}, "The operands must have at least 2 bits, not 'int1'"),
        ({"random_bits": 2}, "The random bits must be 0 with rounding 'half_up', not 2"),
        (
            {"a": IntegerFormat(8, fraction=3)},
            "The format must be an integer without fraction, not 'int8f3'",
        ),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        BitSwitch(**arguments)
