"""L-Mul products: mantissas are added instead of multiplied (Luo and Sun, arXiv 2410.00907).

Exponent and mantissa field side by side are nearly the logarithm of the number, as an integer
(J. N. Mitchell, IRE Trans. EC-11, 1962), and logarithms add. The constant ``2**-l`` stands for the
mantissas' product on average. One adder does it all, with the constant as its carry in wherever it
weighs one last mantissa place.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats import FloatFormat, FloatView
from ..formats.lmul_policy import LMulRounding, LMulSpecials, LMulZero, Semantics, WeightCode
from ..pipeline import wire
from .raw import Raw, decode

__all__ = ["AdderStructure", "FieldSum", "add_constant", "field_sum", "lmul", "max_exponent"]


class AdderStructure(StrEnum):
    """How sums are written. The choice changes cost, never a result bit."""

    #: One full adder a bit, carries written out: smallest in cells.
    RIPPLE = "ripple"
    #: The operator ``+``, left to synthesis: smallest where there are carry chains, and in cells
    #: larger, but faster where synthesis is for speed.
    PLAIN = "plain"


@dataclass(frozen=True)
class FieldSum:
    """Sum of two operands' fields, unsigned, with what the operands' exceptions say of it.

    Parameters
    ----------
    total
        Exponent above ``mantissa_width`` bits of mantissa, without the constant ``rest``.
    rest
        What is still to be added, with whatever re-biases the exponent.
    total_max, zero_max
        Bounds of ``total``, the latter where an operand is zero or subnormal.
    negative, zero, nan, infinite
        Bits, None where never set or not asked for.
    """

    total: Value
    rest: int
    total_max: int
    zero_max: int
    negative: Value | None
    zero: Value | None
    nan: Value | None
    infinite: Value | None


def _sum(
    m: Module, a: Value, b: Value, carry: Value | int, structure: AdderStructure, name: str
) -> Value:
    """``a + b + carry`` with all its bits."""
    width = max(len(a), len(b))
    if structure is AdderStructure.PLAIN:
        return wire(m, name, (a + b + carry)[: width + 1])
    bits: list[Value] = []
    carried: Value = Const(carry, 1) if isinstance(carry, int) else carry
    for i in range(width):
        if i < len(a) and i < len(b):
            total, carried = _full_adder(m, a[i], b[i], carried, f"{name}{i}")
        else:
            only = (a if i < len(a) else b)[i]
            total, carried = only ^ carried, wire(m, f"{name}{i}_carry", only & carried)
        bits.append(total)
    return wire(m, name, Cat(*bits, carried))


def _full_adder(m: Module, a: Value, b: Value, c: Value, name: str) -> tuple[Value, Value]:
    """Sum and carry in five two-level gates, each of a single inverting cell.

    "Kill" serves the propagate bit and the carry, "both" serves the sum and the carry: no
    exclusive-or and no majority cell is needed, and the carry passes two gates a bit.
    """
    kill = wire(m, f"{name}_kill", ~(a | b))
    propagate = wire(m, f"{name}_propagate", ~((a & b) | kill))
    not_both = wire(m, f"{name}_not_both", ~(propagate & c))
    carry = wire(m, f"{name}_carry", ~((propagate & not_both) | kill))
    return (propagate | c) & not_both, carry


def add_constant(
    m: Module, value: Value, constant: int, width: int, structure: AdderStructure, name: str
) -> Value:
    """``value + constant`` modulo ``2**width``; the constant may be negative."""
    constant &= (1 << width) - 1
    if constant == 0:
        return Cat(value[:width], Const(0, max(width - len(value), 0)))
    if structure is AdderStructure.PLAIN:
        return wire(m, name, (value + constant)[:width])
    bits: list[Value] = []
    carried: Value | None = None
    for i in range(width):
        x: Value = value[i] if i < len(value) else Const(0, 1)
        one = bool(constant >> i & 1)
        total = x if carried is None else x ^ carried
        bits.append(~total if one else total)
        if carried is not None:
            carried = wire(m, f"{name}_carry{i + 1}", x | carried if one else x & carried)
        elif one:
            carried = x
    return wire(m, name, Cat(*bits))


@dataclass(frozen=True)
class _Operands:
    """Both operands' fields with mantissas of one width, and what is known of the product."""

    a: Value
    b: Value
    b_max: int
    width: int
    negative: Value | None
    zero: Value | None
    nan: Value | None
    infinite: Value | None


