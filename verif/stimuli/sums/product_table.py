"""All products that a lane of a unit can give, with the operands of each."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ....hdl.formats import BlockFormat, FloatFormat, IntegerFormat, NumberFormat
from ....hdl.unit import Unit
from ...golden.dot.dot_product import products
from ...golden.product import multiply
from ...golden.rounding import flush_subnormals

__all__ = ["ProductTable"]

#: Bits of two operands, at the most: their products are listed.
_BITS = 16


@dataclass(frozen=True)
class ProductTable:
    """Finite products without scales, in order.

    Attributes:
        values: Each value once.
        zeros: The zero points that were subtracted, of sides that have some.
    """

    values: np.ndarray
    zeros: dict[str, int]
    _codes: tuple[np.ndarray, np.ndarray]
    _starts: np.ndarray

    @classmethod
    def of(cls, unit: Unit, zero: int = 0) -> Self | None:
        """None where there are too many products, or no zero among them.

        Args:
            zero: Which zero points: those in the middle, so that differences are of both signs;
                none, so that all are positive; the greatest of the first side and none of the
                other, so that all are negative.
        """
        p = unit.parameters
        if not all(isinstance(getattr(p, s, None), NumberFormat | BlockFormat) for s in "ab"):
            return None
        sides = {s: getattr(p, s) for s in "ab"}
        blocks = {s: f for s, f in sides.items() if isinstance(f, BlockFormat)}
        elements = {s: f.element if s in blocks else f for s, f in sides.items()}
        if sum(f.width for f in elements.values()) > _BITS:
            return None
        if not all(getattr(f, "zero", True) for f in elements.values()):
            return None
        grids = np.meshgrid(*(np.arange(1 << f.width) for f in elements.values()), indexing="ij")
        codes = {s: grid.ravel() for s, grid in zip(elements, grids, strict=True)}
        zeros = {
            s: (1 << (f.element.width - 1), 0, f.element.max_integer * (s == "a"))[zero]
            for s, f in blocks.items()
            if f.zero_point
        }
        if getattr(p, "product", "exact") == "exact":
            read = [_elements(p, f, codes[s], zeros.get(s)) for s, f in sides.items()]
            found = multiply(*read)
        else:
            found = products(p, codes)
        usable = ~(found.nan | found.infinite)
        for side, f in elements.items():
            if isinstance(f, IntegerFormat) and f.narrow:
                usable &= codes[side] != 1 << (f.width - 1)
        size = np.ldexp(np.asarray(found.significand, float), found.exponent)
        value = np.where(found.negative, -size, size)[usable]
        order = np.argsort(value, kind="stable")
        values, starts = np.unique(value[order], return_index=True)
        kept = tuple(codes[s][usable][order] for s in "ab")
        return cls(values, zeros, (kept[0], kept[1]), np.append(starts, len(order)))

    @property
    def exponents(self) -> tuple[int, int]:
        """Of the least product that is not zero, and of the greatest, rounded up."""
        size = abs(self.values)
        ends = np.frexp([size[size > 0].min(), size.max()])[1]
        return int(ends[0]) - 1, int(ends[1])

    def nearest(self, wanted: np.ndarray, downward: np.ndarray) -> np.ndarray:
        """Indices of values: those nearest, or of those no larger in magnitude."""
        values = self.values
        above = np.clip(np.searchsorted(values, wanted), 0, len(values) - 1)
        below = np.maximum(above - 1, 0)
        above = np.where(values[above] < wanted, below, above)
        middle = np.abs(values[above] - wanted) <= np.abs(wanted - values[below])
        inner = np.where((wanted < 0) | (values[above] == wanted), above, below)
        top = wanted >= values[-1]
        found = np.where(downward, inner, np.where(middle, above, below))
        return np.where(top, len(values) - 1, found)

    def codes(self, rng: np.random.Generator, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Operands of such products, one pair of those that give it."""
        low, high = self._starts[index], self._starts[index + 1]
        pick = rng.integers(low, high)
        return self._codes[0][pick], self._codes[1][pick]


def _elements(
    p: Any, format: NumberFormat | BlockFormat, codes: np.ndarray, zero: int | None
) -> Any:
    element = format.element if isinstance(format, BlockFormat) else format
    if isinstance(format, BlockFormat) and zero is not None:
        return format.decode_elements(codes, np.full(len(codes), zero))
    read = element.decode(codes)
    projection = getattr(p, "projection", None)
    flush = getattr(projection, "ftz_in", False) and isinstance(element, FloatFormat)
    return flush_subnormals(read, element) if flush else read
