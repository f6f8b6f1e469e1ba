"""The sum of numbers times signed powers of two, exactly: what every element of an array has."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.adders import Adder
from ..arithmetic.align import align_signed
from ..arithmetic.bitheap import BitHeap
from ..arithmetic.raw import Raw, either, read
from ..arithmetic.rows import rows_of
from ..arithmetic.significands import negated_if
from ..formats import IntegerFormat, NumberFormat
from ..pipeline import wire
from .scaled import flags_of_format, times_term
from .term_generator import Term
from .weights import Code

__all__ = ["TermSum"]


class TermSum:
    """Sums ``a[k] * (-1)**negative * one * 2**position`` over the lanes of one cycle.

    Of floats, positions are added to the exponents, so that one shifter a lane does both shifts.
    Shifting the tree's two rows by what all lanes' digits have in common, as the paper draws it,
    takes 7 % more gates in an element for fp16 by int6 and 5 % for int8, and 16 to 19 % more delay.
    Integers have no such shifter: their sum is shifted, which saves 23 % for int8 by int8 against a
    shift in each lane, and 8 % against one of two rows.

    Parameters
    ----------
    a
        Format of the numbers.
    code
        Of the weights.
    flush
        Subnormal numbers count as zero.
    adder
        Of a sum that is shifted.

    Attributes
    ----------
    special : tuple of str
        ``nan``, if the numbers can be infinite or none.
    """

    def __init__(self, a: NumberFormat, code: Code, *, flush: bool, adder: Adder):
        self._a, self._flush, self._adder = a, flush, adder
        # Digits of all lanes stand at one place in each cycle.
        self._shift_sum = isinstance(a, IntegerFormat) and not code.magnitudes
        self._top = 1 if self._shift_sum else code.top
        self.special = flags_of_format(a)

    def rows(
        self, m: Module, a: Sequence[Any], terms: Sequence[Term], place: Value, width: int
    ) -> tuple[list[Value], dict[str, Value]]:
        """This cycle's sum as one row or two, modulo ``2**width``, and the flags in
        :attr:`special`. ``place`` is the number of the terms."""
        if self._shift_sum:
            return [self._shifted_sum(m, a, terms, place, width)], {}
        heap = BitHeap(width)
        found: list[Value] = []
        for lane, (number, term) in enumerate(zip(a, terms, strict=True)):
            if isinstance(self._a, IntegerFormat):
                self._add_integer(m, heap, Value.cast(number), term, f"lane{lane}")
                continue
            raw = read(m, number, self._a, f"a{lane}", flush=self._flush)
            wrong = either(raw.nan, raw.infinite)
            if wrong is not None:
                found.append(wrong)
            self._add_float(m, heap, raw, term, f"lane{lane}")
        flags: dict[str, Value] = {
            flag: wire(m, "any_special", Cat(*found).any()) for flag in self.special
        }
        return rows_of(m, heap), flags

    def _shifted_sum(
        self, m: Module, a: Sequence[Any], terms: Sequence[Term], place: Value, width: int
    ) -> Value:
        """The sum of digits times numbers, resolved while it is narrow, moved to their place."""
        largest = max(self._a.max_integer, -self._a.min_integer)
        most = 2 * largest * len(terms)
        heap = BitHeap(IntegerFormat.holding(-most, most).width)
        for lane, (number, (negative, one, position)) in enumerate(zip(a, terms, strict=True)):
            digit = Term(negative, one, position[:1])
            self._add_integer(m, heap, Value.cast(number), digit, f"lane{lane}")
        total: Value = heap.sum(m, adder=self._adder).as_signed()
        for index, bit in enumerate(place):
            step = 2 << index
            moved = Cat(Const(0, step), total).as_signed()
            total = wire(m, f"tree_by{step}", Mux(bit, moved, total))
        return Cat(total, total[-1].replicate(max(width - len(total), 0)))[:width]

    def _add_integer(self, m: Module, heap: BitHeap, number: Value, term: Term, name: str) -> None:
        """Shifted, then inverted; the bit that completes the negation is counted."""
        signed = self._a.signed
        kept = wire(m, f"{name}_kept", number.as_unsigned() & term.one.replicate(len(number)))
        value: Value = kept.as_signed() if signed else kept
        for place in range(self._top.bit_length()):
            step = 1 << place
            moved = Cat(Const(0, step), value)
            moved = moved.as_signed() if signed else moved
            value = wire(m, f"{name}_by{step}", Mux(term.position[place], moved, value))
        width = min(len(value), self._a.width + self._top)
        row = value.as_unsigned()[:width] ^ term.negative.replicate(width)
        row = wire(m, f"{name}_row", row)
        heap.add(row.as_signed() if signed else Cat(row, term.negative).as_signed(), arrival=1)
        heap.add_column(term.negative)

    def _add_float(self, m: Module, heap: BitHeap, raw: Raw, term: Term, name: str) -> None:
        """The position is added to the exponent: one shifter puts the significand in its place.

        Signs are applied to significands: applied to whole rows, in one's complement, they take
        5 to 7 % more gates in an element.
        """
        placed, negative = times_term(m, raw, term, self._top, name)
        signed = negated_if(m, placed.significand, negative, name)
        # The exponent is at least that of the smallest number: what is below its weight is zero.
        row = align_signed(m, placed, signed, name)[raw.exponent_min :]
        heap.add(row.as_signed(), arrival=1)