def _operands(
    m: Module,
    a: FloatView,
    b: FloatView | Value,
    b_format: FloatFormat,
    zero: LMulZero,
    specials: LMulSpecials,
    weights: WeightCode | None,
) -> _Operands:
    width = max(a.number_format.mantissa_width, b_format.mantissa_width)

    def fields(view: FloatView) -> Value:
        return Cat(Const(0, width - view.number_format.mantissa_width), view.magnitude)

    zeros = [~a.exponent.any()]
    infinities: list[Value] = []
    nans: list[Value] = []
    if isinstance(b, FloatView):
        zeros.append(~b.exponent.any())
        fb, sign_b = fields(b), b.sign
        b_max = b_format.magnitude_mask << (width - b_format.mantissa_width)
        if specials is LMulSpecials.IEEE:
            raws = [decode(m, view, name, normalize=False) for view, name in ((a, "a"), (b, "b"))]
            nans = [raw.nan for raw in raws if raw.nan is not None]
            infinities = [raw.infinite for raw in raws if raw.infinite is not None]
    else:
        assert weights is not None
        fb, sign_b, b_max = b[: weights.width], b[weights.width :], (1 << weights.width) - 1
        if weights.point is None:
            zeros.append(~fb[width:].any())
    any_zero = None if zero is LMulZero.IGNORE else wire(m, "zero", Cat(*zeros).any())
    infinite = wire(m, "infinite", Cat(*infinities).any()) if infinities else None
    if infinite is not None and any_zero is not None:
        nans.append(infinite & any_zero)
    sign = Cat(a.sign, sign_b)
    return _Operands(
        a=fields(a),
        b=fb,
        b_max=b_max,
        width=width,
        negative=wire(m, "negative", sign.xor()) if len(sign) else None,
        zero=any_zero,
        nan=wire(m, "nan", Cat(*nans).any()) if nans else None,
        infinite=infinite,
    )


def _fraction(m: Module, p: _Operands, offset: int, structure: AdderStructure) -> Value:
    """``x + y + offset`` of the mantissas, with two bits above them: at most ``3 * 2**m - 2``."""
    low = _sum(m, p.a[: p.width], p.b[: p.width], offset & 1, structure, "mantissas")
    return add_constant(m, low, offset & ~1, p.width + 2, structure, "fraction")


def field_sum(
    m: Module,
    a: FloatView,
    b: FloatView | Value,
    b_format: FloatFormat,
    *,
    offset: int,
    semantics: Semantics = Semantics.PACKED,
    rounding: LMulRounding = LMulRounding.RTZ,
    zero: LMulZero = LMulZero.POSITIVE,
    specials: LMulSpecials = LMulSpecials.IGNORE,
    weights: WeightCode | None = None,
    structure: AdderStructure = AdderStructure.RIPPLE,
) -> FieldSum:
    """Fields of the product, the exponent biased by both biases.

    ``b`` is a plain value in the code ``weights``, if given, and the sum has that code's constant
    in it. By formula, the significand is normalised and rounded to ``m`` bits.
    """
    p = _operands(m, a, b, b_format, zero, specials, weights)
    found: dict[str, Any] = {
        name: getattr(p, name) for name in ("negative", "zero", "nan", "infinite")
    }
    a_max = a.number_format.magnitude_mask << (p.width - a.number_format.mantissa_width)
    if semantics is Semantics.FORMULA:
        mantissa, step = _normalised(m, _fraction(m, p, offset, structure), p.width, rounding)
        exponent = _sum(m, p.a[p.width :], p.b[p.width :], step, structure, "exponent")
        ea_max, eb_max = a_max >> p.width, p.b_max >> p.width
        most = [((e + 2) << p.width) - 1 for e in (ea_max + eb_max, max(ea_max, eb_max))]
        return FieldSum(Cat(mantissa, exponent), 0, most[0], most[1], **found)
    carry = 0 if weights else offset & 1
    total = _sum(m, p.a, p.b, carry, structure, "fields")
    most = [a_max + p.b_max + carry, (1 << p.width) - 1 + max(a_max, p.b_max) + carry]
    rest = 0 if weights else offset - carry
    return FieldSum(total, rest, most[0], most[1], **found)


