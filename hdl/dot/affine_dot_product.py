"""Dot product of integers with zero points and an integer scale a group."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from amaranth.hdl import Module, Shape, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.partial_products import add_products
from ..arithmetic.rows import add_rows, rows_of
from ..formats import IntegerFormat
from ..pipeline import Accumulation, Step, wire
from ..unit import Unit, check_positive
from .affine_ranges import factor_formats, sum_format

__all__ = ["AffineDotProduct", "Place"]


class Place(StrEnum):
    """Where a zero point or scale enters. The choice changes cost, never a result bit."""

    #: Once, into the sum of the lanes.
    AFTER = "after"
    #: Into every element before its multiplication.
    BEFORE = "before"


class AffineDotProduct(Unit):
    """Sums the products of integers less their zero points, times an integer scale, exactly.

    ``p = sum over the beats of b_scale * sum((a[k] - a_zero) * (b[k] - b_zero))``. A beat is a
    group: zero points and scale come with each. The sum cannot overflow, whatever the inputs.

    Quantized matrices are this: with a zero point for activations alone it is the integer GEMM of
    TensorFlow Lite, with uint4 weights, their zero point and a ``scale_width`` of 7 the two-level
    weights of DGQ, ``w8 = b_scale * (b - b_zero)``. DGQ chooses its codes so that ``abs(w8)`` is
    127 at most, for the sake of an int8 multiplier; this unit needs no such promise, and products
    beyond it are as exact as the others.

    With ``correction`` ``after``, elements are multiplied as they are and the sum is put right:
    ``sum(a b) - a_zero sum(b) - b_zero (sum(a) - lanes a_zero)``, all on one bit heap with one
    carry-propagating addition (MixPE's order). With ``before`` each lane has a subtractor and a
    multiplier for one bit more. Gates and FO4 of 32 lanes, for area and for speed:

    | operands | corrected | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- | --- |
    | int8, int8, no zero point | | 12,361 | 74 | 23,489 | 51 |
    | one zero point | after | 14,481 | 93 | 24,877 | 60 |
    | | before | 15,038 | 106 | 28,708 | 58 |
    | two zero points | after | 16,607 | 99 | 29,212 | 62 |
    | | before | 19,115 | 118 | 37,958 | 63 |
    | DGQ: int8, uint4 with zero point and scale | after | 9,760 | 108 | 15,744 | 73 |
    | | zero point before | 10,172 | 121 | 20,050 | 75 |
    | | both before | 26,199 | 230 | 53,403 | 78 |

    DGQ's own order, with both before and weights cut to 8 bits by its promise, has 17,532 and
    35,977 gates.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a, b
        Formats of the two vectors' elements.
    lanes
        Products a beat: the size of a group.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    zero_a, zero_b
        Whether the vectors have zero points, in the formats of their elements.
    scale_width
        Bits of the integer scale of ``b``, which is unsigned; 0 where there is none.
    correction
        Where zero points enter: ``after`` the sum of a beat's products or ``before`` the
        multiplication. No result bit changes.
    scaling
        Where the scale enters; ``before`` takes the zero point of ``b`` along. No result bit
        changes.
    structure
        ``compressor`` or ``booth`` make one carry-save tree of all lanes, ``plain`` leaves the
        operators to synthesis; ``auto`` is that of the dot product. No result bit changes.
    adder
        How the tree's last two rows are added. ``plain`` is the choice for FPGAs. No result bit
        changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum, where ``beats`` is above 1
    i.a, i.b : the vectors' elements
    i.a_zero, i.b_zero : zero points, where asked for
    i.b_scale : integer scale, with a ``scale_width``
    o.p : the sum, exact
    """

    reference = (
        "Krishnamoorthi (arXiv 1806.08342), affine products; MixPE (arXiv 2411.16158); "
        "DGQ (arXiv 2310.04836)"
    )

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        b: IntegerFormat = IntegerFormat(8),
        lanes: int = 32,
        beats: int = 1,
        zero_a: bool = True,
        zero_b: bool = False,
        scale_width: int = 0,
        correction: Place = Place.AFTER,
        scaling: Place = Place.AFTER,
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        check_positive("scale width", scale_width, least=0, most=32)
        self._factor_formats = factor_formats(self.parameters)
        self.sum_format = sum_format(self.parameters)
        self._group_format = sum_format(self.parameters, scaled=scaling is Place.BEFORE, beats=1)
        width, signed = self._multiplied()
        self._structure = structure.for_product(a.width, width, b_signed=signed)
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {"a": ArrayLayout(a, lanes), "b": ArrayLayout(b, lanes)}
        if zero_a:
            inputs["a_zero"] = a
        if zero_b:
            inputs["b_zero"] = b
        if scale_width:
            inputs["b_scale"] = IntegerFormat(scale_width, False)
        super().__init__(inputs, {"p": self.sum_format}, stages=stages)

    def _multiplied(self) -> tuple[int, bool]:
        """Bits of what the lanes multiply with, in the place of ``b``, and whether it is signed."""
        p = self.parameters
        corrected = p.correction is Place.BEFORE or self._scaled_first
        factor = self._factor_formats[1] if corrected else p.b
        return factor.width + (p.scale_width if self._scaled_first else 0), factor.signed

    @property
    def _scaled_first(self) -> bool:
        return bool(self.parameters.scale_width) and self.parameters.scaling is Place.BEFORE

    def steps(self) -> list[Step]:
        p = self.parameters
        steps = [Step("decode", self._decode), Step("compress", self._compress)]
        if p.scale_width and not self._scaled_first:
            steps.append(Step("scale", self._scale))
        if p.beats > 1:
            state = {"p": Shape(self.sum_format.width)}
            return [*steps, Accumulation("add", self._add, state=state)]
        return [*steps, Step("add", self._add)]

    # The datapath.

    def _decode(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The numbers that the lanes multiply, and those left for the heap."""
        p = self.parameters
        result = dict(values)
        for side, has_zero in (("a", p.zero_a), ("b", p.zero_b)):
            elements = [Value.cast(values[side][k]) for k in range(p.lanes)]
            scaled = side == "b" and self._scaled_first
            # What is scaled in the lanes must be put right there, too.
            if has_zero and (p.correction is Place.BEFORE or scaled):
                zero = Value.cast(result.pop(f"{side}_zero"))
                elements = [
                    wire(m, f"{side}_corrected{k}", element - zero)
                    for k, element in enumerate(elements)
                ]
            if scaled:
                scale = Value.cast(result.pop("b_scale"))
                # A group's scale is one factor of all lanes' little products.
                elements = [
                    wire(m, f"b_scaled{k}", element * scale) for k, element in enumerate(elements)
                ]
            result[side] = elements
        return result

    def _compress(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """All products and corrections of a beat on one heap, down to two rows."""
        last = not self.parameters.scale_width or self._scaled_first
        heap = BitHeap((self.sum_format if last else self._group_format).width)
        a, b = values.pop("a"), values.pop("b")
        add_products(m, heap, a, b, structure=self._structure)
        if "a_zero" in values:
            self._correct(m, heap, "a", Value.cast(values["a_zero"]), b, None)
        if "b_zero" in values:
            other = Value.cast(values["a_zero"]) if "a_zero" in values else None
            self._correct(m, heap, "b", Value.cast(values["b_zero"]), a, other)
        kept = {k: v for k, v in values.items() if k not in ("a_zero", "b_zero")}
        return {**kept, "rows": self._rows(m, heap, "tree")}

    def _correct(
        self, m: Module, heap: BitHeap, side: str, zero: Value, partners: list[Value], less: Any
    ) -> None:
        """Subtract ``zero * (sum(partners) - lanes * less)``; the latter only if there is one."""
        lanes = self.parameters.lanes
        # Wide enough for either sign.
        sums = BitHeap(len(partners[0]) + lanes.bit_length() + 1)
        for partner in partners:
            sums.add(partner)
        for place in range(lanes.bit_length()):
            if less is not None and lanes >> place & 1:
                sums.add(less, weight=place, negate=True)
        adder, structure, name = self.parameters.adder, self._structure, f"{side}_partners"
        total = sums.sum(m, name=name, structure=structure, adder=adder).as_signed()
        options: dict[str, Any] = {"negate": True, "arrival": 2 * lanes.bit_length()}
        if structure.operators:
            structure = Structure.PLAIN
        name = f"{side}_correction"
        add_products(m, heap, [total], [zero], structure=structure, name=name, **options)

    def _scale(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The group's sum times its scale."""
        total = self._resolved(m, values.pop("rows"), self._group_format.width, "group")
        total = wire(m, "group", total.as_signed() if self._group_format.signed else total)
        heap = BitHeap(self.sum_format.width)
        scale = Value.cast(values.pop("b_scale"))
        structure = Structure.PLAIN if self._structure.operators else Structure.BOOTH
        add_products(m, heap, [total], [scale], structure=structure, name="scaled")
        return {**values, "rows": self._rows(m, heap, "scaling")}

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The rows, and the sum so far, in one carry-propagating addition."""
        rows, width = list(values["rows"]), self.sum_format.width
        if "so_far" in values:
            rows.append(values["so_far"]["p"])
        return {"p": self._resolved(m, rows, width, "total")}

    def _rows(self, m: Module, heap: BitHeap, name: str) -> list[Value]:
        return rows_of(m, heap, structure=self._structure, name=name)

    def _resolved(self, m: Module, rows: Sequence[Value], width: int, name: str) -> Value:
        options: Any = {"structure": self._structure, "adder": self.parameters.adder}
        total = add_rows(m, rows, width, name=f"{name}_add", **options)
        return wire(m, f"{name}_sum", total)
