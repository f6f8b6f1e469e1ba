"""The products of a unit that multiplies blocks, and the format that their sums are rounded to."""

from functools import cached_property
from typing import Any, Self

import numpy as np

from ....hdl.formats import BlockFormat, FloatFormat, IntegerFormat
from ....hdl.formats.dot_semantics import DotSemantics, alignment
from ....hdl.unit import Unit
from ..sums.fields import Made, SumFields, scale_ends
from ..sums.product_table import ProductTable
from .scales import takes_blocks

__all__ = ["BlockFields", "ends_of", "in_a_row"]

#: Of elements too wide for a table of all products: mantissa bits of one of them, beside powers of
#: two.
_SHORT = 4


class BlockFields(SumFields):
    """Sums without addends, of units whose results depend on one beat.

    Where there are too many products to be listed, those of powers of two with short numbers stand
    for all.
    """

    @classmethod
    def of(cls, unit: Unit, codes: dict[str, np.ndarray]) -> Self | None:
        p = unit.parameters
        if not takes_blocks(p) or "last" in codes or p.o is None:
            return None
        scales: dict[str, Any] = {"a": p.a.scale, "b": p.b.scale}
        c = getattr(p, "c", None)
        if not all(isinstance(f, FloatFormat) for f in (*scales.values(), c or p.a.scale)):
            return None
        table = ProductTable.of(unit) or _short_products(p.a, p.b)
        if table is None:
            return None
        count, lanes = codes["a"].shape
        blocks = {side: codes[f"{side}_scale"].reshape(count, -1).shape[1] for side in scales}
        return cls(unit, lanes, 1, blocks, scales, table)

    @cached_property
    def addend(self) -> FloatFormat | None:
        return None

    @property
    def rounded(self) -> FloatFormat | None:
        return None

    @cached_property
    def result(self) -> FloatFormat | IntegerFormat:
        """What sums are rounded to."""
        p = self.unit.parameters
        aligned = getattr(p, "semantics", None) is DotSemantics.ALIGNED
        return alignment(p).result if aligned else p.o


def _short_products(a: BlockFormat, b: BlockFormat) -> ProductTable | None:
    elements: list[Any] = [a.element, b.element]
    if any(not isinstance(f, FloatFormat) or not f.zero for f in elements):
        return None
    sides = []
    for f, kept in zip(elements, (_SHORT, 0), strict=True):
        unit = 1 << max(f.mantissa_width - kept, 0)
        sides.append(np.arange(0, f.max_magnitude + 1, unit))
    if a.element.signed:
        sides[0] = np.append(sides[0], sides[0] | elements[0].sign_mask)
    codes = [grid.ravel() for grid in np.meshgrid(*sides, indexing="ij")]
    value = elements[0].to_float(codes[0]) * elements[1].to_float(codes[1])
    order = np.argsort(value, kind="stable")
    values, starts = np.unique(value[order], return_index=True)
    kept = codes[0][order], codes[1][order]
    return ProductTable(values, {}, kept, np.append(starts, len(order)))


def ends_of(o: FloatFormat | IntegerFormat) -> tuple[int, int]:
    """Exponents of a format's last place and of its greatest power of two."""
    if isinstance(o, FloatFormat):
        return o.lsb_exponent, scale_ends(o)[1]
    return o.lsb_exponent, o.lsb_exponent + o.width - 1


def in_a_row(made: list[Made], most: int) -> dict[str, np.ndarray]:
    """Of some sets of sums those that are what they should be, at most so many."""
    good = [np.flatnonzero(one.rest == 0) for one in made]
    return {
        name: np.concatenate([one.codes[name][g] for one, g in zip(made, good, strict=True)])[:most]
        for name in made[0].codes
    }
