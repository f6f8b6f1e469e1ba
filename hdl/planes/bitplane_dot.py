"""Dot product of integers of any small widths from bit planes."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Value

from ..arithmetic.adders import Adder
from ..dot.affine_ranges import sum_format, sum_range
from ..formats import IntegerFormat, NumberFormat
from ..unit import DotUse, check_positive
from .pairs import Counting
from .plane import Plane, integer_planes
from .plane_dot import MOST_BITS, PlaneDot, check_width, vectors
from .schedule import Schedule

__all__ = ["BitplaneDot"]


class BitplaneDot(PlaneDot):
    """Sums the products of small integers exactly, by AND gates on bit planes and counts of ones.

    ``p = sum over the beats of b_scale * sum((a[k] - a_zero) * (b[k] - b_zero))``, where zero
    points and scale are optional. Plane ``j`` of ``a`` and plane ``i`` of ``b`` have in common
    ``P = popcount(a_j & b_i)`` lanes, and the sum is that of all ``P * 2**(i + j)``, negative where
    one of both is a sign plane of two's complement. The sum cannot overflow, whatever the inputs.

    This is what FlexQ computes for W6A6 and W6A8 on GPUs' binary tensor cores, but for its
    rounding: there every plane pair is scaled and summed in fp32, here planes are combined in
    integers and a group's sum is exact. Its two fp16 scales a group come afterwards:
    float-multiplier makes one of both, float-converter makes fp32 of the sum (exactly, from 2^24
    down), and a second multiplier their product.

    A zero point costs a gate a lane and plane, and no subtractor: a bit less a bit of the zero
    point is their XOR, and the plane's sum is negative where the zero point's bit is 1. Lanes left
    over by a vector must hold zeros, or, where there are zero points, one of these.

    Gates, FO4 and their product with the cycles a beat, 32 lanes of int6 and int6:

    | schedule, zero points | structure | cycles | area | FO4 | times cycles | speed | FO4 |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | parallel | merged | 1 | 8,103 | 63 | 8,103 | 13,883 | 45 |
    | | planes | 1 | 8,199 | 68 | 8,199 | 13,587 | 48 |
    | dot-product, Booth | | 1 | 7,387 | 68 | 7,387 | 13,643 | 46 |
    | activation_serial | merged | 6 | 1,791 | 84 | 10,746 | 3,354 | 51 |
    | serial | | 36 | 1,205 | 86 | 43,380 | 1,769 | 46 |
    | parallel, zero_a | planes | 1 | 8,777 | 84 | 8,777 | 14,960 | 55 |
    | affine-dot-product, zero_a | | 1 | 8,949 | 81 | 8,949 | 16,232 | 53 |
    | parallel, both | planes | 1 | 10,712 | 89 | 10,712 | 18,141 | 59 |
    | affine-dot-product, both | | 1 | 10,445 | 82 | 10,445 | 18,870 | 56 |
    | activation_serial, zero_a | merged | 6 | 1,891 | 110 | 11,346 | 3,680 | 55 |
    | activation_serial, zero_b | merged | 6 | 2,258 | 111 | 13,548 | 3,973 | 68 |
    | | planes | 6 | 2,450 | 95 | 14,700 | 4,309 | 58 |

    So bit planes do not save gates by themselves. On one tree their AND gates are a multiplier's,
    gate for gate: ``merged`` is the dot product's ``compressor`` structure, and Booth digits are
    9 % smaller. A serial schedule is a smaller unit, not a cheaper dot product: the planes must be
    chosen among those held, which is half the gates of ``serial`` (605 of 1,205 are left where
    planes arrive one by one). What they do save is zero points: one costs 674 gates here and 1,562
    in the affine dot product, which has Booth digits to make up for it.

    A count for each pair, as a binary tensor core gives it, took 11 % more gates than ``merged``
    and, with ``zero_a``, 17 % more than ``planes``; it is no choice.

    Serial sums run from the lowest weight up and move down; from the highest weight down they took
    1 % (``activation_serial``) and 4 % (``serial``) more gates, 2 % fewer and 8 % more for speed,
    and 6 % more FO4 for speed.

    Latency is ``stages`` cycles, one more where there are several cycles or beats, and the cycles;
    throughput is one beat in as many cycles as the schedule says.

    Parameters
    ----------
    a, b
        Formats of activations and weights: two's complement or unsigned, 1 to 8 bits.
    lanes
        Products a beat: the size of a group, or a part of it.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    zero_a, zero_b
        Whether the vectors have zero points, in the formats of their elements.
    scale_width
        Bits of the integer scale of a beat, which is unsigned; 0 where there is none.
    schedule
        ``parallel`` works on all plane pairs at once, ``activation_serial`` on one plane of ``a``
        a cycle, ``serial`` on one pair a cycle. No result bit changes.
    structure
        ``merged`` puts all bits on one tree; ``planes`` sums up for each plane of ``a`` first, or
        of ``b`` if only that has a zero point, or for each pair if both have. ``auto`` is
        ``merged``, or ``planes`` in the parallel schedule with zero points, whose signs a tree of
        all bits cannot have. With ``zero_b`` in the activation-serial schedule, ``merged``
        subtracts the zero point times the ones of each plane of ``a``. No result bit changes.
    adder
        How rows are added. ``plain`` is the choice for FPGAs, which have carry chains. No result
        bit changes.
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
        "FlexQ (arXiv 2508.04405), INT6 on binary tensor cores; APNN-TC (arXiv 2106.12169) and "
        "ABQ-LLM (arXiv 2408.08554), its ancestors"
    )

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(6),
        b: IntegerFormat = IntegerFormat(6),
        lanes: int = 32,
        beats: int = 1,
        zero_a: bool = False,
        zero_b: bool = False,
        scale_width: int = 0,
        schedule: Schedule = Schedule.PARALLEL,
        structure: Counting = Counting.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_width("a", a)
        check_width("b", b)
        self.inputs = vectors(a, b, lanes, beats)
        self.scale_width = check_positive("scale width", scale_width, least=0, most=32)
        self.sum_format = sum_format(self.parameters)
        self.beat_range = sum_range(self.parameters)
        if zero_a:
            self.inputs["a_zero"] = a
        if zero_b:
            self.inputs["b_zero"] = b
        if scale_width:
            self.inputs["b_scale"] = IntegerFormat(scale_width, False)
        self.counting = structure
        signed_sums = schedule is Schedule.PARALLEL and (zero_a or zero_b)
        if structure is Counting.AUTO:
            self.counting = Counting.PLANES if signed_sums else Counting.MERGED
        elif structure is Counting.MERGED and signed_sums:
            raise ValueError(
                "With zero points the structure of the parallel schedule must be 'planes', not "
                "'merged'"
            )
        self.plan(schedule, a.width, b.width)
        super().__init__(self.inputs, {"p": self.sum_format}, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        if not all(isinstance(x, IntegerFormat) and x.width <= MOST_BITS for x in (a, b)):
            return ()
        job = {"a": str(a), "b": str(b), "lanes": str(terms)}
        return [DotUse({**job, "schedule": schedule.value}) for schedule in Schedule]

    def planes(self, m: Module, values: dict[str, Any]) -> tuple[list[Plane], list[Plane]]:
        p = self.parameters
        planes = []
        for side, format in (("a", p.a), ("b", p.b)):
            vector = values.pop(side)
            elements = [Value.cast(vector[k]) for k in range(p.lanes)]
            zero = values.pop(f"{side}_zero", None)
            zero = None if zero is None else Value.cast(zero)
            planes.append(integer_planes(m, elements, format, side, zero))
        return planes[0], planes[1]
