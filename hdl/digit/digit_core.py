"""What each processing element of a digit-serial unit has: it adds a digit times a number."""

from collections.abc import Mapping, Sequence

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap
from ..arithmetic.carry_save_accumulator import CarrySaveAccumulator
from ..arithmetic.plain_accumulator import PlainAccumulator
from ..formats import IntegerFormat
from ..pipeline import wire
from .mac_core import SumForm
from .sparse_encoder import ChosenDigit, selected

__all__ = ["DigitCore"]


class DigitCore:
    """Adds a digit times a number a cycle and lane to a sum.

    Parameters
    ----------
    format
        Of the numbers that digits multiply.
    places
        Digits of the other operand, to which products are shifted; 1 if they are not.
    lanes
        Digits a cycle.
    low, high
        Of the sum, which is sized for them.
    form, adder
        As in :class:`DigitSerialMac`.

    Attributes
    ----------
    state : dict of Shape
        The registers, as an :class:`~..pipeline.Accumulation` takes them.
    width : int
        Bits of the sum.
    """

    def __init__(
        self,
        format: IntegerFormat,
        *,
        places: int,
        lanes: int,
        low: int,
        high: int,
        form: SumForm,
        adder: Adder,
    ):
        self._places, self._lanes = places, lanes
        # Twice a number, of either sign.
        self._row_width = format.width + (1 if format.signed else 2) + 2 * (places - 1)
        self.width = IntegerFormat.holding(low, high).width
        self._sum: PlainAccumulator | CarrySaveAccumulator
        if form is SumForm.PLAIN:
            self._sum = PlainAccumulator(self.width, adder=adder)
        else:
            half = 1 << self._row_width - 1
            self._sum = CarrySaveAccumulator(
                self.width,
                -half * lanes,
                # A row and the bit that completes its negation are one number, but in one level of
                # full adders.
                half - 1 if lanes == 1 else half * lanes,
                adder=adder,
                divided=form is SumForm.CARRY_SAVE,
                one_row=lanes == 1,
            )
        self.state: dict[str, Shape] = self._sum.state

    def add(
        self,
        m: Module,
        so_far: Mapping[str, Value],
        chosen: Sequence[ChosenDigit],
        numbers: Sequence[Sequence[Value]],
        *,
        name: str = "",
    ) -> dict[str, Value]:
        """The state with one digit times one number of each lane added."""
        rows = [
            self._row(m, c, x, f"{name}lane{k}")
            for k, (c, x) in enumerate(zip(chosen, numbers, strict=True))
        ]
        if isinstance(self._sum, CarrySaveAccumulator) and self._lanes == 1:
            return self._sum.add_row(m, so_far, rows[0], chosen[0].digit.negative, name=name)
        heap = BitHeap(self._sum.term_width)
        for row, c in zip(rows, chosen, strict=True):
            heap.add(row)
            heap.add_column(c.digit.negative)
        return self._sum.add(m, so_far, heap, name=name)

    def resolve(self, m: Module, state: Mapping[str, Value], *, name: str = "") -> Value:
        """The sum as one integer."""
        return self._sum.resolve(m, state, name=f"{name}resolved")

    def _row(self, m: Module, chosen: ChosenDigit, numbers: Sequence[Value], name: str) -> Value:
        """The digit's product in one's complement, as a signed value."""
        number = wire(m, f"{name}_number", selected(list(chosen.pair), numbers))
        signed = numbers[0].shape().signed
        top: Value = number[-1] if signed else Const(0, 1)
        width = self._row_width - 2 * (self._places - 1)
        once = Cat(number, top.replicate(width - len(number)))
        twice = Cat(Const(0, 1), once[:-1])
        one, two, negative = chosen.digit
        product: Value = wire(
            m,
            f"{name}_product",
            (once & one.replicate(width)) | (twice & two.replicate(width)),
        )
        if chosen.place is not None and self._places > 1:
            product = self._shifted(m, product, chosen.place, signed, name)
        row = Signal(Shape(self._row_width, signed=True), name=f"{name}_row")
        m.d.comb += row.eq(product ^ negative.replicate(self._row_width))
        return row

    def _shifted(self, m: Module, product: Value, place: Value, signed: bool, name: str) -> Value:
        """The product at its place; above it, its sign."""
        width = self._row_width
        upto = Cat(place[: n + 1].any() for n in range(len(place)))
        bits: list[Value] = []
        for column in range(width):
            taps = [
                place[n] & product[column - 2 * n]
                for n in range(len(place))
                if 0 <= column - 2 * n < len(product)
            ]
            # Places so low that the product has ended below this column.
            ended = min((column - len(product)) // 2, len(place) - 1)
            if signed and column >= len(product):
                taps.append(upto[ended] & product[-1])
            bits.append(Cat(*taps).any())
        return wire(m, f"{name}_shifted", Cat(*bits))
