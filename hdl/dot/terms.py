"""The lanes of a dot product of floats: products at one common weight, and exception flags."""

from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value

from ..arithmetic import lmul
from ..arithmetic.align import align
from ..arithmetic.bitheap import BitHeap
from ..arithmetic.product import multiply
from ..arithmetic.raw import Raw, decode, decode_integer
from ..formats import FloatFormat, IntegerFormat, NumberFormat, product_range
from ..formats.lmul_policy import LMulSpecials, Semantics, published_offset
from ..pipeline import wire

__all__ = ["LaneTerms", "Product"]


class Product(StrEnum):
    """How two elements are multiplied."""

    #: The exact product.
    EXACT = "exact"
    #: L-Mul's sum of the fields (H. Luo and W. Sun, arXiv 2410.00907).
    LMUL = "lmul"


def _holds(format: NumberFormat, what: str) -> bool:
    return isinstance(format, FloatFormat) and getattr(format, what)


class LaneTerms:
    """What all lanes of a dot product have in common.

    Parameters
    ----------
    parameters
        Of the dot product: formats, lanes, kind of product, flushing.

    Attributes
    ----------
    low, high : int
        Bounds of one product, in units of ``2**lsb_exponent``.
    special : tuple of str
        The flags that can be set: ``nan``, and ``plus_infinity`` with ``minus_infinity``.
    """

    def __init__(self, parameters: Any):
        self._parameters = parameters
        a, b = parameters.a, parameters.b
        if parameters.product is Product.LMUL:
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
        p = self._parameters
        for side in (p.a, p.b):
            if not isinstance(side, FloatFormat) or not side.zero:
                raise ValueError(f"L-Mul multiplies floats with a zero; '{side}' is none")
        m = max(p.a.mantissa_width, p.b.mantissa_width)
        if not -1 <= p.offset <= 1 << m:
            raise ValueError(f"The offset must be from -1 to {1 << m}, not {p.offset}")
        self._offset = published_offset(m) if p.offset < 0 else p.offset
        tops = [side.max_magnitude << (m - side.mantissa_width) for side in (p.a, p.b)]
        if p.semantics is Semantics.PACKED:
            exponent, mantissa = divmod(sum(tops) + self._offset, 1 << m)
        else:
            exponent = sum(top >> m for top in tops)
            mantissa = 2 * ((1 << m) - 1) + self._offset
        # The exponent field of a normal number is at least 1, on either side.
        high = ((1 << m) + mantissa) << (exponent - 2)
        return high, 2 - p.a.bias - p.b.bias - m

    def multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """Each lane's product, still a significand with an exponent."""
        p = self._parameters
        products = [self._product(m, values["a"][k], values["b"][k], k) for k in range(p.lanes)]
        kept = {k: v for k, v in values.items() if k not in ("a", "b")}
        return {**kept, **self._flags(m, products), "products": products}

    def _product(self, m: Module, a: Any, b: Any, lane: int) -> Raw:
        if self._parameters.product is Product.LMUL:
            plain = self._parameters.structure.operators
            return lmul.lmul(
                m,
                a,
                b,
                b.number_format,
                offset=self._offset,
                semantics=self._parameters.semantics,
                specials=LMulSpecials.IEEE,
                structure=lmul.Structure.PLAIN if plain else lmul.Structure.RIPPLE,
            )
        x, y = self._decoded(m, a, f"a{lane}"), self._decoded(m, b, f"b{lane}")
        significand = wire(m, f"product{lane}", x.significand * y.significand)
        return multiply(m, x, y, significand)

    def _decoded(self, m: Module, element: Any, name: str) -> Raw:
        format = element.shape()
        if isinstance(format, IntegerFormat):
            return decode_integer(m, Value.cast(element), format, name)
        return decode(m, element, name, normalize=False, flush=self._parameters.projection.ftz_in)

    def _flags(self, m: Module, products: list[Raw]) -> dict[str, Value]:
        flags = {}
        if "nan" in self.special:
            lanes = [x.nan for x in products if x.nan is not None]
            flags["nan"] = wire(m, "any_nan", Cat(*lanes).any())
        if "plus_infinity" in self.special:
            zero = Const(0, 1)
            infinite = [x.infinite for x in products if x.infinite is not None]
            minus = [zero if x.negative is None else x.negative for x in products]
            infinite, minus = Cat(*infinite), Cat(*minus)
            flags["plus_infinity"] = wire(m, "any_plus_infinity", (infinite & ~minus).any())
            flags["minus_infinity"] = wire(m, "any_minus_infinity", (infinite & minus).any())
        return flags

    def align(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """Each lane's product in fixed point, in one's complement with its sign beside it."""
        terms = []
        for lane, product in enumerate(values["products"]):
            magnitude = align(m, product, f"lane{lane}")
            if product.negative is None:
                terms.append({"value": magnitude})
                continue
            flipped = magnitude ^ product.negative.replicate(len(magnitude))
            terms.append({"value": wire(m, f"lane{lane}_term", flipped), "sign": product.negative})
        kept = {k: v for k, v in values.items() if k != "products"}
        return {**kept, "terms": terms}

    def add_to(self, m: Module, heap: BitHeap, values: dict[str, Any]) -> None:
        """Put the terms on a heap. A negative one in one's complement is one too small: the signs
        are counted in the lowest column, and no lane needs an adder for its negation."""
        terms = values["terms"]
        for term in terms:
            if "sign" in term:
                heap.add(Cat(term["value"], term["sign"]).as_signed())
            else:
                heap.add(term["value"])
        signs = [term["sign"] for term in terms if "sign" in term]
        if signs:
            heap.add_column(Cat(*signs))
