"""The product of two significands.

Where their top bits are known to be ones it is ``2**2M + (x + y) * 2**M + x * y`` with fractions x
and y of M bits. For few bits every column is written out here, because several of its sums can take
fewer values than an adder has outputs for; larger products go on a bit heap.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from ..pipeline import wire
from .adders import Adder
from .bitheap import Structure
from .partial_products import marks, multiply

__all__ = ["multiply_significands", "negated_if", "signed_product"]

# Fraction bits up to which the columns are written out.
_FRACTION = 3


def multiply_significands(
    m: Module, a: Value, b: Value, structure: Structure, *, normalized: bool
) -> Value:
    """``a * b`` of two unsigned values, as wide as both together.

    ``normalized`` says that both have their top bits set.
    """
    width = max(len(a), len(b)) - 1
    if structure is Structure.AUTO and normalized and 1 <= width <= _FRACTION:
        x, y = (Cat(Const(0, _FRACTION + 1 - len(s)), s[:-1]) for s in (a, b))
        product = _short_product(m, x, y)[2 * _FRACTION + 2 - len(a) - len(b) :]
    elif structure.operators or width < 1:
        product = Signal(len(a) + len(b), name="significand_by_operator", attrs=marks(structure))
        m.d.comb += product.eq(a * b)
    else:
        if structure is Structure.AUTO:
            structure = Structure.COMPRESSOR
        product = multiply(m, a, b, structure=structure, adder=Adder.PLAIN, name="significands")
    return wire(m, "significand_product", product)


def _short_product(m: Module, x: Value, y: Value) -> Value:
    """``(8 + x) * (8 + y)`` of two 3-bit fractions, column by column, weights in the names."""
    # The lower two bits' own product: its carries exclude each other, so gates do for half adders.
    low, mid = wire(m, "x0y0", x[0] & y[0]), wire(m, "x1y1", x[1] & y[1])
    q1 = (x[0] & y[1]) ^ (x[1] & y[0])
    q2, q3 = mid & ~low, wire(m, "low_product3", mid & low)
    # The top bits: 64 + 32 * (x2 + y2) + 16 * x2 * y2 is 64 * (1 + top) + 32 * either + 16 * top.
    top = wire(m, "x2y2", x[2] & y[2])
    half = wire(m, "fraction_half_sum", x ^ y)

    p2, carry3 = _full_add(m, "column2", x[2] & y[0], x[0] & y[2], q2)
    s3, carry4 = _full_add(m, "column3_cross", x[2] & y[1], x[1] & y[2], carry3)
    # x0 + y0 is half0 + 2 * low: low goes to the next column.
    p3, also4 = _full_add(m, "column3", half[0], s3, q3)
    # Where x1 and y1 are both set the carry of their sum stands two columns up as `mid`.
    s4a, c5a = top ^ carry4, top & carry4
    s4b, c5b = low ^ half[1], low & half[1]
    p4, c5c = _full_add(m, "column4", s4a, s4b, also4)
    # mid needs x1 = y1, c5b needs them to differ; either top bit excludes both: ORs do for adders.
    p5, carry6 = _full_add(m, "column5", mid | c5b, half[2] | c5a, c5c)
    return Cat(low, q1, p2, p3, p4, p5, ~(top ^ carry6), top | carry6)


def _full_add(m: Module, name: str, a: Value, b: Value, c: Value) -> tuple[Value, Value]:
    """Sum and carry; ``c`` is the bit that comes last."""
    half = wire(m, f"{name}_half", a ^ b)
    return half ^ c, wire(m, f"{name}_carry", (a & b) | (half & c))


def signed_product(
    m: Module, a: Value, b: Value, negative: Value, name: str, *, operators: bool = False
) -> Value:
    """``-a * b`` where ``negative``, else ``a * b``, for unsigned values of a few bits.

    Of two bits each, the bits are written out: a third smaller than the product and its negation.
    ``operators`` leaves longer products to synthesis.
    """
    if len(a) == len(b) == 2:
        return _signed_2_by_2(m, a, b, negative, name)
    if operators:
        product: Value = wire(m, f"{name}_product", a * b)
    else:
        product = multiply(m, a, b, adder=Adder.PLAIN, name=f"{name}_product")
    return negated_if(m, product, negative, name)


def negated_if(m: Module, magnitude: Value, negative: Value, name: str) -> Value:
    """A value in two's complement, one bit wider: a bit is inverted if a bit below it is set."""
    below: list[Value] = [Const(0, 1)]
    for place, bit in enumerate(magnitude):
        below.append(wire(m, f"{name}_from{place}", below[-1] | bit) if place else bit)
    signs = wire(m, f"{name}_signs", Cat(below) & negative.replicate(len(below)))
    return wire(m, f"{name}_signed", Cat(magnitude, Const(0, 1)) ^ signs).as_signed()


def _signed_2_by_2(m: Module, a: Value, b: Value, negative: Value, name: str) -> Value:
    """The magnitudes are 0, 1, 2, 3, 4, 6 and 9: the two middle bit products meet only in 9."""
    low, high = wire(m, f"{name}_low", a[0] & b[0]), wire(m, f"{name}_high", a[1] & b[1])
    left, right = wire(m, f"{name}_left", a[1] & b[0]), wire(m, f"{name}_right", a[0] & b[1])
    sign = wire(m, f"{name}_sign", negative & (high | left | right | low))
    # An odd magnitude inverts all above; an even one is 2 times left or right, and 4 times high.
    bit1 = left ^ right ^ (negative & low)
    bit2 = Mux(low, negative, high ^ (negative & (left | right)))
    bit3 = sign ^ (high & low)
    return wire(m, f"{name}_signed", Cat(low, bit1, bit2, bit3, sign)).as_signed()
