"""The exact sum of a vector's products, as fixed point: what every dot product is made around."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Value

from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.partial_products import add_products
from ..formats import IntegerFormat, NumberFormat, product_range
from ..formats.lmul_policy import Semantics
from .terms import LaneTerms, Product

__all__ = ["InnerSum"]

# From this width on, radix-4 Booth digits save more rows of the tree than their recoding costs:
# 13 % of the area of 32 lanes of int8, nothing at int4.
_BOOTH_WIDTH = 6


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
        if structure is Structure.AUTO:
            wide = integers and b.width >= _BOOTH_WIDTH
            structure = Structure.BOOTH if wide else Structure.COMPRESSOR
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
        if self.structure.operators:
            return [heap.sum(m, structure=self.structure, name=f"{name}tree")], flags
        return list(heap.compress(m, name=f"{name}tree")), flags
