"""Dot product of two vectors, summed exactly and rounded once."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import Structure
from ..arithmetic.result import Result
from ..formats import (
    NumberFormat,
    Projection,
    parse_format,
)
from ..formats.lmul_policy import Semantics
from ..pipeline import Step
from ..unit import DotUse, Unit, check_positive
from .inner_sum import InnerSum
from .terms import Product

__all__ = ["DotProduct"]


class DotProduct(Unit):
    """Sums the products of N pairs exactly, and rounds once at the end.

    ``p = project(sum(a[k] * b[k]))``. The products are summed as fixed-point integers that hold
    every product of the formats exactly and cannot overflow, so the result does not depend on the
    order of the terms, bit for bit, nor on how they are split over lanes and beats. An exact sum of
    zero is +0. A NaN, infinity times zero, or infinities of both signs make NaN.

    With ``beats`` above 1 the sum runs on over several beats: ``first`` starts it and ``last`` ends
    it, and one result leaves per ``last``.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a, b
        Formats of the two vectors' elements.
    lanes
        Products a beat.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    o
        Format of the result; ``exact`` is the sum itself, as fixed point, with flags for NaN and
        infinities where they can occur (the sum is then 0).
    product
        ``exact``, or ``lmul``: the approximate product of L-Mul on float formats, not saturated
        and not flushed.
    semantics
        Of L-Mul products: ``packed`` adds exponents and mantissas as one integer, ``formula``
        normalises the mantissas' sum.
    offset
        Of L-Mul products: the constant added, in units of the last mantissa place; -1 is the
        paper's, 0 Mitchell's logarithm.
    projection
        Rounding mode and policies of the result.
    structure
        ``compressor`` or ``booth`` (integers only) make one carry-save tree of all lanes,
        ``plain`` leaves the operators to synthesis, ``auto`` is ``booth`` where its digits save two
        rows of a tree and the factors have 10 bits together, and ``compressor`` otherwise. No
        result bit changes.
    adder
        How the tree's last two rows are added. ``plain`` is the choice for FPGAs, which have carry
        chains. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum, where ``beats`` is above 1
    i.a, i.b : the vectors' elements
    i.random : ``random_bits`` bits, in stochastic modes only; those of the last beat count
    o.p : result
    o.nan, o.plus_infinity, o.minus_infinity : flags of an exact result, where they can occur
    """

    reference = "IEEE P3109 interim report v4.0, dot product with one projection; Kulisch, 2008"

    def __init__(
        self,
        *,
        a: NumberFormat = parse_format("e4m3fn"),
        b: NumberFormat = parse_format("e4m3fn"),
        lanes: int = 8,
        beats: int = 1,
        o: NumberFormat | None = parse_format("fp32"),
        product: Product = Product.EXACT,
        semantics: Semantics = Semantics.PACKED,
        offset: int = -1,
        projection: Projection = Projection(),
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        self._inner = InnerSum(
            a,
            b,
            count=lanes * beats,
            product=product,
            semantics=semantics,
            offset=offset,
            flush=projection.ftz_in,
            structure=structure,
        )
        self.sum_format = self._inner.sum_format
        self._result = Result(self.sum_format, self._inner.special, o, projection)
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {"a": ArrayLayout(a, lanes), "b": ArrayLayout(b, lanes), **self._result.inputs}
        super().__init__(inputs, self._result.outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        factors = {"a": str(a), "b": str(b), "o": "exact"}
        one_by_one = {**factors, "lanes": "1", "beats": str(terms)}
        return DotUse({**factors, "lanes": str(terms)}), DotUse(one_by_one, beats=terms)

    def steps(self) -> list[Step]:
        p = self.parameters
        add = self._result.sum_step(p.beats, structure=self._inner.structure, adder=p.adder)
        return [Step("compress", self._compress), add, *self._result.steps()]

    # The datapath.

    def _compress(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """All products of all lanes on one heap, down to two rows."""
        p = self.parameters
        a, b = ([values[side][k] for k in range(p.lanes)] for side in "ab")
        rows, flags = self._inner.rows(m, a, b)
        kept = {k: v for k, v in values.items() if k not in ("a", "b")}
        return {**kept, **flags, "rows": rows}
