"""The lanes of a dot product of floats: products at one common weight, and exception flags."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Value

from ..arithmetic import lmul
from ..arithmetic.align import align, align_signed, shift_by_two, significand_or_zero
from ..arithmetic.bitheap import BitHeap
from ..arithmetic.exceptions import flags_of_any
from ..arithmetic.product import multiply
from ..arithmetic.raw import Raw, read
from ..arithmetic.significands import negated_if, signed_product
from ..formats import FloatFormat, NumberFormat, product_range
from ..formats.lmul_policy import LMulSpecials, Semantics, published_offset
from ..pipeline import wire

__all__ = ["LaneTerms", "Product"]

# Up to this width a product of significands is negated before it is aligned.
_SHORT = 8


class Product(StrEnum):
    """How two elements are multiplied."""

    #: The exact product.
    EXACT = "exact"
    #: L-Mul's sum of the fields (H. Luo and W. Sun, arXiv 2410.00907).
    LMUL = "lmul"


def _holds(format: NumberFormat, what: str) -> bool:
    return isinstance(format, FloatFormat) and getattr(format, what)


def _few_weights(raw: Raw) -> bool:
    """Whether the significand, which may be 0, has one of three weights."""
    return (raw.exponent_min, raw.exponent_max) == (1, 3) and raw.zero is None


class Lane(NamedTuple):
    """A product; where it is short, its significand in two's complement instead of its own,
    which may already be ``aligned``."""

    raw: Raw
    signed: Value | None = None
    aligned: bool = False


class LaneTerms:
    """What all lanes of a dot product have in common.

    Parameters
    ----------
    a, b
        Formats of the two vectors' elements.
    product, semantics, offset
        Kind of product, and of an L-Mul product its two choices.
    flush
        Subnormal elements count as zero.
    plain
        Sums are left to synthesis.

    Attributes
    ----------
    low, high : int
        Bounds of one product, in units of ``2**lsb_exponent``.
    special : tuple of str
        The flags that can be set: ``nan``, and ``plus_infinity`` with ``minus_infinity``.
    """

    def __init__(
        self,
        a: NumberFormat,
        b: NumberFormat,
        *,
        product: Product,
        semantics: Semantics,
        offset: int,
        flush: bool,
        plain: bool,
    ):
        self._a, self._b = a, b
        self._product_kind, self._semantics, self._offset = product, semantics, offset
        self._flush, self._plain = flush, plain
        if product is Product.LMUL:
            self.high, self.lsb_exponent = self._lmul_bounds()
        else:
            # Magnitudes are summed in one's complement, as wide for either sign.
            self.high = max(abs(bound) for bound in product_range(a, b))
            self.lsb_exponent = a.lsb_exponent + b.lsb_exponent
        self.low = -self.high if a.signed or b.signed else 0
        infinities = any(_holds(side, "has_infinity") for side in (a, b))
        nan = infinities or any(_holds(side, "has_nan") for side in (a, b))
        self.special = ("nan",) * nan + ("plus_infinity", "minus_infinity") * infinities

    def _lmul_bounds(self) -> tuple[int, int]:
        """The largest L-Mul product in units of the smallest normal product's last place, and the
        exponent of that unit."""
        a, b = self._a, self._b
        for side in (a, b):
            if not isinstance(side, FloatFormat) or not side.zero:
                raise ValueError(f"L-Mul multiplies floats with a zero; '{side}' is none")
        assert isinstance(a, FloatFormat)
        assert isinstance(b, FloatFormat)
        m = max(a.mantissa_width, b.mantissa_width)
        if not -1 <= self._offset <= 1 << m:
            raise ValueError(f"The offset must be from -1 to {1 << m}, not {self._offset}")
        self._offset = published_offset(m) if self._offset < 0 else self._offset
        tops = [side.max_magnitude << (m - side.mantissa_width) for side in (a, b)]
        if self._semantics is Semantics.PACKED:
            exponent, mantissa = divmod(sum(tops) + self._offset, 1 << m)
        else:
            exponent = sum(top >> m for top in tops)
            mantissa = 2 * ((1 << m) - 1) + self._offset
        # The exponent field of a normal number is at least 1, on either side.
        high = ((1 << m) + mantissa) << (exponent - 2)
        return high, 2 - a.bias - b.bias - m

    def multiply(
        self, m: Module, a: Sequence[Any], b: Sequence[Any], name: str
    ) -> tuple[list[Lane], dict[str, Value]]:
        """Each lane's product, still a significand with an exponent, and the flags of all."""
        lanes = enumerate(zip(a, b, strict=True))
        products = [self._product(m, x, y, lane, name) for lane, (x, y) in lanes]
        found = flags_of_any(m, [product.raw for product in products], name)
        return products, {flag: found.get(flag, Const(0, 1)) for flag in self.special}

    def _product(self, m: Module, a: Any, b: Any, lane: int, name: str) -> Lane:
        if self._product_kind is Product.LMUL:
            product = lmul.lmul(
                m,
                a,
                b,
                b.number_format,
                offset=self._offset,
                semantics=self._semantics,
                specials=LMulSpecials.IEEE,
                structure=lmul.AdderStructure.PLAIN if self._plain else lmul.AdderStructure.RIPPLE,
            )
            return Lane(product)
        x = read(m, a, self._a, f"{name}a{lane}", flush=self._flush)
        y = read(m, b, self._b, f"{name}b{lane}", flush=self._flush)
        p, q = x.significand, y.significand
        term = f"{name}lane{lane}"
        signed = x.negative is not None or y.negative is not None
        if not signed or len(p) + len(q) > _SHORT:
            return Lane(multiply(m, x, y, wire(m, f"{name}product{lane}", p * q)))
        few = _few_weights(x) and _few_weights(y)
        raw = multiply(m, x, y, p * q, exponent=Const(0, 1) if few else None)
        assert raw.negative is not None
        product = signed_product(m, p, q, raw.negative, term, operators=self._plain)
        if not few:
            return Lane(raw, product)
        assert x.exponent is not None
        assert y.exponent is not None
        return Lane(raw, shift_by_two(m, product, x.exponent, y.exponent, term), aligned=True)

    def add_to(self, m: Module, heap: BitHeap, products: Sequence[Lane], name: str) -> None:
        """Put the products on a heap, in fixed point and two's complement.

        Short significands are negated before they are aligned. A long one is aligned first and
        inverted then; in one's complement it is one too small if negative: such signs are counted
        in the lowest column, and no lane needs an adder for its negation.
        """
        signs = []
        for lane, (product, signed, aligned) in enumerate(products):
            term = f"{name}lane{lane}"
            if product.negative is None:
                heap.add(align(m, product, term))
                continue
            if signed is None and len(product.significand) <= _SHORT:
                magnitude = significand_or_zero(m, product, term)
                signed = negated_if(m, magnitude, product.negative, term)
            if aligned and signed is not None:
                heap.add(signed)
            elif signed is not None:
                heap.add(align_signed(m, product, signed, term))
            else:
                magnitude = align(m, product, term)
                flipped = magnitude ^ product.negative.replicate(len(magnitude))
                inverted = wire(m, f"{term}_term", flipped)
                heap.add(Cat(inverted, product.negative).as_signed())
                signs.append(product.negative)
        if signs:
            heap.add_column(Cat(*signs))
