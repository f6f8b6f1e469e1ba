"""Terms of any scale in fixed point: every exponent that scales can have, at one common weight."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value

from ..arithmetic.bitheap import BitHeap
from ..arithmetic.long_shift import chunk_of, shift_long
from ..arithmetic.raw import Raw
from ..formats import IntegerFormat
from ..formats.integers import MAX_WIDTH
from ..pipeline import wire
from .inner_sum import InnerSum

__all__ = ["fixed_point", "fixed_row", "fixed_terms"]


def fixed_point(parameters: Any, inner: Sequence[InnerSum]) -> IntegerFormat:
    """The format that holds every sum, in units of the least term's last place.

    Raises:
        ValueError: if that is too wide.
    """
    p = parameters
    unit = sum(x.lsb_exponent for x in (p.a.scale, p.b.scale))
    unit += inner[0].sum_format.lsb_exponent
    scale = p.a.scale.max_integer * p.b.scale.max_integer
    high = scale * sum(max(abs(x.sum_format.min_integer), x.sum_format.max_integer) for x in inner)
    least = unit
    if p.c is not None:
        least = min(unit, p.c.lsb_exponent)
        most_c = max(abs(p.c.min_integer), p.c.max_integer)
        high = (high << unit - least) + (most_c << p.c.lsb_exponent - least)
    width = high.bit_length() + 1
    if width > MAX_WIDTH:
        raise ValueError(
            f"The exact sum must be at most {MAX_WIDTH} bits wide, not {width}, as it is with "
            f"scales in {p.a.scale} and {p.b.scale}" + (f" and an addend in {p.c}" if p.c else "")
        )
    return IntegerFormat.holding(-high, high, least)


def fixed_row(m: Module, term: Raw, width: int, lsb_exponent: int, name: str) -> Value:
    """A term in units of a sum, a negative one in one's complement."""
    significand = term.significand
    if term.zero is not None:
        kept = (~term.zero).replicate(len(significand))
        significand = wire(m, f"{name}_or_zero", significand & kept)
    low = term.offset + term.exponent_min - lsb_exponent
    most = low + term.exponent_max - term.exponent_min
    bits = max(most.bit_length(), 1)
    amount: Value = Const(low, bits)
    if term.exponent is not None:
        moved = Value.cast(term.exponent + (low - term.exponent_min)).as_unsigned()
        amount = wire(m, f"{name}_amount", moved[:bits])
    return shift_long(
        m, significand, amount, term.negative, name, width=width, most=most, chunk=chunk_of(width)
    )


def fixed_terms(m: Module, terms: Sequence[Raw], format: IntegerFormat) -> BitHeap:
    """All terms on one heap, negative ones in one's complement with their signs counted."""
    heap = BitHeap(format.width)
    for k, term in enumerate(terms):
        heap.add(fixed_row(m, term, format.width, format.lsb_exponent, f"term{k}"))
    heap.add_column(Cat(*(term.negative for term in terms if term.negative is not None)))
    return heap
