"""Terms that are added, subtracted or left out: a multiplication by -1, 0 or 1.

A subtracted term is inverted and a one is counted in the lowest column of the heap, beside the
terms' own bits, or enters an adder as its carry: no lane needs an adder for its negation.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Value

from ..arithmetic.bitheap import BitHeap
from ..pipeline import wire
from .sums import WithCarry

__all__ = ["add_gated", "gated"]


def gated(m: Module, lane: Value, plus: Value, minus: Value, name: str) -> WithCarry:
    """``lane`` where the bit ``plus`` is set, ``-lane`` where ``minus`` is, and zero elsewhere."""
    bits, width = lane.as_unsigned(), len(lane)
    chosen = (bits & plus.replicate(width)) | (~bits & minus.replicate(width))
    top = Cat(chosen) if lane.shape().signed else Cat(chosen, minus)
    return WithCarry(wire(m, name, top.as_signed()), minus)


def add_gated(
    m: Module, heap: BitHeap, lanes: Sequence[Value], plus: Value, minus: Value, *, name: str
) -> None:
    """Add ``lanes[k]`` where ``plus[k]`` is set, and subtract it where ``minus[k]`` is.

    All lanes have one shape; at most one of the two bits is set. Bit 0 of every lane stands in
    ``{name}_terms`` first, then bit 1 of every lane, and so on.
    """
    count, width = len(lanes), len(lanes[0])
    signed = lanes[0].shape().signed
    planes = wire(m, f"{name}_planes", Cat(lane[i] for i in range(width) for lane in lanes))
    kept, inverted = planes & plus.replicate(width), ~planes & minus.replicate(width)
    terms = wire(m, f"{name}_terms", kept | inverted)
    for index in range(width):
        top = signed and index == width - 1
        heap.add_column(terms[index * count : (index + 1) * count], weight=index, negate=top)
    if not signed:
        heap.add_column(minus, weight=width, negate=True)
    heap.add_column(minus)
