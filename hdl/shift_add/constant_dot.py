"""Dot products with weights that never change: each of their digits is a wire."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Value
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.constants import add_multiple
from ..arithmetic.rows import add_rows, rows_of
from ..formats import IntegerFormat
from ..pipeline import Step, wire
from ..unit import Unit, check_positive
from .fixed_point import FixedOverflow, FixedRounding, to_fixed_point
from .sums import SumStructure

__all__ = ["ConstantDot"]


class ConstantDot(Unit):
    """Sums elements times weights that were known when the unit was made.

    ``p[c] = sum(a[k] * w[c][k])`` over the lanes, for each of the columns. The sum is exact and
    cannot overflow; with ``o`` it is rounded once, to fixed point, as ``power-of-two-dot`` does it.

    A weight is written with the fewest signed powers of two; each of them is a shifted copy of the
    element, added or subtracted, and a weight of zero is nothing at all. All copies of a column are
    on one carry-save tree, together with one constant for all their signs. This is what QFX's
    weights of few powers of two, and ternary weights, are for: where each layer has its own
    hardware. Columns share no partial sums.

    Gates and FO4 of 16 lanes of int8, for area and for speed, beside units that take their weights
    at run time; the weights were drawn, uniformly but for the powers of two:

    | weights | area | FO4 | speed | FO4 | at run time, area | speed |
    | --- | --- | --- | --- | --- | --- | --- |
    | int4 | 1,283 | 44 | 2,221 | 30 | 3,549, dot-product | 6,217 |
    | other int4 | 1,180 | 44 | 2,003 | 29 | | |
    | int8 | 1,825 | 51 | 3,169 | 33 | 6,150, dot-product | 11,299 |
    | other int8 | 2,393 | 54 | 4,148 | 34 | | |
    | ternary | 430 | 35 | 749 | 21 | 1,124, ternary-dot | 2,047 |
    | other ternary | 512 | 36 | 884 | 22 | | |
    | one power of two of 8 | 734 | 40 | 1,302 | 26 | 2,839, power-of-two-dot | 5,162 |
    | two powers of two of 8 | 1,171 | 44 | 2,084 | 29 | 5,792, power-of-two-dot | 10,580 |

    The units for run time with the first weights tied to constants, which synthesis then folds:
    int4 2,056 and 3,588 gates (with ``structure=plain`` 1,742 and 2,966), int8 3,991 and 7,017
    (2,627 and 4,656), ternary 529 and 911. Weights as their binary digits: 1,409 and 2,536 for the
    first line, 2,408 and 4,292 for the third.

    Latency is ``stages`` cycles, throughput one beat a cycle.

    Parameters
    ----------
    a
        Format of the elements.
    b
        Format of the weights.
    lanes
        Elements a beat.
    columns
        Dot products of the same elements.
    weights
        The codes of all weights as one number, as a port would have them: that of the first lane of
        the first column in the lowest bits, then those of its other lanes, then the other columns.
    o
        Format of the results; ``exact`` is the sum itself.
    rounding
        Which neighbour a sum becomes that has more fraction bits than ``o``.
    overflow
        What a sum beyond ``o`` becomes, after rounding.
    structure
        A carry-save tree a column, or operators left to synthesis. No result bit changes.
    adder
        How a tree's last two rows are added. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.a : the elements
    o.p : results, one a column
    """

    reference = "QFX, trainable fixed-point quantization for FPGAs (arXiv 2401.17544)"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        b: IntegerFormat = IntegerFormat(4),
        lanes: int = 8,
        columns: int = 1,
        weights: int = 0x3E5A_91C7,
        o: IntegerFormat | None = None,
        rounding: FixedRounding = FixedRounding.FLOOR,
        overflow: FixedOverflow = FixedOverflow.WRAP,
        structure: SumStructure = SumStructure.COMPRESSOR,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of columns", columns)
        bits = b.width * lanes * columns
        if not 0 <= weights < 1 << bits:
            raise ValueError(
                f"The weights must be a number of {bits} bits, {b.width} for each of {lanes} lanes "
                f"and {columns} columns, not {weights:#x}"
            )
        codes = [weights >> b.width * n & (1 << b.width) - 1 for n in range(lanes * columns)]
        numbers = [int(n) for n in b.integers(codes)]
        if any(n < b.min_integer for n in numbers):
            raise ValueError(f"The weights must be in '{b}', without a code of {b.min_integer - 1}")
        self.weights = [numbers[lanes * c : lanes * (c + 1)] for c in range(columns)]
        low = min(sum(min(w * a.min_integer, w * a.max_integer) for w in c) for c in self.weights)
        high = max(sum(max(w * a.min_integer, w * a.max_integer) for w in c) for c in self.weights)
        self.sum_format = IntegerFormat.holding(low, high, a.lsb_exponent + b.lsb_exponent)
        outputs = {"p": ArrayLayout(o or self.sum_format, columns)}
        super().__init__({"a": ArrayLayout(a, lanes)}, outputs, stages=stages)

    def steps(self) -> list[Step]:
        steps = [Step("compress", self._compress), Step("add", self._add)]
        return steps if self.parameters.o is None else [*steps, Step("round", self._round)]

    @property
    def _structure(self) -> Structure:
        plain = self.parameters.structure is SumStructure.PLAIN
        return Structure.PLAIN if plain else Structure.COMPRESSOR

    def _compress(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        signed = self.parameters.a.signed
        lanes = [Value.cast(values["a"][k]) for k in range(self.parameters.lanes)]
        lanes = [x.as_signed() if signed else x.as_unsigned() for x in lanes]
        rows = []
        for column, weights in enumerate(self.weights):
            heap = BitHeap(self.sum_format.width)
            for x, weight in zip(lanes, weights, strict=True):
                add_multiple(heap, x, weight)
            rows.append(rows_of(m, heap, structure=self._structure, name=f"column{column}"))
        return {"rows": rows}

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        rows = enumerate(values["rows"])
        return {"p": Cat(self._total(m, both, f"p{column}") for column, both in rows)}

    def _total(self, m: Module, rows: Sequence[Value], name: str) -> Value:
        width = self.sum_format.width
        options = {"structure": self._structure, "adder": self.parameters.adder}
        return wire(m, name, add_rows(m, rows, width, name=f"{name}_carry", **options))

    def _round(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p, width = self.parameters, self.sum_format.width
        totals = [values["p"][width * c : width * (c + 1)] for c in range(p.columns)]
        rounded = [
            to_fixed_point(m, total, self.sum_format, p.o, p.rounding, p.overflow)
            for total in totals
        ]
        return {"p": Cat(rounded)}
