"""Squares: a product whose two operands are one needs half of the bit products.

Of ``x[i] x[j]`` and ``x[j] x[i]`` both together are one bit of twice the weight, and ``x[i] x[i]``
is ``x[i]`` itself (L. Dadda, Alta Frequenza 34, 1965).
"""

from amaranth.hdl import Value

from .bitheap import BitHeap

__all__ = ["add_square"]


def add_square(heap: BitHeap, value: Value) -> None:
    """Add ``value * value`` to a heap; ``value`` is read by its shape."""
    top = len(value) - 1
    for i in range(len(value)):
        heap.add_column(value[i], weight=2 * i)
        for j in range(i + 1, len(value)):
            # Only the top bit of a signed value is negative, and only in pairs with others.
            negative = value.shape().signed and j == top
            heap.add_column(value[i] & value[j], weight=i + j + 1, negate=negative)
