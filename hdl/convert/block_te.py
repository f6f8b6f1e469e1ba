"""NVFP4 in TransformerEngine's order of binary32 operations.

A block's scale ``s`` and the factor ``f`` of its numbers are computed as written, one rounding
after the other. The lanes have neither a multiplier nor a rounder. ``x * f`` rounded to binary32 is
beyond a midpoint ``t`` of E2M1 if ``x * f`` itself is beyond ``t`` by half of binary32's last
place there, for all these midpoints are even in binary32; so it is if ``x`` is above the largest
number of its format that is not. Those numbers, one for each of the seven midpoints, are made once
a block, and a lane compares with them: codes of magnitudes are in order as the numbers are. Four
quotients by ``f`` give all seven, since the midpoints are 1, 3, 5 and 7 times powers of two.
"""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value

from ..arithmetic.maximum import maximum
from ..arithmetic.project import project
from ..arithmetic.quotient import divide
from ..arithmetic.raw import Raw, decode, either
from ..formats import FloatFormat, NegativeZero, Overflow, Projection, Rounding, Specials
from ..pipeline import wire

__all__ = ["BlockTe"]

_PRECISION = 24
_POSITIVE = FloatFormat(8, 23, 127, signed=False)
# The same precision and no ends of the range, for what is cut to a scale at once.
_UNBOUNDED = FloatFormat(10, 23, 511, signed=False, specials=Specials.NONE)
#: Midpoints of E2M1 in ascending order: an odd number, a power of two, and whether a tie goes up.
_MIDPOINTS = (
    (1, -2, False),
    (3, -2, True),
    (5, -2, False),
    (7, -2, True),
    (5, -1, False),
    (7, -1, True),
    (5, 0, False),
)


