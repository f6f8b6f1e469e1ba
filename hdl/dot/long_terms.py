"""One beat of numbers or products on its way into a long accumulator: rows as wide as the sum."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib.data import ArrayLayout

from ..arithmetic.bitheap import BitHeap
from ..arithmetic.exceptions import flags_of_any
from ..arithmetic.product import multiply
from ..arithmetic.raw import Raw, read
from ..formats import IntegerFormat, NumberFormat
from ..pipeline import wire
from .fixed_terms import fixed_row
from .inner_sum import InnerSum

__all__ = ["LongTerms", "rows_of"]

_ONE = IntegerFormat(1, signed=False)
# Up to this width a plain shifter a lane keeps its rows short, which the lanes' tree thanks for.
_LONG = 64


def rows_of(
    m: Module, terms: Sequence[Raw], one: IntegerFormat, total: IntegerFormat
) -> tuple[list[Value], Value]:
    """One row or two and a carry, whose sum modulo ``2**width`` of ``total`` is that of the terms.

    Args:
        one: fixed point that holds each term, in units of ``total``.
    """
    # A single term is a row by itself; several go on a tree, where short rows count.
    width = total.width if len(terms) == 1 else one.width
    rows = [fixed_row(m, x, width, total.lsb_exponent, f"term{k}") for k, x in enumerate(terms)]
    signs = Cat(*(x.negative for x in terms if x.negative is not None))
    if len(terms) == 1:
        return rows, signs if len(signs) else Const(0, 1)
    heap = BitHeap(total.width)
    for row in rows:
        heap.add(row.as_signed() if one.signed else row)
    if len(signs):
        heap.add_column(signs)
    return list(heap.compress(m)), Const(0, 1)


class LongTerms:
    """The terms of a beat: products, or numbers.

    Parameters
    ----------
    a, b
        Formats of the factors; without ``b`` the terms are the numbers of ``a``.
    lanes
        Terms a beat.
    terms
        The most terms of one sum.
    flush
        Subnormal numbers count as zero.

    Attributes
    ----------
    fields : dict
        Input fields and their shapes.
    a_beat : int
        Terms a beat.
    sum_format : IntegerFormat
        Fixed point that holds every sum.
    special : tuple of str
        The flags that can be set: ``nan``, and ``plus_infinity`` with ``minus_infinity``.
    """

    def __init__(
        self, a: NumberFormat, b: NumberFormat | None, *, lanes: int, terms: int, flush: bool
    ):
        self._a, self._b, self.a_beat, self._flush = a, b, lanes, flush
        self.fields: dict[str, Any] = {"a": ArrayLayout(a, lanes)}
        if b is not None:
            self.fields["b"] = ArrayLayout(b, lanes)
        self._inner = InnerSum(a, b or _ONE, count=terms, flush=flush)
        self.sum_format, self.special = self._inner.sum_format, self._inner.special
        self._one = InnerSum(a, b or _ONE, count=1).sum_format
        integers = all(isinstance(x, IntegerFormat) for x in (a, b or _ONE))
        self._shifted = not integers and (lanes == 1 or self._one.width > _LONG)

    def rows(
        self, m: Module, values: dict[str, Any]
    ) -> tuple[list[Value], Value, dict[str, Value]]:
        """Rows and carry, whose sum modulo ``2**width`` is that of the terms, and the flags."""
        a, b = values["a"], values.get("b")
        lanes = range(self.a_beat)
        if not self._shifted:
            ones = [_ONE(Const(1, 1)) for _ in lanes]
            factors = ones if b is None else [b[k] for k in lanes]
            rows, flags = self._inner.rows(m, [a[k] for k in lanes], factors)
            return rows, Const(0, 1), flags
        terms = [self._raw(m, a, b, k) for k in lanes]
        rows, carry = rows_of(m, terms, self._one, self.sum_format)
        found = flags_of_any(m, terms)
        return rows, carry, {flag: found.get(flag, Const(0, 1)) for flag in self.special}

    def _raw(self, m: Module, a: Any, b: Any | None, lane: int) -> Raw:
        x = read(m, a[lane], self._a, f"a{lane}", flush=self._flush)
        if b is None or self._b is None:
            return x
        y = read(m, b[lane], self._b, f"b{lane}", flush=self._flush)
        return multiply(m, x, y, wire(m, f"product{lane}", x.significand * y.significand))