def _normalised(
    m: Module, fraction: Value, width: int, rounding: LMulRounding
) -> tuple[Value, Value]:
    """The mantissa of ``1 + fraction``, halved if it is 2 or more, and whether it is.

    One bit is lost, so that there are only exact numbers and ties. Rounding up never carries out:
    the largest odd significand, ``4 * 2**m - 3``, has an even neighbour below.
    """
    step = wire(m, "step", fraction[width:].any())
    if not width:
        return Const(0, 0), step
    halved = Cat(fraction[1:width], fraction[-1])
    if rounding is LMulRounding.RNE:
        halved = wire(m, "halved", (halved + (fraction[0] & halved[0]))[:width])
    return Mux(step, halved, fraction[:width]), step


def max_exponent(
    a: FloatFormat,
    b: FloatFormat,
    offset: int,
    semantics: Semantics,
    weights: WeightCode | None = None,
) -> int:
    """The largest exponent, biased by both biases, of an unrounded product."""
    width = max(a.mantissa_width, b.mantissa_width)
    a_max = a.magnitude_mask << (width - a.mantissa_width)
    b_max = b.magnitude_mask << (width - b.mantissa_width)
    if weights:
        return (a_max + (1 << weights.width) - 1) >> width
    if semantics is Semantics.FORMULA:
        return (a_max >> width) + (b_max >> width)
    return (a_max + b_max + offset) >> width


def lmul(
    m: Module,
    a: FloatView,
    b: FloatView | Value,
    b_format: FloatFormat,
    *,
    offset: int,
    semantics: Semantics = Semantics.PACKED,
    zero: LMulZero = LMulZero.POSITIVE,
    specials: LMulSpecials = LMulSpecials.IGNORE,
    weights: WeightCode | None = None,
    structure: AdderStructure = AdderStructure.RIPPLE,
) -> Raw:
    """The unrounded product.

    ``offset`` is the constant in units of the last mantissa place, from 0 to ``2**m``. ``b`` is a
    plain value in the code ``weights``, if given. Packed, the significand has ``m + 1`` bits and
    ``slack`` 0; by formula, ``m + 2`` bits and ``slack`` 1. Where the number is zero, its
    significand and exponent are those of the fields and its sign is the product of the signs.
    """
    p = _operands(m, a, b, b_format, zero, specials, weights)
    exponent_max = max_exponent(a.number_format, b_format, offset, semantics, weights)
    if semantics is Semantics.FORMULA:
        fraction = _fraction(m, p, offset, structure)
        # 1 + fraction: the two upper bits 00, 01, 10 become 01, 10, 11.
        high = Cat(~fraction[-2], fraction[-2:].any())
        significand = Cat(fraction[:-2], high)
        exponent = _sum(m, p.a[p.width :], p.b[p.width :], 0, structure, "exponent_sum")
    else:
        carry = 0 if weights else offset & 1
        rest = 0 if weights else offset - carry
        width = exponent_max.bit_length() + p.width
        total = _sum(m, p.a, p.b, carry, structure, "fields")
        total = add_constant(m, total, rest, width, structure, "fields_total")
        significand = Cat(total[: p.width], Const(1, 1))
        exponent = total[p.width :]
    return Raw(
        significand=wire(m, "significand", significand),
        exponent=wire(m, "exponent", exponent[: exponent_max.bit_length()]),
        offset=-a.number_format.bias - b_format.bias - p.width,
        exponent_min=0 if zero is LMulZero.IGNORE else 2,
        exponent_max=exponent_max,
        slack=1 if semantics is Semantics.FORMULA else 0,
        negative=p.negative,
        nan=p.nan,
        infinite=p.infinite,
        zero=p.zero,
    )
