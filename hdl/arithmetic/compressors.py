"""Sums of many small things: counts of ones, and values of different shapes and weights."""

from collections.abc import Iterable

from amaranth.hdl import Const, Module, Shape, Value, ValueLike

from .adders import Adder
from .bitheap import BitHeap, Structure

__all__ = ["popcount", "sum_values"]


def popcount(
    m: Module,
    bits: ValueLike,
    *,
    structure: Structure = Structure.COMPRESSOR,
    adder: Adder = Adder.SKLANSKY,
    name: str = "ones",
) -> Value:
    """The number of ones in ``bits``, as an unsigned value of ``len(bits).bit_length()`` bits."""
    bits = Value.cast(bits)
    heap = BitHeap(max(len(bits).bit_length(), 1))
    heap.add_column(bits)
    return heap.sum(m, name=name, structure=structure, adder=adder)


def sum_values(
    m: Module,
    values: Iterable[ValueLike],
    *,
    ones: ValueLike | None = None,
    constant: int = 0,
    structure: Structure = Structure.COMPRESSOR,
    adder: Adder = Adder.SKLANSKY,
    name: str = "total",
) -> Value:
    """The exact sum of values of any shapes, of the smallest shape that always holds it.

    Every one in ``ones`` counts 1: terms in one's complement pass their signs here, and need no
    adder each to become two's complement.
    """
    terms = [Value.cast(value) for value in values]
    flags = Const(0, 0) if ones is None else Value.cast(ones)
    low = high = constant
    for term in terms:
        shape = term.shape()
        low -= 1 << shape.width - 1 if shape.signed else 0
        high += (1 << shape.width - shape.signed) - 1
    high += len(flags)
    shape = Shape.cast(range(min(low, 0), max(high, 0) + 1))
    heap = BitHeap(max(shape.width, 1))
    for term in terms:
        heap.add(term)
    heap.add_column(flags)
    heap.add_constant(constant)
    total = heap.sum(m, name=name, structure=structure, adder=adder)
    return total.as_signed() if shape.signed else total
