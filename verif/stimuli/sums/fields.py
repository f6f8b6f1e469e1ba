"""The fields of a unit that sums products: where its elements, scales and zero points are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Self

import numpy as np
from amaranth.lib.data import ArrayLayout

from ....hdl.formats import FloatFormat
from ....hdl.formats.dot_semantics import DotSemantics
from ....hdl.unit import Unit
from ..bounds import set_bounds
from .product_table import ProductTable

__all__ = ["Made", "SumFields"]

_KNOWN = {"a", "b", "a_scale", "b_scale", "a_zero", "b_zero", "c", "random", "first", "last"}
#: Beats that are summed, of a unit that may sum many.
_BEATS = 3
#: So many factors are tried.
_FACTORS = 2048
#: Of all beats, at most one in so many.
_PART = 16


@dataclass
class Made:
    """Operands of some sums, a row each of every field, with those of a sum's beats side by side;
    and what the sums fall short of the numbers wanted."""

    codes: dict[str, np.ndarray]
    rest: np.ndarray


@dataclass(frozen=True)
class SumFields:
    """A unit that gives one number for the sum of some beats' products.

    Attributes:
        lanes: Products of a beat.
        together: Beats to a sum.
        blocks: Scales of each side in a beat; none of sides without.
    """

    unit: Unit
    lanes: int
    together: int
    blocks: dict[str, int]
    scales: dict[str, FloatFormat]
    table: ProductTable

    @classmethod
    def of(cls, unit: Unit, codes: dict[str, np.ndarray]) -> Self | None:
        """None if the unit is none of these, or its products are too many to be listed."""
        shapes: dict[str, Any] = {name: f.shape for name, f in unit.i.payload.shape()}
        outputs = [f.shape for _, f in unit.o.payload.shape()]
        if not {"a", "b"} <= set(shapes) <= _KNOWN or unit.beats_together > 1:
            return None
        if isinstance(outputs[0], ArrayLayout) or np.shape(codes["a"]) != np.shape(codes["b"]):
            return None
        blocks, scales = {}, {}
        for side in "ab":
            shape = shapes.get(f"{side}_scale")
            element = shape.elem_shape if isinstance(shape, ArrayLayout) else shape
            if element is None:
                continue
            if not isinstance(element, FloatFormat):
                return None
            blocks[side] = codes[f"{side}_scale"].reshape(len(codes["a"]), -1).shape[1]
            scales[side] = element
        if "c" in shapes and not isinstance(shapes["c"], FloatFormat):
            return None
        table = ProductTable.of(unit)
        if table is None or np.ndim(codes["a"]) != 2:
            return None
        together = min(unit.beats, _BEATS) if "last" in shapes else 1
        return cls(unit, codes["a"].shape[1], together, blocks, scales, table)

    @cached_property
    def addend(self) -> FloatFormat | None:
        return getattr(self.unit.parameters, "c", None)

    @cached_property
    def factors(self) -> np.ndarray | None:
        """Odd numbers, in order, that the elements and the shorter of two scales may make together,
        where one pair of scales that are no powers of two scales a whole sum; else None."""
        widths = sorted(scale.mantissa_width for scale in self.scales.values())
        if self.together > 1 or set(self.blocks.values()) != {1} or not widths[-1]:
            return None
        least = 2.0 ** self.table.exponents[0]
        most = int(abs(self.table.values).max() / least) * self.lanes
        return _factors(2 << widths[0] if len(widths) > 1 else 2, most + 1)

    @property
    def rounded(self) -> FloatFormat | None:
        """In what each product's sum with those before is rounded, if it is."""
        p = self.unit.parameters
        chain = getattr(p, "semantics", None) is DotSemantics.SEQUENTIAL
        return p.o if chain else None

    def turned(self, turn: int) -> Self:
        """The same with other zero points, if it has any."""
        if not self.table.zeros:
            return self
        table = ProductTable.of(self.unit, turn % 3)
        assert table is not None
        return replace(self, table=table)

    def exponents(self) -> tuple[int, int]:
        """Of the least product there is, and of the greatest sum."""
        low, high = self.table.exponents
        high += (self.lanes * self.together).bit_length()
        for scale in self.scales.values():
            ends = scale_ends(scale)
            low, high = low + ends[0], high + ends[1]
        return low, high

    def write(
        self, result: dict[str, np.ndarray], made: Sequence[tuple[Made, np.ndarray]]
    ) -> int:
        """Write these sums, of each set some rows, over the last beats; how many beats."""
        # With the least random word and the greatest: what lies between rounds as one of them does.
        twice = 1 + ("random" in result)
        rows = sum(len(rows) for _, rows in made) * twice
        rows = min(rows, len(result["a"]) // _PART // self.together)
        count = rows * self.together
        if not rows:
            return 0
        where = slice(len(result["a"]) - count, None)
        for name in made[0][0].codes:
            codes = np.concatenate([one.codes[name][picked] for one, picked in made])
            codes = codes.repeat(twice, axis=0)[:rows]
            field = result[name][where]
            field[:] = codes.reshape(field.shape)
        if "random" in result:
            bits = self.unit.parameters.projection.random_bits
            result["random"][where] = np.arange(count) // self.together % 2 * ((1 << bits) - 1)
        if "last" in result:
            ends = where.start - 1 + np.arange(self.together, count + 1, self.together)
            set_bounds(result, where.start, ends)
        return count


@cache
def _factors(*ends: int) -> np.ndarray:
    """The first odd products of two odd numbers below some ends."""
    one, other = (np.arange(1, min(end, 2 * _FACTORS), 2) for end in ends)
    return np.unique(np.outer(one, other))[:_FACTORS]


def scale_ends(scale: FloatFormat) -> tuple[int, int]:
    """Exponents of the least normal and of the greatest power of two."""
    low = scale.lsb_exponent + scale.mantissa_width
    return low, scale.lsb_exponent + scale.max_integer.bit_length() - 1
