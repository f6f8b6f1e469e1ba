"""The exact sum of a vector's products, as fixed point: what every dot product is made around."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Const, Module, Value

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.partial_products import add_products, multiply
from ..arithmetic.rows import add_rows, rows_of
from ..formats import IntegerFormat, NumberFormat, product_range
from ..formats.lmul_policy import Semantics
from ..pipeline import wire
from .terms import LaneTerms, Product

__all__ = ["InnerSum"]


class InnerSum:
    """Sums the products of pairs of elements exactly, in carry-save form.

    Parameters
    ----------
    a, b
        Formats of the two vectors' elements, integers or floats.
    count
        The most products that are summed, over all lanes and beats: the sum is sized for them.
    product, semantics, offset
        Kind of product, and of an L-Mul product its two choices.
    flush
        Subnormal elements count as zero.
    structure
        As in :class:`DotProduct`; ``auto`` chooses.

    Attributes
    ----------
    sum_format : IntegerFormat
        Fixed point that holds every sum.
    special : tuple of str
        The flags that can be set: ``nan``, and ``plus_infinity`` with ``minus_infinity``.
    structure : Structure
        The one chosen.

    Raises:
        ValueError: if the structure or the offset does not suit the formats.
    """

    def __init__(
        self,
        a: NumberFormat,
        b: NumberFormat,
        *,
        count: int,
        product: Product = Product.EXACT,
        semantics: Semantics = Semantics.PACKED,
        offset: int = -1,
        flush: bool = False,
        structure: Structure = Structure.AUTO,
    ):
        integers = isinstance(a, IntegerFormat) and isinstance(b, IntegerFormat)
        if structure is Structure.BOOTH and not integers:
            raise ValueError("With floats the structure must be compressor or plain, not 'booth'")
        if integers:
            structure = structure.for_product(a.width, b.width, b_signed=b.signed)
        elif structure is Structure.AUTO:
            structure = Structure.COMPRESSOR
        self.structure = structure
        self._terms = None
        if integers and product is Product.EXACT:
            low, high = product_range(a, b)
            lsb = a.lsb_exponent + b.lsb_exponent
            self.special: tuple[str, ...] = ()
        else:
            self._terms = LaneTerms(
                a,
                b,
                product=product,
                semantics=semantics,
                offset=offset,
                flush=flush,
                plain=structure.operators,
            )
            low, high, lsb = self._terms.low, self._terms.high, self._terms.lsb_exponent
            self.special = self._terms.special
        self.sum_format = IntegerFormat.holding(min(low, 0) * count, high * count, lsb)

    def rows(
        self, m: Module, a: Sequence[Any], b: Sequence[Any], name: str = ""
    ) -> tuple[list[Value], dict[str, Value]]:
        """The sum of ``a[k] * b[k]`` as one row or two, whose sum modulo ``2**width`` of
        :attr:`sum_format` it is, and the flags in :attr:`special`.

        Where a flag is set, the rows mean nothing. ``name`` is a prefix of the wires' names, for
        more than one sum in a unit.
        """
        heap, flags = BitHeap(self.sum_format.width), {}
        if self._terms:
            products, flags = self._terms.multiply(m, a, b, name)
            self._terms.add_to(m, heap, products, name)
        else:
            add_products(
                m,
                heap,
                [Value.cast(x) for x in a],
                [Value.cast(x) for x in b],
                structure=self.structure,
                name=f"{name}product",
            )
        return rows_of(m, heap, structure=self.structure, name=f"{name}tree"), flags

    def total(
        self,
        m: Module,
        a: Sequence[Any],
        b: Sequence[Any],
        *,
        adder: Adder = Adder.SKLANSKY,
        name: str = "",
    ) -> tuple[Value, dict[str, Value]]:
        """The sum itself, signed as :attr:`sum_format` is, and the flags."""
        rows, flags = self.rows(m, a, b, name)
        width, structure = self.sum_format.width, self.structure
        total = add_rows(m, rows, width, structure=structure, adder=adder, name=f"{name}inner")
        signed = self.sum_format.signed
        return wire(m, f"{name}total", total.as_signed() if signed else total), flags

    def scaled(
        self, m: Module, magnitude: Value, scale: Value, *, adder: Adder, name: str
    ) -> Value:
        """A sum's magnitude times the significand of a scale, which may be a constant 1."""
        if isinstance(scale, Const):
            return magnitude
        structure = self.structure if self.structure.operators else Structure.COMPRESSOR
        product = multiply(m, magnitude, scale, structure=structure, adder=adder, name=name)
        return wire(m, f"{name}_scaled", product)
