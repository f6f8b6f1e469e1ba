"""Numbers to integer codes by the largest of their magnitudes, as in front of BitLinear."""

from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Value
from amaranth.lib.data import ArrayLayout

from ..arithmetic.constants import multiple as times
from ..arithmetic.quotient import divide
from ..arithmetic.raw import Raw, read
from ..arithmetic.shift import shift_right_sticky
from ..formats import FloatFormat, IntegerFormat, NumberFormat, parse_format
from ..pipeline import Step, wire
from ..unit import Unit, check_positive
from .magnitudes import check_ordered, has_specials, magnitude_format

__all__ = ["BitLinearQuantizer"]


class _Quotient(NamedTuple):
    """A lane's quotient with a bit below the point, to be shifted down by ``amount`` places, and
    what else its rounding looks at."""

    bits: Value
    amount: Value | None
    rest: Value
    far: Value | None
    beyond: Value
    negative: Value


class BitLinearQuantizer(Unit):
    """Quantizes numbers to integers, the largest magnitude of their vector to the largest integer.

    ``p[k] = rne(top * a[k] / largest)`` with ``top`` the largest integer of ``o``: the exact
    quotient, rounded once, ties to even. What is beyond ``largest`` becomes ``top`` or ``-top``,
    infinities and NaN by their signs, too, so that a smaller ``largest`` clips. Where ``largest``
    is zero, infinite or NaN, all codes are 0.

    This is RMSNorm and the quantization to int8 of BitLinear in one. The norm divides a token by
    its root mean square, and the largest magnitude with it, so that their quotient is that of the
    numbers as they came: codes need no square root, and no pass over the token but the one that
    finds the largest. The root mean square stands in the scale only, once a token::

        rms-statistics        a token's beats -> sum of squares (with eps), largest magnitude
        rms-scale             both            -> largest / (127 * sqrt(mean square + eps))
        bitlinear-quantizer   the beats again -> codes; code * scale is the normalized number

    Three things are rounded: the sum, in ``rms-statistics``, the scale and the codes. In programs
    the norm, the scale's reciprocal and their product are rounded first, too: of the 1,024,000
    codes of 500 normally distributed tokens in fp16, 55 differ from those of binary32 arithmetic in
    the model's order, by one, and 103 where that rounds ties away. Ties to even are those of
    ``torch.round``; the fused kernel's function of that name may take them away from zero.

    The model holds the normalized maximum to at least 1e-5. With eps of 1e-5 or less no maximum in
    fp16 is below that, but for tokens of zeros; of formats with wider exponents those below
    ``1e-5 * sqrt(eps)`` are, and they are quantized more finely here than there.

    A quotient is made bit by bit. Numbers are not aligned before: as none is beyond ``largest``,
    a significand and its exponent's distance suffice, subnormal ones included, and 8 bits of
    quotient make a code of 8 bits. Gates and FO4 of 8 lanes, for area and for speed:

    | unit | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- |
    | fp16 | 7,750 | 350 | 15,184 | 110 |
    | the same, times 127 by ``*`` | 9,633 | 354 | 19,207 | 120 |
    | bf16 | 6,039 | 332 | 13,586 | 96 |
    | int16 | 9,797 | 377 | 18,716 | 135 |
    | block-quantizer, fp16 over a scale given in fp16 | 7,838 | 358 | 15,565 | 120 |

    Given up: to multiply by a reciprocal that is made once a token. For exact codes it needs 20
    bits, and the multiplier alone 1,397 gates a lane (2,148 for speed, at 29 FO4), where all of a
    lane has 989; who is short of time has ``stages``.

    Latency is ``stages`` cycles, throughput one beat a cycle.

    Parameters
    ----------
    a
        Format of the numbers: integers, or floats whose infinities and NaN are above all numbers.
    o
        Format of the codes, signed.
    lanes
        Numbers a beat.
    stages
        Pipeline registers.

    Members
    -------
    i.a : numbers
    i.largest : the largest magnitude of their vector; a sign is not looked at
    o.p : codes
    """

    reference = (
        "R.-J. Zhu et al., Scalable MatMul-free Language Modeling (arXiv 2406.02528), fused "
        "RMSNorm and BitLinear; S. Ma et al., BitNet b1.58 (arXiv 2402.17764)"
    )

    def __init__(
        self,
        *,
        a: NumberFormat = parse_format("fp16"),
        o: IntegerFormat = IntegerFormat(8),
        lanes: int = 8,
        stages: int = 0,
    ) -> None:
        check_ordered(a)
        check_positive("number of lanes", lanes)
        if not o.signed or not 2 <= o.width <= 16:
            raise ValueError(f"The codes must be signed, of 2 to 16 bits, not '{o}'")
        self._top = o.max_integer
        self._bits = (2 * self._top).bit_length()
        inputs = {"a": ArrayLayout(a, lanes), "largest": magnitude_format(a)}
        super().__init__(inputs, {"p": ArrayLayout(o, lanes)}, stages=stages)

    def steps(self) -> list[Step]:
        return [Step("divide", self._divide), Step("round", self._round)]

    # The datapath.

    def _divide(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        largest = read(m, values["largest"], magnitude_format(p.a), "largest")
        key = self._key(values["largest"])
        dead = key == 0
        if isinstance(p.a, FloatFormat) and has_specials(p.a):
            dead = dead | (key > p.a.max_magnitude)
        quotients = []
        for lane in range(p.lanes):
            name, number = f"lane{lane}", values["a"][lane]
            raw = read(m, number, p.a, name)
            own = raw.significand if isinstance(p.a, IntegerFormat) else self._key(number)
            beyond = wire(m, f"{name}_beyond", own > key)
            quotients.append(self._quotient(m, raw, largest, beyond, name))
        return {"quotients": quotients, "dead": wire(m, "dead", dead)}

    @staticmethod
    def _key(number: Any) -> Value:
        """What is in the order of magnitudes."""
        return number.magnitude if hasattr(number, "magnitude") else Value.cast(number)

    def _quotient(
        self, m: Module, raw: Raw, largest: Raw, beyond: Value, name: str
    ) -> _Quotient:
        """A number over the largest, which it is assumed not to exceed."""
        top, bits = self._top, self._bits
        significand, divisor = raw.significand, largest.significand
        multiple = times(m, significand, top, f"{name}_multiple")
        dividend: Value = Cat(Const(0, 1), multiple)
        negative: Value = Const(0, 1) if raw.negative is None else raw.negative
        amount, far = None, None
        if raw.exponent is not None:
            assert largest.exponent is not None
            # One less than the distance of the exponents: below zero where there is none. Else the
            # divisor has a hidden bit, and half the dividend is still less than divisor and bits.
            width = len(raw.exponent)
            less = largest.exponent + (~raw.exponent.as_unsigned())[:width]
            less = wire(m, f"{name}_distance", less[: width + 1])
            apart = less[width]
            dividend = wire(m, f"{name}_dividend", Mux(apart, Cat(multiple, Const(0, 1)), dividend))
            size = min((bits - 1).bit_length(), width)
            amount = wire(m, f"{name}_amount", less[:size] & apart.replicate(size))
            if width > size:
                far = wire(m, f"{name}_far", less[size:width].any() & apart)
        quotient, rest = divide(m, dividend, divisor, bits, name)
        return _Quotient(
            wire(m, f"{name}_quotient", quotient), amount, rest, far, beyond, negative
        )

    def _round(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        codes = []
        for lane, quotient in enumerate(values["quotients"]):
            codes.append(self._code(m, quotient, values["dead"], f"lane{lane}"))
        return {"p": Cat(codes)}

    def _code(self, m: Module, quotient: _Quotient, dead: Value, name: str) -> Value:
        """Shifted to its place and rounded; one carry serves for rounding and negation."""
        placed, sticky = quotient.bits, quotient.rest
        if quotient.amount is not None:
            placed, lost = shift_right_sticky(m, placed, quotient.amount, f"{name}_placed")
            sticky = sticky | lost
        nothing = dead if quotient.far is None else dead | quotient.far
        size = len(placed) - 1
        full = wire(m, f"{name}_full", quotient.beyond & ~dead)
        up = placed[0] & (placed[1] | sticky) & ~nothing & ~full
        magnitude = (placed[1:] & (~nothing).replicate(size)) | full.replicate(size)
        flipped = Cat(magnitude, Const(0, 1)) ^ quotient.negative.replicate(size + 1)
        return wire(m, f"{name}_code", (flipped + (up ^ quotient.negative))[: size + 1])
