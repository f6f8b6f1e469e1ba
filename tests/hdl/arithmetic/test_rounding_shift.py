"""Rounded division by powers of two: every number at every shift, beyond its width, too."""

from fractions import Fraction
from math import floor

import pytest
from amaranth.hdl import Module, Signal, signed, unsigned
from simulation import settled

from bitwright.hdl.arithmetic.rounding_shift import shift_right_rounded
from bitwright.hdl.formats.requantization import ShiftRounding

HALF = Fraction(1, 2)
BITS = 7
ROUNDED = {
    "half_up": lambda x, r: floor(x + HALF),
    "rne": lambda x, r: round(x),
    "rna": lambda x, r: floor(x + HALF) if x >= 0 else -floor(-x + HALF),
    "floor": lambda x, r: floor(x),
    "stochastic": lambda x, r: floor(x) + (floor((x - floor(x)) * 4) + r >= 4),
}


@pytest.mark.parametrize("width", [3, 9])
@pytest.mark.parametrize("shape", [signed(BITS), unsigned(BITS)], ids=str)
@pytest.mark.parametrize("rounding", ROUNDED)
def test_every_number_at_every_shift(rounding, shape, width):
    m, code = Module(), Signal(BITS + 4 + 2)
    number = code[:BITS].as_signed() if shape.signed else code[:BITS]
    random = code[BITS + 4 :]
    shifted = shift_right_rounded(
        m,
        number,
        code[BITS : BITS + 4],
        ShiftRounding(rounding),
        width=width,
        name="s",
        random=random if rounding == "stochastic" else None,
    )
    outputs = [shifted.kept, shifted.above, shifted.below]
    outputs += [] if shifted.up is None else [shifted.up]
    codes = range(1 << BITS + 4 + 2 * (rounding == "stochastic"))
    for given, (kept, above, below, *up) in zip(
        codes, settled(m, code, outputs, codes), strict=True
    ):
        value = given % (1 << BITS)
        value -= (value >> (BITS - 1) & shape.signed) << BITS
        x = Fraction(value, 1 << (given >> BITS) % 16)
        assert above == (floor(x) >= 1 << width - 1)
        assert below == (floor(x) < -(1 << width - 1))
        if not (above or below):
            assert kept + sum(up) == ROUNDED[rounding](x, given >> BITS + 4)
