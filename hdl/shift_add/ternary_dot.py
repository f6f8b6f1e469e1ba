"""Dot product with ternary weights."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import Structure
from ..arithmetic.result import Result
from ..dot.inner_sum import InnerSum
from ..formats import IntegerFormat, NumberFormat, Projection, product_range
from ..pipeline import Step
from ..unit import DotUse, Unit, check_positive
from .gated import add_gated, gated
from .sums import Sums, SumStructure, add_all
from .ternary_codes import TernaryCode, code_layout, decode_ternary

__all__ = ["TernaryDot"]

_WEIGHT = IntegerFormat(2, narrow=True)


class TernaryDot(Unit):
    """Sums elements with weights -1, 0 and 1: adds them, subtracts them or leaves them out.

    ``p = project(sum(a[k] * b[k]))``, over the lanes and beats from ``first`` to ``last``. The sum
    is exact and cannot overflow, whatever the elements; -128 times -1 is 128. An exact result of
    integers has no flags. Floats are as in the dot product: aligned to one fixed point, summed
    exactly, and a NaN, infinity times a weight of 0, or infinities of both signs make NaN.

    This is the product of BitNet b1.58 and of the MatMul-free language model, whose layers
    multiply int8 activations with ternary weights; the scales of both are applied to ``p``.

    An inverted element and a one make its negative. The ones of all lanes are added in the lowest
    column of the one carry-save tree; a lone lane's one is the carry into the accumulator's adder.
    Gates and FO4 of 32 lanes of int8, for area and for speed:

    | unit | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- |
    | ternary-dot | 2,269 | 57 | 4,213 | 36 |
    | dot-product with ``b=int2`` | 3,540 | 55 | 6,080 | 38 |

    In an ECP5, 16 lanes with ``structure=plain`` take 324 LUTs, carries included, and 619 with
    ``compressor``, both with ``adder=plain``.

    Of 30 lanes, five weights a byte in two codes, decoder included:

    | ``code`` | weight bits | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- | --- |
    | ``two_bits`` | 60 | 2,122 | 53 | 4,009 | 35 |
    | ``astc`` | 48 | 2,258 | 60 | 4,545 | 38 |
    | ``base3`` | 48 | 3,375 | 70 | 6,002 | 44 |

    Given up: to choose for a pair of weights among nine values, with the pair's sum and difference
    made once for many columns of weights. The choice costs more than the row of the tree that it
    saves: with 16 lanes each column costs 1,153 gates so, against 1,095, and FO4 are no fewer.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a
        Format of the elements.
    lanes
        Elements a beat.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    code
        How the weights are written.
    o
        Format of the result; ``exact`` is the sum itself, as fixed point, with flags for NaN and
        infinities where they can occur (the sum is then 0).
    projection
        Rounding mode and policies of the result.
    structure
        One carry-save tree, or operators left to synthesis. No result bit changes.
    adder
        How the tree's last two rows are added. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum, where ``beats`` is above 1
    i.a : the elements
    i.b : the weights, or bytes of five each, the first weights in the first byte
    i.random : ``random_bits`` bits, in stochastic modes only; those of the last beat count
    o.p : result
    o.nan, o.plus_infinity, o.minus_infinity : flags of an exact result, where they can occur
    """

    reference = (
        "R.-J. Zhu et al., Scalable MatMul-free Language Modeling (arXiv 2406.02528); "
        "S. Ma et al., BitNet b1.58 (arXiv 2402.17764)"
    )

    def __init__(
        self,
        *,
        a: NumberFormat = IntegerFormat(8),
        lanes: int = 32,
        beats: int = 1,
        code: TernaryCode = TernaryCode.TWO_BITS,
        o: NumberFormat | None = None,
        projection: Projection = Projection(),
        structure: SumStructure = SumStructure.COMPRESSOR,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        self._inner = None
        flags: tuple[str, ...] = ()
        if isinstance(a, IntegerFormat):
            low, high = product_range(a, _WEIGHT)
            count = lanes * beats
            self.sum_format = IntegerFormat.holding(low * count, high * count, a.lsb_exponent)
        else:
            self._inner = InnerSum(
                a,
                _WEIGHT,
                count=lanes * beats,
                flush=projection.ftz_in,
                structure=Structure(structure.value),
            )
            self.sum_format, flags = self._inner.sum_format, self._inner.special
        self._result = Result(self.sum_format, flags, o, projection)
        self._sums = Sums(
            {"total": self.sum_format},
            beats=beats,
            adder=adder,
            structure=structure,
            flags=flags,
            kept=self._result.kept,
        )
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {"a": ArrayLayout(a, lanes), "b": code_layout(code, lanes)}
        super().__init__(inputs | self._result.inputs, self._result.outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        if b != _WEIGHT:
            return ()
        job = {"a": str(a), "o": "exact"}
        one_by_one = {**job, "lanes": "1", "beats": str(terms)}
        return DotUse({**job, "lanes": str(terms)}), DotUse(one_by_one, beats=terms)

    def steps(self) -> list[Step]:
        return [*self._sums.steps(self._fill), *self._result.steps()]

    def _fill(self, m: Module, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The terms, and what is kept beside them."""
        p = self.parameters
        plus, minus = decode_ternary(m, values["b"], p.code, p.lanes)
        kept = {name: values[name] for name in self._result.kept}
        if self._inner is not None:
            a = [values["a"][k] for k in range(p.lanes)]
            b = [_WEIGHT(Cat(plus[k] | minus[k], minus[k])) for k in range(p.lanes)]
            rows, flags = self._inner.rows(m, a, b)
            return {"total": rows}, kept | flags
        a = [Value.cast(values["a"][k]) for k in range(p.lanes)]
        if p.lanes == 1 or p.structure is SumStructure.PLAIN:
            lanes = enumerate(zip(a, plus, minus, strict=True))
            terms = [gated(m, x, y, z, f"p_term{k}") for k, (x, y, z) in lanes]
            return {"total": add_all(m, terms, "p")}, kept
        heap = self._sums.heap("total")
        add_gated(m, heap, a, plus, minus, name="p")
        return {"total": heap}, kept
