"""What a unit multiplies in a beat: vectors of activations with vectors of weights."""

from typing import NamedTuple

from ...hdl.unit import Unit
from ..compare import element

__all__ = ["Tile", "tile_of"]


class Tile(NamedTuple):
    """Every one of ``rows`` vectors of activations times every one of ``columns`` of weights."""

    rows: int
    columns: int
    lanes: int

    @property
    def products(self) -> int:
        return self.rows * self.columns * self.lanes


def tile_of(unit: Unit) -> Tile:
    """The tile of a unit with fields ``a`` and ``b``; of another, of its operand ``a`` alone."""
    p = unit.parameters
    count = {name: element(spec.shape)[2] for name, spec in unit.i.payload.shape()}
    a, b = (count.get(side) or 1 for side in "ab")
    if "b" not in count:
        return Tile(1, 1, a)
    if hasattr(p, "rows") and hasattr(p, "columns"):
        return Tile(p.rows, p.columns, a // p.rows)
    if a == b or (count.get("a") and count["b"]):  # one code may hold several weights
        return Tile(1, 1, a)
    return Tile(a, b, 1)
