"""How far the exact results of a unit can reach, from the formats of its operands."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...hdl.formats import BlockFormat, FloatFormat, IntegerFormat, NumberFormat, product_range
from ...hdl.formats.dot_semantics import DotSemantics
from .aligned import aligned_reaches
from .limits import has_infinity, has_nan, longest, of_one_scale, of_products, one_scale
from .possible import Reach
from .quantized import quotient_reach

__all__ = ["reach_of"]


def reach_of(name: str, parameters: Any) -> list[Reach]:
    """What arithmetic on formats says of a unit by its catalogue name; nothing for most units."""
    if getattr(parameters, "semantics", None) is DotSemantics.ALIGNED:
        return aligned_reaches(parameters)
    return [_KNOWN.get(name, lambda p: Reach())(parameters)]


def _invalid(a: NumberFormat, b: NumberFormat) -> bool:
    """Whether a product may be an infinity times a zero."""
    return any(
        has_infinity(x) and (isinstance(y, IntegerFormat) or getattr(y, "zero", True))
        for x, y in ((a, b), (b, a))
    )


def _number(p: Any) -> Reach:
    a = p.a
    return Reach(
        a.min_integer,
        a.max_integer,
        a.lsb_exponent,
        longest(a),
        isinstance(a, FloatFormat) and a.has_negative_zero,
        has_nan(a),
        has_infinity(a),
    )


def _negative_zero(x: NumberFormat, y: NumberFormat) -> bool:
    """Whether a product with ``x`` negative and ``y`` zero, or ``x`` minus zero, may be."""
    if isinstance(x, FloatFormat) and x.has_negative_zero:
        return True
    return x.signed and isinstance(y, FloatFormat) and y.zero


def _product(p: Any) -> Reach:
    return _product_of(p.a, p.b)


def _product_of(a: NumberFormat, b: NumberFormat) -> Reach:
    return Reach(
        *product_range(a, b),
        a.lsb_exponent + b.lsb_exponent,
        longest(a) * longest(b),
        any(_negative_zero(x, y) for x, y in ((a, b), (b, a))),
        has_nan(a, b) or _invalid(a, b),
        has_infinity(a, b),
    )


def _sum(count: Callable[[Any], int]) -> Callable[[Any], Reach]:
    def reach(p: Any) -> Reach:
        if isinstance(p.a, BlockFormat):
            return _block_sum(p, count(p))
        if getattr(p, "product", "exact") != "exact":
            return _approximate_sum(p, count(p))
        one = _product_of(p.a, p.b) if getattr(p, "b", None) else _number(p)
        assert one.low is not None
        assert one.high is not None
        terms = count(p)
        return Reach(
            one.low * terms,
            one.high * terms,
            one.lsb_exponent,
            negative_zero=False,
            # Infinities of both signs are no number, either.
            nan=one.nan or (one.infinite and terms > 1),
            infinite=one.infinite,
        )

    return reach


def _approximate_sum(p: Any, terms: int) -> Reach:
    """Of L-Mul's products: two significands added, at the sum of two exponents."""
    m = max(p.a.mantissa_width, p.b.mantissa_width)
    lsb = 2 - p.a.bias - p.b.bias - m
    top = terms << (m + 2 + p.a.max_exponent_field + p.b.max_exponent_field - 2)
    signed = p.a.signed or p.b.signed
    return Reach(
        -top if signed else 0,
        top,
        lsb,
        negative_zero=False,
        nan=has_nan(p.a, p.b) or has_infinity(p.a, p.b),
        infinite=has_infinity(p.a, p.b),
    )


def _block_sum(p: Any, blocks: int) -> Reach:
    """Of blocks: elements and scales multiplied, with an addend where there is one."""
    a, b, c = p.a, p.b, getattr(p, "c", None)
    lanes = blocks * max(a.size, b.size)
    if getattr(p, "semantics", DotSemantics.EXACT) is not DotSemantics.EXACT:
        return Reach()
    parts = [a.difference, b.difference, a.scale, b.scale]
    low, high = product_range(parts[0], parts[1])
    elements = max(abs(low), high)
    scale = product_range(parts[2], parts[3])
    top = elements * max(abs(scale[0]), abs(scale[1])) * lanes
    lsb = sum(x.lsb_exponent for x in parts)
    signed = any(x.signed for x in parts)
    if c is not None:
        signed = True
        down = max(lsb - c.lsb_exponent, 0)
        top, lsb = top << down, lsb - down
        top += c.max_integer << max(c.lsb_exponent - lsb, 0)
        parts.append(c)
    infinite = has_infinity(*parts)
    return Reach(
        -top if signed else 0,
        top,
        lsb,
        one_scale(p, blocks),
        negative_zero=False,
        nan=has_nan(*parts) or infinite,
        infinite=infinite,
        significands=of_one_scale(p, blocks),
    )


def _ternary(p: Any) -> Reach:
    return _weighted(p, 1, 0)


def _shift_add(p: Any) -> Reach:
    most = max(p.b.max_integer, -p.b.min_integer)
    if p.zero:
        most = p.b.max_integer - p.b.min_integer
    return _weighted(p, most, p.b.lsb_exponent)


def _tables(p: Any) -> Reach:
    known = not (p.table_int8 or p.shared_precompute)
    return _weighted(p, 2 << p.b.width, 0) if known else Reach()


def _weighted(p: Any, most: int, lsb: int) -> Reach:
    """Sums of numbers times integers up to ``most``, of either sign."""
    top = max(p.a.max_integer, -p.a.min_integer) * most * p.lanes * p.beats
    scale = getattr(p, "scale", None)
    if scale is not None:
        top, lsb = top * scale.max_integer, lsb + scale.lsb_exponent
    formats = [p.a] if scale is None else [p.a, scale]
    infinite = has_infinity(*formats)
    lsb += p.a.lsb_exponent
    return Reach(-top, top, lsb, negative_zero=False, nan=has_nan(*formats) or infinite,
                 infinite=infinite)  # fmt: skip


def _dequantized(p: Any) -> Reach:
    block = p.a
    element = block.difference
    reach = _product_of(element, block.scale)
    return replace(reach, significands=of_products(element, block.scale))


_KNOWN: dict[str, Callable[[Any], Reach]] = {
    "float-converter": _number,
    "float-multiplier": _product,
    "integer-multiplier": _product,
    "packed-multiplier": _product,
    "dot-product": _sum(lambda p: p.lanes * p.beats),
    "carry-save-mac": _sum(lambda p: p.lanes * p.beats),
    "exact-accumulator": _sum(lambda p: p.terms),
    "block-dequantizer": _dequantized,
    "block-quantizer": quotient_reach,
    "block-dot-product": lambda p: _block_sum(p, p.blocks),
    "ternary-dot": _ternary,
    "shift-add-dot": _shift_add,
    "lut-dot": _tables,
}
