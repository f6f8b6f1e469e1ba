"""The products of two words of eight bits, each one number or two: one multiplier for all modes.

The word is two digits of four bits. One number of eight bits needs all four products of digits; two
numbers of four bits need the two crossed products only, which have one weight in the array already
(sum-together; V. Camus et al., IEEE JETCAS 9, 2019): their sum comes out without a shift. The
products of low digits are the significands' products of FP8.
"""

from amaranth.hdl import Cat, Module, Mux, Value

from ..arithmetic.adders import Adder
from ..arithmetic.align import shift_signed
from ..arithmetic.bitheap import BitHeap
from ..arithmetic.partial_products import add_products, multiply
from ..arithmetic.significands import negated_if
from ..pipeline import wire

__all__ = ["WordProducts"]

_FP8_SHIFTS = 28  # exponents 1 to 15 on either side
_FP8_WIDTH = 9 + _FP8_SHIFTS


class WordProducts:
    """Adds the products of words to a heap.

    Parameters
    ----------
    int4, fp8, fp4
        The modes that exist beside int8: a bit each, which says that it is on; None where the mode
        does not exist.
    """

    def __init__(self, int4: Value | None, fp8: Value | None, fp4: Value | None):
        self._int4, self._fp8, self._fp4 = int4, fp8, fp4

    def add_to(self, m: Module, heap: BitHeap, a: list[Value], b: list[Value]) -> Value | None:
        """The words' products, those of FP8 and of int8 in units of one, those of pairs in units of
        1/16; returned is whether an FP8 number is NaN, None where there are none."""
        pairs = _any(self._int4, self._fp4)
        short = _any(pairs, self._fp8)
        lows = [
            [self._low(m, x, f"{name}{k}") for k, x in enumerate(words)]
            for name, words in (("a", a), ("b", b))
        ]
        highs_a = [self._high(m, x, y, f"a{k}") for k, (x, y) in enumerate(zip(a, b, strict=True))]
        highs_b = [self._high(m, y, x, f"b{k}") for k, (x, y) in enumerate(zip(a, b, strict=True))]
        top_a = [
            wire(m, f"top{k}", _unless(short, x[:4])).as_signed() for k, x in enumerate(highs_a)
        ]
        top_b = [x[:4].as_signed() for x in highs_b]
        add_products(m, heap, top_a, top_b, weight=8, name="high")
        for name, highs, digits in (("ab", highs_a, lows[1]), ("ba", highs_b, lows[0])):
            self._cross(m, heap, highs, digits, name)
        low_a = [wire(m, f"bottom{k}", _unless(pairs, x)) for k, x in enumerate(lows[0])]
        if self._fp8 is None:
            add_products(m, heap, low_a, lows[1], name="low")
            return None
        for k, (x, y) in enumerate(zip(low_a, lows[1], strict=True)):
            product = multiply(m, x, y, adder=Adder.PLAIN, name=f"low{k}")
            heap.add(self._aligned(m, product, a[k], b[k], f"lane{k}"))
        nan = Cat(x[:7].all() for x in (*a, *b)).any()
        return wire(m, "nan", nan & self._fp8)

    def _low(self, m: Module, word: Value, name: str) -> Value:
        """The low digit, unsigned: a magnitude in FP4, a significand in FP8."""
        digit = word[:4]
        if self._fp4 is not None:
            digit = Mux(self._fp4, _magnitude(digit), digit)
        if self._fp8 is not None:
            digit = Cat(digit[:3], Mux(self._fp8, word[3:7].any(), digit[3]))
        return wire(m, f"{name}_low", digit)

    def _high(self, m: Module, word: Value, other: Value, name: str) -> Value:
        """The high digit, signed; in FP4 with the sign of its product with the other's low one."""
        digit: Value = word[4:8]
        if self._fp4 is not None:
            negative = wire(m, f"{name}_negative", word[7] ^ other[3])
            signed = negated_if(m, _magnitude(digit), negative, f"{name}_high")
            digit = Mux(self._fp4, signed.as_unsigned(), Cat(digit, digit[3]))
        return wire(m, f"{name}_digit", _unless(self._fp8, digit)).as_signed()

    def _cross(
        self, m: Module, heap: BitHeap, highs: list[Value], lows: list[Value], name: str
    ) -> None:
        """Signed high digits times the other words' low ones, whose top bit weighs -8 in int4."""
        for k, (x, y) in enumerate(zip(highs, lows, strict=True)):
            for place in range(4):
                row = x.as_unsigned() & y[place].replicate(len(x))
                if place == 3 and self._int4 is not None:
                    row = row ^ self._int4.replicate(len(x))
                    heap.add(self._int4, weight=4 + place)
                heap.add(wire(m, f"{name}{k}_r{place}", row).as_signed(), weight=4 + place)

    def _aligned(self, m: Module, product: Value, a: Value, b: Value, name: str) -> Value:
        """A product of low digits: in FP8 with its sign and exponent, else as it is."""
        assert self._fp8 is not None
        fp8, exponents = self._fp8, []
        for word in (a, b):
            normal = word[3:7].any()
            exponents.append(Cat(word[3] | ~normal, word[4:7]))
        # Both are at least 1: the sum is 2 more than the shift, and stands for none otherwise.
        total = wire(m, f"{name}_exponents", (exponents[0] + exponents[1])[:5])
        places = Cat(total[0] & fp8, total[1] | ~fp8, total[2:5] & fp8.replicate(3))
        amount = wire(m, f"{name}_shift", places)
        negative = wire(m, f"{name}_negative", (a[7] ^ b[7]) & fp8)
        signed = negated_if(m, product, negative, name)
        shifted = shift_signed(m, signed, amount, f"{name}_aligned", width=_FP8_WIDTH + 2)
        return shifted[2:].as_signed()


def _any(*bits: Value | None) -> Value | None:
    known = [bit for bit in bits if bit is not None]
    return Cat(known).any() if known else None


def _unless(bit: Value | None, value: Value) -> Value:
    return value if bit is None else value & (~bit).replicate(len(value))


def _magnitude(code: Value) -> Value:
    """Of e2m1fn the magnitude in halves: 0, 1, 2, 3, 4, 6, 8 or 12."""
    m, low, high = code[0], code[1], code[2]
    return Cat(m & ~high, (low & ~high) | (m & high & ~low), high & (~low | m), high & low)
