"""Dot product of a group with weights of few bits, by shifted copies, put right once a group."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from amaranth.hdl import Const, Module, Shape, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.partial_products import add_products
from ..dot.inner_sum import InnerSum
from ..formats import FloatFormat, IntegerFormat, NumberFormat, Projection
from ..pipeline import Step
from ..unit import DotUse, Unit, check_positive
from .scaled_result import ScaledResult
from .sums import Sums, SumStructure

__all__ = ["ShiftAddDot"]

_ONE = IntegerFormat(1, False)
_MOST_WEIGHT_BITS = 8


class ShiftAddDot(Unit):
    """Sums elements times weights of few bits over a group, and dequantizes the group's sum.

    ``p = project(scale * (sum(a[k] * b[k]) - b_zero * sum(a[k])))``, the sums over the lanes and
    beats from ``first`` to ``last``, which are a group of weights; zero point and scale are those
    of its last beat. All of it is exact, up to the one rounding to ``o``.

    This is MixPE's order, W4A8 and W4A16: neither a zero point nor a scale meets the products, both
    meet the group's sum. A multiplication by a weight of few bits is its elements' copies, shifted
    and gated by the weight's bits, on one carry-save tree for all lanes. Of floats these are copies
    of significands; their sums are aligned to one fixed point, so that the group's sum is exact,
    too. With a zero point an infinite element makes NaN; without one, exceptions are as in the dot
    product.

    Gates and FO4 of groups of 128, 32 lanes of int8 in 4 beats, for area and for speed:

    | unit | weights | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- | --- |
    | shift-add-dot | uint4, zero point | 9,662 | 76 | 15,045 | 50 |
    | with ``structure=booth`` | | 10,577 | 85 | 18,666 | 51 |
    | with ``scale=fp16 o=fp32`` | | 11,613 | 209 | 15,019 | 86 |
    | affine-dot-product, a zero point a beat | uint4, zero point | 9,409 | 87 | 14,848 | 58 |
    | shift-add-dot | int4 | 6,430 | 82 | 11,579 | 50 |
    | with ``structure=compressor``; dot-product | | 7,352 | 76 | 12,386 | 50 |
    | dot-product | int8 | 12,655 | 88 | 24,411 | 55 |

    And of 8 lanes of fp16 in 16 beats, rounded to fp32:

    | weights | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- |
    | int4 | 7,898 | 202 | 13,480 | 65 |
    | int4, zero point | 13,986 | 290 | 19,544 | 79 |

    Shifts and adds are the AND array of a multiplier, gate by gate: what is saved is what 4 bits
    save. The zero point once a group keeps its multiplication out of every beat's path, for the
    registers of a second sum; signed weights without one save a third of the gates. Of floats it
    costs a second aligned sum of all elements: fold it into signed weights instead.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a
        Format of the elements.
    b
        Format of the weights, of 1 to 8 bits.
    lanes
        Elements a beat.
    beats
        The most beats of a group; the accumulators are sized for them.
    zero
        Whether groups have a zero point, in the format of the weights.
    scale
        Format of the groups' scales; ``none``: the sum is not scaled.
    o
        Format of the result; ``exact`` is the sum itself, as fixed point, with flags for NaN and
        infinities where they can occur (the sum is then 0). A scaled sum is a float.
    projection
        Rounding mode and policies of the result.
    structure
        ``compressor`` adds the gated copies as they are, ``booth`` (integers only) two at a time,
        by recoding the weights, ``plain`` leaves the operators to synthesis; ``auto`` is that of
        the dot product. No result bit changes.
    adder
        How the tree's last two rows are added. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a group, where ``beats`` is above 1
    i.a : the elements
    i.b : the weights
    i.b_zero : zero point, where groups have one
    i.scale : scale, where groups have one
    i.random : ``random_bits`` bits, in stochastic modes only; those of the last beat count
    o.p : result
    o.nan, o.plus_infinity, o.minus_infinity : flags of an exact result, where they can occur
    """

    reference = "MixPE, mixed-precision quantized matrix products (arXiv 2411.16158)"

    def __init__(
        self,
        *,
        a: NumberFormat = IntegerFormat(8),
        b: IntegerFormat = IntegerFormat(4, False),
        lanes: int = 32,
        beats: int = 4,
        zero: bool = True,
        scale: FloatFormat | None = None,
        o: NumberFormat | None = None,
        projection: Projection = Projection(),
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        check_positive("number of weight bits", b.width, most=_MOST_WEIGHT_BITS)
        options: dict[str, Any] = {"count": lanes * beats, "flush": projection.ftz_in}
        self._products = InnerSum(a, b, structure=structure, **options)
        plain = self._products.structure.operators
        tree = Structure.PLAIN if plain else Structure.COMPRESSOR
        self._elements = InnerSum(a, _ONE, structure=tree, **options)
        flags = self._products.special
        self.sum_format = self._products.sum_format
        most, formats = 0, {"total": self.sum_format}
        kept: dict[str, Shape] = {}
        if zero:
            span = b.max_integer - b.min_integer
            most = span * max(a.max_integer, -a.min_integer) * lanes * beats
            self.sum_format = IntegerFormat.holding(-most, most, self.sum_format.lsb_exponent)
            formats["a_sum"] = self._elements.sum_format
            # Less than an infinity is none that could be told.
            flags, kept = flags[:1], {"b_zero": Shape(b.width, b.signed)}
        self._flags = flags
        scaled = self.sum_format
        if zero and scale is not None and most < 1 << scaled.width - 1:
            # Its magnitude, which the scale multiplies, is then a bit shorter.
            scaled = replace(scaled, narrow=True)
        self._result = ScaledResult(scaled, flags, o, projection, scale, adder)
        self._sums = Sums(
            formats,
            beats=beats,
            adder=adder,
            structure=SumStructure.PLAIN if plain else SumStructure.COMPRESSOR,
            flags=flags,
            kept=kept | self._result.kept,
        )
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {"a": ArrayLayout(a, lanes), "b": ArrayLayout(b, lanes)}
        if zero:
            inputs["b_zero"] = b
        super().__init__(inputs | self._result.inputs, self._result.outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        if not isinstance(b, IntegerFormat) or b.width > _MOST_WEIGHT_BITS:
            return ()
        job = {"a": str(a), "b": str(b), "zero": "false"}
        return (DotUse({**job, "lanes": str(terms), "beats": "1"}),)

    def steps(self) -> list[Step]:
        correct = [Step("correct", self._correct)] if self.parameters.zero else []
        return [*self._sums.steps(self._fill), *correct, *self._result.steps()]

    # The datapath.

    def _fill(self, m: Module, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The sum of a beat's products, and where zero points are that of its elements."""
        p = self.parameters
        a, b = ([values[side][k] for k in range(p.lanes)] for side in "ab")
        rows, flags = self._products.rows(m, a, b)
        terms = {"total": rows}
        if p.zero:
            ones = [_ONE(Const(1, 1))] * p.lanes
            terms["a_sum"], infinite = self._elements.rows(m, a, ones, name="a_")
            if len(flags) > 1:
                plus, minus = (infinite[f"{side}_infinity"] for side in ("plus", "minus"))
                flags = {"nan": flags["nan"] | plus | minus}
        return terms, {name: values[name] for name in self._kept} | flags

    @property
    def _kept(self) -> list[str]:
        return [*(["b_zero"] if self.parameters.zero else []), *self._result.kept]

    def _correct(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The group's sum less the zero point times the sum of its elements."""
        p = self.parameters
        heap = BitHeap(self.sum_format.width)
        heap.add(_read(values["total"], self._products.sum_format))
        elements = _read(values["a_sum"], self._elements.sum_format)
        zero = _read(values["b_zero"], p.b)
        tree = self._products.structure
        structure = Structure.PLAIN if tree.operators else Structure.COMPRESSOR
        add_products(
            m, heap, [elements], [zero], negate=True, structure=structure, name="correction"
        )
        total = heap.sum(m, name="corrected", structure=structure, adder=p.adder)
        kept = {name: values[name] for name in (*self._flags, *self._result.kept)}
        return {**kept, "total": total}


def _read(value: Any, format: IntegerFormat) -> Value:
    value = Value.cast(value)
    return value.as_signed() if format.signed else value.as_unsigned()
