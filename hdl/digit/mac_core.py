"""The multiply-accumulate core that units and arrays are made around, without any handshake."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from amaranth.hdl import Module, Shape, Value

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.carry_save_accumulator import CarrySaveAccumulator
from ..arithmetic.partial_products import add_products
from ..arithmetic.plain_accumulator import PlainAccumulator
from ..arithmetic.recoding import Recoding, add_digit_product, digit_count, recode
from ..arithmetic.rows import rows_of
from ..formats import IntegerFormat, product_range

__all__ = ["MacCore", "Reduction", "SumForm"]


class SumForm(StrEnum):
    """How a sum over beats is held. The choice changes cost, never a result bit."""

    #: One row, its carries resolved in every beat.
    PLAIN = "plain"
    #: Two rows, resolved once behind the loop, up to where products reach; one row above.
    CARRY_SAVE = "carry_save"
    #: Two rows of all columns.
    CARRY_SAVE_FULL = "carry_save_full"


class Reduction(StrEnum):
    """How products of several lanes become one sum. The choice changes cost, never a result bit."""

    #: All their partial products on one heap.
    TOGETHER = "together"
    #: Those of each digit's weight resolved first, and the few sums then shifted and added.
    WEIGHT = "weight"


class MacCore:
    """``sum(a[k] * b[k])`` of each beat, added to a sum of many beats.

    Parameters
    ----------
    a, b
        Formats of the operands.
    lanes
        Products a beat.
    count
        The most products of one sum, which is sized for them.
    width
        Bits of the sum instead, which then wraps; 0 sizes it for ``count``.
    form, reduction, structure, adder
        As in :class:`CarrySaveMac`.

    Attributes
    ----------
    sum_format : IntegerFormat
        That of the sum.
    state : dict of Shape
        The registers, as an :class:`~..pipeline.Accumulation` takes them.
    """

    def __init__(
        self,
        a: IntegerFormat,
        b: IntegerFormat,
        *,
        lanes: int,
        count: int,
        width: int = 0,
        form: SumForm = SumForm.CARRY_SAVE,
        reduction: Reduction = Reduction.TOGETHER,
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
    ):
        low, high = product_range(a, b)
        lsb = a.lsb_exponent + b.lsb_exponent
        self.sum_format = IntegerFormat.holding(min(low, 0) * count, high * count, lsb)
        if width:
            self.sum_format = IntegerFormat(width, low < 0, -lsb)
        structure = structure.for_product(a.width, b.width, b_signed=b.signed)
        if reduction is Reduction.WEIGHT and structure is not Structure.BOOTH:
            raise ValueError(
                f"The reduction 'weight' needs the digits of the structure 'booth', "
                f"not '{structure}'"
            )
        self._a, self._b, self._lanes = a, b, lanes
        self._structure, self._reduction, self._adder = structure, reduction, adder
        self._sum: PlainAccumulator | CarrySaveAccumulator
        if form is SumForm.PLAIN:
            self._sum = PlainAccumulator(self.sum_format.width, adder=adder, structure=structure)
        else:
            self._sum = CarrySaveAccumulator(
                self.sum_format.width,
                min(low, 0) * lanes,
                high * lanes,
                adder=adder,
                divided=form is SumForm.CARRY_SAVE,
            )
        self.state: dict[str, Shape] = self._sum.state

    def multiply(
        self, m: Module, a: Sequence[Any], b: Sequence[Any], *, name: str = ""
    ) -> list[Value]:
        """The sum of a beat's products, as one row or two to give to :meth:`add`."""
        heap = self._products(m, a, b, name)
        return rows_of(m, heap, structure=self._structure, name=f"{name}products")

    def multiply_add(
        self,
        m: Module,
        so_far: Mapping[str, Value],
        a: Sequence[Any],
        b: Sequence[Any],
        *,
        name: str = "",
    ) -> dict[str, Value]:
        """The state with a beat's products added, in one tree with them."""
        return self._sum.add(m, so_far, self._products(m, a, b, name), name=name)

    def add(
        self, m: Module, so_far: Mapping[str, Value], rows: Sequence[Value], *, name: str = ""
    ) -> dict[str, Value]:
        """The state with the rows of a beat added."""
        heap = BitHeap(self._sum.term_width)
        for row in rows:
            heap.add(row)
        return self._sum.add(m, so_far, heap, name=name)

    def resolve(self, m: Module, state: Mapping[str, Value], *, name: str = "") -> Value:
        """The sum as one integer."""
        return self._sum.resolve(m, state, name=f"{name}resolved")

    def _products(self, m: Module, a: Sequence[Any], b: Sequence[Any], name: str) -> BitHeap:
        heap = BitHeap(self._sum.term_width)
        x, y = [Value.cast(v) for v in a], [Value.cast(v) for v in b]
        if self._reduction is Reduction.TOGETHER:
            add_products(m, heap, x, y, structure=self._structure, name=f"{name}product")
        else:
            self._add_by_weight(m, heap, x, y, name)
        return heap

    def _add_by_weight(
        self, m: Module, heap: BitHeap, x: list[Value], y: list[Value], name: str
    ) -> None:
        """For each digit of ``b`` the sum over the lanes, in bits that hold 2 or -2 times the
        smallest ``a`` in all of them, then the sums at their weights."""
        digits = [recode(m, v, Recoding.BOOTH, f"{name}b{k}") for k, v in enumerate(y)]
        most = 2 * self._lanes * max(self._a.max_integer, -self._a.min_integer)
        width = IntegerFormat.holding(-most, most).width
        for place in range(digit_count(y[0].shape())):
            column = BitHeap(width)
            chosen = [d[place] for d in digits]
            add_digit_product(m, column, chosen, x, name=f"{name}place{place}_row")
            total = column.sum(m, name=f"{name}place{place}", adder=self._adder)
            heap.add(total.as_signed(), weight=2 * place)
