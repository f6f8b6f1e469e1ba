"""The scale of a block from the spread of its numbers, as QuEST has it.

The rule asks for the largest k with ``2**k <= c * sd``, where sd is the standard deviation of all n
numbers. Squared and in integers, without a root or a quotient: with the numbers as integers of
``spread_bits`` bits, ``n * sum(x**2) - sum(x)**2 = V`` is ``(n * sd)**2``, and ``4**k <= c**2 *
V / n**2`` is decided by where V's leading one is and by one comparison of V, normalised, with a
constant.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.adders import add
from ..arithmetic.bitheap import BitHeap
from ..arithmetic.maximum import maximum
from ..arithmetic.shift import leading_zeros, shift_left, shift_right_sticky
from ..formats import FloatFormat, FloatView
from ..formats.scale_rules import ZeroBlock, spread_constant
from ..pipeline import wire
from .block_amax import held

__all__ = ["BlockSpread"]


class BlockSpread:
    """The spread of a block, as far as its scale depends on it.

    Parameters
    ----------
    parameters
        Of the unit: ``a``, ``o``, ``rule``, ``spread_bits``, ``structure``, ``zero_block``,
        ``scale_overflow``.
    """

    def __init__(self, parameters: Any):
        p = parameters
        self._a: FloatFormat = p.a
        self._scale: FloatFormat = p.o.scale
        self._bits: int = p.spread_bits
        self._flush: bool = p.projection.ftz_in
        self._count: int = p.o.size * p.o.rows
        self._parameters = p
        # 4**j <= c**2 * V / n**2 for V from factor * 4**j on.
        self._factor = self._count**2 / spread_constant(p.rule)

    def scale(self, m: Module, views: Sequence[FloatView], exponent: Value | None) -> Value:
        """The code of the scale, which is NaN beside NaN and infinities."""
        p, a, scale = self._parameters, self._a, self._scale
        fields = []
        for n, view in enumerate(views):
            normal = view.exponent.any()
            fields.append(wire(m, f"field{n}", Cat(view.exponent[0] | ~normal, view.exponent[1:])))
        top = maximum(m, fields, "largest", p.structure)
        numbers = [
            self._integer(m, view, field, top, f"number{n}")
            for n, (view, field) in enumerate(zip(views, fields, strict=True))
        ]
        spread = self._spread(m, numbers)
        half_log, any_spread = self._half_log(m, spread)
        code = top + half_log + (scale.bias - a.bias - self._bits + 1)
        if exponent is not None:
            code = code + exponent
        code = held(wire(m, "scale_code", code), scale, p.scale_overflow, above=True)
        none = scale.encode(1) if p.zero_block is ZeroBlock.ONE else 0
        assert scale.nan_code is not None
        code = Mux(any_spread, code, none)
        return wire(m, "scale", Mux(top.all(), scale.nan_code, code)[: scale.width])

    def _integer(
        self, m: Module, view: FloatView, field: Value, top: Value, name: str
    ) -> tuple[Value, Value]:
        """Sign and magnitude of a number in units that give the largest ``spread_bits`` bits; what
        is below is cut."""
        fraction, normal = view.mantissa, view.exponent.any()
        if self._flush:
            fraction = fraction & normal.replicate(len(fraction))
        significand = Cat(fraction, normal)
        missing = self._bits - len(significand)
        frame = Cat(Const(0, max(missing, 0)), significand)[max(-missing, 0) :]
        below = wire(m, f"{name}_below", (top - field)[: len(field)])
        places = self._bits.bit_length()
        far = below[places:].any() if len(below) > places else Const(0, 1)
        frame = frame & (~far).replicate(self._bits)
        magnitude, _ = shift_right_sticky(m, frame, below[:places], f"{name}_shifted")
        return view.sign, magnitude

    def _spread(self, m: Module, numbers: Sequence[tuple[Value, Value]]) -> Value:
        """``n * sum(x**2) - sum(x)**2``: the squares, folded, on one heap."""
        count, bits = self._count, self._bits
        total = bits + (count - 1).bit_length()
        squares, sums = BitHeap(total + bits), BitHeap(total + 1)
        for n, (sign, magnitude) in enumerate(numbers):
            for i in range(bits):
                squares.add_column(magnitude[i], weight=2 * i)
                if i:
                    pairs = wire(m, f"pairs{n}_{i}", magnitude[:i] & magnitude[i].replicate(i))
                    squares.add(pairs, weight=i + 1)
            flipped = wire(m, f"flipped{n}", magnitude ^ sign.replicate(bits))
            sums.add(Cat(flipped, sign).as_signed())
            sums.add_column(sign)
        rows = sums.compress(m, name="sum")
        signed = wire(m, "sum", add(m, *rows, name="sum_adder"))
        negative = signed[-1]
        size = wire(m, "sum_size", ((signed ^ negative.replicate(len(signed))) + negative)[:total])
        rows = squares.compress(m, name="squares")
        square_sum = wire(m, "square_sum", add(m, *rows, name="squares_adder"))
        width = (count * count * ((1 << bits) - 1) ** 2).bit_length()
        return wire(m, "spread", (square_sum * count - size * size)[:width])

    def _half_log(self, m: Module, spread: Value) -> tuple[Value, Value]:
        """The largest j with ``factor * 4**j`` at most the spread; and whether there is any."""
        width = len(spread)
        zeros, any_spread = leading_zeros(spread)
        zeros = wire(m, "spread_zeros", zeros)
        normalized = shift_left(m, spread, zeros, "spread_up", width=width)
        power = _floor_log2(self._factor)
        fraction = self._factor / Fraction(2) ** power
        least = -(-fraction * (1 << (width - 1)) // 1)  # no integer spread is between
        less = wire(m, "spread_less", normalized < int(least))
        # The leading one's place over the factor's, one less where the fraction is less; halved.
        place = wire(m, "spread_place", (width - 1 - power) - zeros - less)
        return place.as_signed() >> 1, any_spread


def _floor_log2(x: Fraction) -> int:
    k = x.numerator.bit_length() - x.denominator.bit_length()
    return k if Fraction(2) ** k <= x else k - 1
