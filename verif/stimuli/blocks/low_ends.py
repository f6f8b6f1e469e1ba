"""Sums of blocks that all are where the result's range begins, or below, as `ends_of_sums` makes
them; of integer results also far above it.

Some are the least product alone, and some scales are subnormal, the least one above all: then the
other side's scale is as large as it has to be nowhere else.
"""

from typing import Any

import numpy as np

from ....hdl.formats import FloatFormat, IntegerFormat
from ....hdl.unit import Unit
from ..sums.ends import Ends, turned_sums
from ..sums.product_table import ProductTable

__all__ = ["low_ends"]

#: Fewer vectors than this are not worth it.
_FEWEST = 3
#: Places below a result's last one, and above an integer's first, that sums may begin at.
_BELOW, _ABOVE = 24, 18
#: Of scales, how many are subnormal; half of these are the least one. And how many sums are one
#: product.
_SUBNORMAL, _ALONE = 0.3, 0.1


def low_ends(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], where: slice
) -> int:
    """Write such vectors; how many."""
    p = unit.parameters
    scales = (p.a.scale, p.b.scale)
    if p.o is None or not all(isinstance(scale, FloatFormat) for scale in scales):
        return 0
    if where.stop - where.start < _FEWEST or ProductTable.of(unit) is None:
        return 0
    turned_sums(rng, unit, result, where, _LowEnds())
    return where.stop - where.start


class _LowEnds(Ends):
    def tops(self, rng: np.random.Generator, p: Any, many: int) -> np.ndarray:
        o = p.o
        if isinstance(o, IntegerFormat):
            ends = np.array([-_BELOW, -2, o.width, o.width + _ABOVE]) + o.lsb_exponent
            kind = rng.choice(3, many, p=[0.15, 0.45, 0.4])
            return rng.integers(ends[kind], ends[kind + 1])
        begin = o.lsb_exponent
        below = np.where(rng.random(many) < 0.5, 4, _BELOW)
        return rng.integers(begin - below, begin + o.mantissa_width + 4, many)

    def sums(
        self, rng: np.random.Generator, table: ProductTable, index: np.ndarray, total: np.ndarray
    ) -> np.ndarray:
        rows = np.flatnonzero(rng.random(len(index)) < _ALONE)
        one = rng.choice([-1.0, 1.0], len(rows)) * 2.0 ** table.exponents[0]
        found = table.nearest(one, np.zeros(len(rows), bool))
        index[rows] = int(np.searchsorted(table.values, 0))
        index[rows, rng.integers(0, index.shape[1], len(rows))] = found
        return table.values[index].sum(axis=1)

    def scales(
        self, rng: np.random.Generator, scale: FloatFormat, codes: np.ndarray, exponent: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if not scale.zero or not scale.mantissa_width:
            return codes, exponent
        many = len(codes)
        place = rng.integers(0, scale.mantissa_width, many) * rng.integers(0, 2, many)
        chosen = rng.random(many) < _SUBNORMAL
        below = place + scale.lsb_exponent
        return np.where(chosen, 1 << place, codes), np.where(chosen, below, exponent)
