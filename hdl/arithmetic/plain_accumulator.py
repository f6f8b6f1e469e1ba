"""An accumulator whose carries are resolved in every beat."""

from collections.abc import Mapping

from amaranth.hdl import Module, Shape, Value

from ..pipeline import wire
from .adders import Adder
from .bitheap import BitHeap, Structure

__all__ = ["PlainAccumulator"]


class PlainAccumulator:
    """A sum modulo ``2**width``, one row; used as :class:`CarrySaveAccumulator` is.

    Parameters
    ----------
    width
        Bits of the sum.
    adder, structure
        Of the addition in the loop.

    Attributes
    ----------
    state : dict of Shape
        The register, as an :class:`~..pipeline.Accumulation` takes it.
    term_width : int
        Columns of a term's heap.
    """

    def __init__(self, width: int, *, adder: Adder, structure: Structure = Structure.COMPRESSOR):
        self._adder, self._structure = adder, structure
        self.term_width = width
        self.state = {"total": Shape(width)}

    def add(
        self, m: Module, so_far: Mapping[str, Value], heap: BitHeap, *, name: str = ""
    ) -> dict[str, Value]:
        """The state after adding a term, which stands on a heap of :attr:`term_width` columns."""
        heap.add(so_far["total"])
        total = heap.sum(m, name=f"{name}loop", structure=self._structure, adder=self._adder)
        return {"total": wire(m, f"{name}total", total)}

    def resolve(self, m: Module, state: Mapping[str, Value], *, name: str = "") -> Value:
        """The sum as one integer, which it is."""
        return state["total"]
