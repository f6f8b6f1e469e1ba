"""One beat of block products on its way into a long accumulator: a term for each pair of scales."""

from types import SimpleNamespace
from typing import Any

from amaranth.hdl import Module, Value

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import Structure
from ..formats import BlockFormat, IntegerFormat, Projection, product_range
from ..formats.dot_semantics import DotPreset, DotSemantics, check_dot, lanes_of, runs_of
from .block_exact import ExactSum
from .block_operands import BlockOperands
from .long_terms import rows_of

__all__ = ["LongBlocks"]


class LongBlocks:
    """The blocks of a beat: each run of elements with the same two scales is summed as integers,
    and its sum, times the scales, is one term of the long sum.

    Parameters
    ----------
    a, b
        Block formats of the vectors.
    blocks
        Pairs of blocks a beat.
    terms
        The most element products of one sum.
    projection
        Of the result; here only for its subnormals.
    adder
        How rows are added.

    Attributes
    ----------
    fields, a_beat, sum_format, special
        As of :class:`LongTerms`.

    Raises:
        ValueError: if the sizes of the blocks do not suit each other, or the sum is too wide.
    """

    def __init__(
        self,
        a: BlockFormat,
        b: BlockFormat,
        *,
        blocks: int,
        terms: int,
        projection: Projection,
        adder: Adder,
    ):
        parameters = SimpleNamespace(
            a=a,
            b=b,
            blocks=blocks,
            semantics=DotSemantics.EXACT,
            preset=DotPreset.NONE,
            fraction=-1,
            c=None,
            o=None,
            projection=projection,
            structure=Structure.AUTO,
            adder=adder,
        )
        check_dot(parameters)
        operands = BlockOperands(parameters)
        self._sum = ExactSum(parameters, operands)
        self.fields, self.special = operands.fields, self._sum.special
        self.a_beat = lanes_of(a, b, blocks)
        self._runs = len(runs_of(parameters))
        low, high = product_range(operands.elements["a"], operands.elements["b"])
        scale = a.scale.max_integer * b.scale.max_integer
        one = scale * max(abs(low), abs(high))
        lsb = sum(x.lsb_exponent for x in (a.scale, b.scale, *operands.elements.values()))
        run = min(a.size, b.size)
        self._one = IntegerFormat.holding(-one * run, one * run, lsb)
        self.sum_format = IntegerFormat.holding(-one * terms, one * terms, lsb)

    def rows(
        self, m: Module, values: dict[str, Any]
    ) -> tuple[list[Value], Value, dict[str, Value]]:
        """Rows and carry, whose sum modulo ``2**width`` is that of the terms, and the flags."""
        found = self._sum.terms(m, {name: values[name] for name in self.fields})
        rows, carry = rows_of(m, found["terms"], self._one, self.sum_format)
        return rows, carry, {flag: found[flag] for flag in self.special}
