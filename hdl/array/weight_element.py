"""Elements for weights of few values: one row a product, and no multiplier."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Value

from ..arithmetic.adders import Adder
from ..arithmetic.align import shift_signed
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.carry_save_accumulator import CarrySaveAccumulator
from ..arithmetic.plain_accumulator import PlainAccumulator
from ..digit.mac_core import SumForm
from ..formats import FloatFormat, IntegerFormat, NumberFormat, product_range
from ..pipeline import wire
from ..shift_add.gated import gated
from ..shift_add.sums import WithCarry

__all__ = ["WeightElement", "takes_weight"]

_TERNARY = IntegerFormat(2, narrow=True)


def takes_weight(format: NumberFormat) -> bool:
    """Whether weights of a format are multiplied without a multiplier."""
    if format == _TERNARY:
        return True
    return (
        isinstance(format, FloatFormat)
        and format.signed
        and format.mantissa_width <= 1
        and format.exponent_width <= 4
        and not (format.has_nan or format.has_infinity)
    )


class WeightElement:
    """Multiplies integers with ternary weights, or with floats of at most one mantissa bit.

    A ternary weight adds a number, subtracts it or leaves it out. A power of two (E3M0) shifts it,
    and one mantissa bit (E2M1) chooses between it and three times it, which a column's elements
    share. A negative product is the complement, with a bit added to it in the same tree.

    Parameters
    ----------
    a, b
        Formats of the weights and of the integers.
    depth, beats, form, structure, adder
        As in :class:`MacElement`.
    """

    state: Mapping[str, Shape]

    def __init__(
        self,
        a: NumberFormat,
        b: IntegerFormat,
        *,
        depth: int,
        beats: int,
        form: SumForm,
        structure: Structure,
        adder: Adder,
    ):
        if not takes_weight(a):
            raise ValueError(
                "The left format must be an integer, or a signed float of at most one mantissa bit "
                f"without NaN and infinities such as 'e3m0none' or 'e2m1fn', not '{a}'"
            )
        self._a = a
        low, high = product_range(a, b)
        count, lsb = depth * beats, a.lsb_exponent + b.lsb_exponent
        width = IntegerFormat.holding(low * count, high * count, lsb).width
        self._sum: PlainAccumulator | CarrySaveAccumulator
        if form is SumForm.PLAIN:
            structure = Structure.PLAIN if structure.operators else Structure.COMPRESSOR
            self._sum = PlainAccumulator(width, adder=adder, structure=structure)
        else:
            self._sum = CarrySaveAccumulator(
                width, low * depth, high * depth, adder=adder, divided=form is SumForm.CARRY_SAVE
            )
        self.state = self._sum.state

    def right(self, m: Module, b: Sequence[Value], name: str) -> list[Any]:
        """The numbers of a column, and three times each where that is wanted."""
        if not isinstance(self._a, FloatFormat) or not self._a.mantissa_width:
            return list(b)
        return [(x, wire(m, f"{name}three{k}", 3 * x)) for k, x in enumerate(b)]

    def add(
        self, m: Module, so_far: Mapping[str, Value], a: Any, b: Sequence[Any], name: str
    ) -> dict[str, Value]:
        heap = BitHeap(self._sum.term_width)
        for k, (weight, number) in enumerate(zip(a, b, strict=True)):
            row = self._product(m, weight, number, f"{name}product{k}")
            heap.add(row.value)
            heap.add_column(row.carry)
        return self._sum.add(m, so_far, heap, name=name)

    def resolve(self, m: Module, state: Mapping[str, Value], name: str) -> Value:
        return self._sum.resolve(m, state, name=f"{name}resolved")

    def _product(self, m: Module, weight: Value, number: Any, name: str) -> WithCarry:
        """One product as a row and a carry."""
        if not isinstance(self._a, FloatFormat):
            return gated(m, number, weight[0] & ~weight[1], weight[1], name)
        mantissa = self._a.mantissa_width
        field, negative = weight[mantissa:-1], weight[-1]
        normal = wire(m, f"{name}_normal", field.any())
        if mantissa:
            once, three = number
            here = wire(m, f"{name}_here", Cat(weight[0] & ~normal, normal & ~weight[0]))
            thrice = wire(m, f"{name}_thrice", weight[0] & normal)
            width = len(three)
            chosen: Value = Const(0, width)
            for bit, value in ((here[0], once), (here[1], once << 1), (thrice, three)):
                chosen = chosen | (_extended(value, width) & bit.replicate(width))
        else:
            width = len(number) + (not number.shape().signed)
            chosen = _extended(number, width) & normal.replicate(width)
        chosen = wire(m, f"{name}_chosen", chosen.as_signed())
        # A subnormal's unit is that of the smallest normal numbers, whose field is 1.
        amount = Mux(normal, field - 1, 0)[: len(field)]
        top = (1 << len(field)) - 2
        shifted = shift_signed(
            m, chosen, wire(m, f"{name}_by", amount), f"{name}_shifted", width=width + top
        )
        row = shifted.as_unsigned() ^ negative.replicate(len(shifted))
        return WithCarry(wire(m, name, row.as_signed()), negative)


def _extended(value: Value, width: int) -> Value:
    """The number's bits, with its sign above them."""
    value = Value.cast(value)
    sign: Value = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, sign.replicate(max(width - len(value), 0)))[:width]