class BlockTe:
    """The parts of a block quantizer that takes the tensor's scale and rounds as TransformerEngine.

    Parameters
    ----------
    parameters
        Of the unit.
    """

    def __init__(self, parameters: Any):
        self._a: FloatFormat = parameters.a
        self._scale: FloatFormat = parameters.o.scale
        self._projection: Projection = parameters.projection
        self._structure = parameters.structure
        self._lanes = parameters.o.size * parameters.o.rows

    def scale(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The block's scale; and the tensor's, decoded."""
        magnitudes = [values["a"][n].magnitude for n in range(self._lanes)]
        positive = FloatFormat(self._a.exponent_width, self._a.mantissa_width, self._a.bias, False)
        view = positive(maximum(m, magnitudes, "largest", self._structure))
        amax = decode(m, view, "amax", normalize=True)
        tensor = values["tensor_scale"]
        encode = decode(m, _POSITIVE(tensor.magnitude), "tensor_scale", normalize=True, flush=True)
        sixth = wire(m, "a_sixth", _times_sixth(m, encode.significand))
        factor = self._rounded(
            m,
            replace(
                encode,
                significand=sixth,
                offset=encode.offset - 2 - _PRECISION,
                slack=1,
            ),
            "block_factor",
        )
        product = _product(m, amax, factor, "largest_product")
        unrounded = self._rounded(m, product, "unrounded", _UNBOUNDED)
        saturating = Projection()
        # 448 at most; what is not zero there may become zero here.
        code = project(m, unrounded, self._scale, saturating)
        valid = ~tensor.sign & tensor.exponent.any() & ~tensor.exponent.all()
        special = wire(m, "no_number", view.exponent.all() | ~valid)
        assert amax.zero is not None
        assert self._scale.nan_code is not None
        code = code & (~amax.zero).replicate(len(code))
        nan = special.replicate(len(code)) & self._scale.nan_code
        scale = wire(m, "scale", (code & (~special).replicate(len(code))) | nan)
        return {**values, "scale": scale, "encode": encode}

    def factor(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """What numbers are multiplied by, and whether all elements are zero."""
        inverse = self._rounded(m, _reciprocal(m, values["encode"], "decode"), "decode")
        scale = decode(m, self._scale(values["scale"]), "scale", normalize=True)
        product = _product(m, inverse, scale, "divisor_product")
        divisor = self._rounded(m, product, "divisor", overflow=Overflow.INF_OR_NAN)
        factor = self._rounded(m, _reciprocal(m, divisor, "factor"), "factor")
        dead = either(scale.zero, scale.nan, divisor.infinite)
        assert dead is not None
        return {**values, "factor": factor, "dead": wire(m, "no_scale", dead)}

    def codes(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The elements, and their scale."""
        thresholds = self._thresholds(m, values["factor"])
        codes = [
            self._code(m, values["a"][n], thresholds, values["dead"], f"lane{n}")
            for n in range(self._lanes)
        ]
        return {"p": Cat(*codes), "p_scale": values["scale"]}

    def _thresholds(self, m: Module, factor: Raw) -> list[Value]:
        """For each midpoint the largest magnitude that is not beyond it, as a code."""
        quotients = {odd: self._quotient(m, odd, up, factor) for odd, _, up in _MIDPOINTS[:4]}
        positive = FloatFormat(self._a.exponent_width, self._a.mantissa_width, self._a.bias, False)
        down = Projection(rounding=Rounding.RTZ)
        codes = []
        for number, (odd, power, _) in enumerate(_MIDPOINTS):
            raw = quotients[odd]
            raw = replace(raw, offset=raw.offset + power)
            code = project(m, raw, positive, down)
            codes.append(wire(m, f"threshold{number}", code))
        return codes

    def _quotient(self, m: Module, odd: int, up: bool, factor: Raw) -> Raw:
        """A midpoint's odd number, moved by half a place of binary32, over the factor; rounded
        down, to the integer below where it is one and a tie goes up."""
        bits = self._a.precision + 1
        length = odd.bit_length()
        dividend = (odd << (_PRECISION + 1 - length)) + (-1 if up else 1)
        dividend = (dividend << (bits - 2)) - up
        constant = Const(dividend, _PRECISION + bits)
        quotient, _ = divide(m, constant, factor.significand, bits, f"over{odd}")
        assert factor.exponent is not None
        return Raw(
            significand=wire(m, f"midpoint{odd}", quotient),
            exponent=wire(m, f"midpoint{odd}_exponent", -factor.exponent),
            offset=length - _PRECISION - 1 - (bits - 2) - factor.offset,
            exponent_min=-factor.exponent_max,
            exponent_max=-factor.exponent_min,
            slack=1,
        )

    def _code(self, m: Module, view: Any, thresholds: list[Value], dead: Value, name: str) -> Value:
        """The element of a number: how many midpoints it is beyond."""
        above = [
            wire(m, f"{name}_above{n}", view.magnitude > threshold)
            for n, threshold in enumerate(thresholds)
        ]
        magnitude = Cat(
            above[6] | (above[4] & ~above[5]) | (above[2] & ~above[3]) | (above[0] & ~above[1]),
            above[5] | (above[1] & ~above[3]),
            above[3],
        )
        sign = view.sign
        if self._projection.neg_zero is NegativeZero.DROP:
            sign = sign & above[0]
        return Cat(magnitude, sign) & (~dead).replicate(4)

    def _rounded(
        self,
        m: Module,
        raw: Raw,
        name: str,
        format: FloatFormat = _POSITIVE,
        overflow: Overflow = Overflow.SAT,
    ) -> Raw:
        """A positive number rounded to nearest even, decoded again."""
        projection = Projection(overflow=overflow)
        raw = replace(raw, negative=None, nan=None, infinite=None)
        code = project(m, raw, format, projection)
        return decode(m, format(wire(m, f"{name}_code", code)), name, normalize=True)


def _times_sixth(m: Module, significand: Value) -> Value:
    """Times 0xAAAAAB, binary32's significand of a sixth: twice 0x555555 and one more."""
    digit = wire(m, "times_5", significand + (significand << 2))
    byte = wire(m, "times_55", digit + (digit << 4))
    word = wire(m, "times_5555", byte + (byte << 8))
    total = wire(m, "times_555555", byte + (word << 8))
    return ((total << 1) + significand)[: 2 * _PRECISION]


def _product(m: Module, a: Raw, b: Raw, name: str) -> Raw:
    """The exact product of positive numbers."""
    assert a.exponent is not None
    assert b.exponent is not None
    return Raw(
        significand=wire(m, name, a.significand * b.significand),
        exponent=wire(m, f"{name}_exponent", a.exponent + b.exponent),
        offset=a.offset + b.offset,
        exponent_min=a.exponent_min + b.exponent_min,
        exponent_max=a.exponent_max + b.exponent_max,
        slack=1,
    )


def _reciprocal(m: Module, raw: Raw, name: str) -> Raw:
    """One over a positive number, with enough bits to round it to binary32."""
    bits = _PRECISION + 2
    dividend = Const(1 << (_PRECISION - 2 + bits), _PRECISION - 1 + bits)
    quotient, rest = divide(m, dividend, raw.significand, bits, f"{name}_quotient")
    assert raw.exponent is not None
    return Raw(
        significand=wire(m, f"{name}_unrounded", Cat(rest, quotient)),
        exponent=wire(m, f"{name}_exponent", -raw.exponent),
        offset=-raw.offset - (_PRECISION - 1 + bits),
        exponent_min=-raw.exponent_max,
        exponent_max=-raw.exponent_min,
        slack=1,
    )
