"""From the rows that a tree leaves to one sum, together with what is there already."""

from collections.abc import Sequence

from amaranth.hdl import Module, Value

from .adders import Adder, add
from .bitheap import BitHeap, Structure

__all__ = ["add_rows", "rows_of"]


def rows_of(
    m: Module, heap: BitHeap, *, structure: Structure = Structure.COMPRESSOR, name: str = "tree"
) -> list[Value]:
    """A heap as two rows; as one, the sum itself, where operators are left to synthesis."""
    if structure.operators:
        return [heap.sum(m, structure=structure, name=name)]
    return list(heap.compress(m, name=name))


def add_rows(
    m: Module,
    rows: Sequence[Value],
    width: int,
    *,
    structure: Structure = Structure.COMPRESSOR,
    adder: Adder = Adder.SKLANSKY,
    name: str = "carry",
    tree: str = "accumulate",
) -> Value:
    """The sum of rows of ``width`` bits, modulo ``2**width``, by one carry-propagating addition.

    Args:
        name, tree: of the wires in that addition, and in the tree before it, if there is one.
    """
    if structure.operators or len(rows) == 1:
        return sum(rows[1:], start=Value.cast(rows[0]))[:width]
    if len(rows) > 2:
        heap = BitHeap(width)
        for row in rows:
            heap.add(row)
        rows = heap.compress(m, name=tree)
    return add(m, rows[0], rows[1], adder=adder, name=name)
