"""Dot product of bipolar integers, whose bits are all -1 or +1, from bit planes."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Value

from ..arithmetic.adders import Adder
from ..formats import IntegerFormat, NumberFormat
from ..pipeline import wire
from ..unit import DotUse
from .pairs import Counting
from .plane import Plane, bipolar_planes, integer_planes, odd_planes
from .plane_dot import MOST_BITS, PlaneDot, check_width, vectors
from .schedule import Schedule

__all__ = ["BipolarDot", "Encoding"]


class Encoding(StrEnum):
    """What the bits of activations mean."""

    #: Every bit is -1 or +1, times its power of two.
    BIPOLAR = "bipolar"
    #: What the format says: unsigned or two's complement.
    INTEGER = "integer"


class BipolarDot(PlaneDot):
    """Sums the products of bipolar integers exactly, by XOR gates on bit planes.

    Each bit of a bipolar integer is -1 or +1, times its power of two: a code ``u`` of n bits is the
    number ``2 u - (2**n - 1)``, one of the odd integers from ``-(2**n - 1)`` to ``2**n - 1``. There
    is no zero, no sign plane and no code without a negative. The sum of the products is

    ``K (2**p - 1) (2**q - 1) - 2 sum(2**(i + j) * popcount(a_j ^ b_i))``

    for K lanes, in which the constant is free on the tree. It cannot overflow. Codes are unsigned
    integers on the ports; a two's complement weight w with its top bit inverted is the code of
    ``2 w + 1`` (APT-LLM).

    Zero bits mean -1, so lanes left over by a vector are not left out by zeros: with ``masked``,
    ``count`` says how many lanes count, from lane 0 up, and what the others hold does not matter.

    With activations ``integer``, weights are bipolar and activations two's complement or unsigned.
    The weight is then the odd integer ``2 w + 1``, whose lowest plane is all ones, and the gates
    are ANDs: one plane of ``b`` more. Of single bits, both sides bipolar give ``K - 2 popcount(a ^
    b)``, activations of 0 and 1 ``2 popcount(a & b) - popcount(a)``, and bitplane-dot with uint1
    ``popcount(a & b)``: the three encodings of APNN-TC.

    Gates and FO4 of the parallel schedule for 32 lanes, against AND planes of integers of the same
    widths and against multiplying the odd numbers, which are one bit wider in two's complement:

    | widths | way | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- | --- |
    | 2, 2 | XOR planes | 1,057 | 44 | 1,967 | 31 |
    | | bitplane-dot, int2 | 887 | 44 | 1,533 | 30 |
    | 4, 4 | XOR planes | 4,077 | 56 | 7,314 | 40 |
    | | masked | 4,476 | 79 | 7,832 | 47 |
    | | integer activations | 4,392 | 57 | 7,347 | 41 |
    | | odd numbers, AND array | 5,170 | 58 | 8,977 | 43 |
    | | odd numbers, Booth | 5,326 | 62 | 9,614 | 44 |
    | | bitplane-dot, int4 | 3,618 | 54 | 6,273 | 40 |
    | 6, 6 | XOR planes | 9,001 | 67 | 16,090 | 47 |
    | | odd numbers, AND array | 10,422 | 66 | 18,043 | 47 |
    | | odd numbers, Booth | 9,763 | 71 | 18,277 | 49 |
    | | bitplane-dot, int6 | 8,103 | 63 | 13,883 | 45 |
    | | XOR planes, activation_serial: 6 cycles | 1,987 | 80 | 4,119 | 51 |
    | | bitplane-dot, activation_serial: 6 cycles | 1,791 | 84 | 3,354 | 51 |
    | 8, 8 | XOR planes | 15,820 | 73 | 28,522 | 51 |
    | | odd numbers, Booth | 15,319 | 77 | 29,276 | 52 |

    Planes are how to multiply bipolar numbers: 8 % smaller than Booth digits at 6 bits, and 3 %
    larger at 8 bits, where they are still the faster way. But the encoding itself does not save
    gates: an XOR costs more than an AND, 11 to 19 % of the whole unit, and the signs of two's
    complement that it avoids are constants of the tree. What it gives is a range without a wasted
    code and, at one bit, weights that are never 0.

    Latency is ``stages`` cycles, one more where there are several cycles or beats, and the cycles;
    throughput is one beat in as many cycles as the schedule says.

    Parameters
    ----------
    a, b
        Formats of the codes of activations and weights, 1 to 8 bits: unsigned, but for integer
        activations.
    lanes
        Products a beat.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    activations
        ``bipolar``, or ``integer``: what their format says.
    masked
        Whether ``count`` says how many lanes of a beat count. Integer activations need none: lanes
        to leave out are activations of 0.
    schedule
        ``parallel`` works on all plane pairs at once, ``activation_serial`` on one plane of ``a``
        a cycle, ``serial`` on one pair a cycle. No result bit changes.
    structure
        ``merged`` puts all bits on one tree, which ``auto`` chooses; ``planes`` sums up for each
        plane of ``a`` first. No result bit changes.
    adder
        How rows are added. ``plain`` is the choice for FPGAs, which have carry chains. No result
        bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum, where ``beats`` is above 1
    i.a, i.b : codes of the vectors' elements
    i.count : lanes that count, where ``masked``; more than there are mean all
    o.p : the sum, exact
    """

    reference = "Bipolar-INT (arXiv 2409.17870); APT-LLM (arXiv 2508.19087); APNN-TC (2106.12169)"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(4, False),
        b: IntegerFormat = IntegerFormat(4, False),
        lanes: int = 32,
        beats: int = 1,
        activations: Encoding = Encoding.BIPOLAR,
        masked: bool = False,
        schedule: Schedule = Schedule.PARALLEL,
        structure: Counting = Counting.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        self.bipolar = activations is Encoding.BIPOLAR
        for side, format in (("a", a), ("b", b)):
            check_width(side, format)
            if (side == "b" or self.bipolar) and (format.signed or format.fraction):
                raise ValueError(
                    f"The codes of bipolar elements '{side}' must be unsigned integers, as "
                    f"'uint{format.width}', not {format.name!r}"
                )
        if masked and not self.bipolar:
            raise ValueError(
                "With integer activations 'masked' must be 'false', not 'true': lanes to leave out "
                "are activations of 0"
            )
        self.inputs = vectors(a, b, lanes, beats)
        if masked:
            self.inputs["count"] = IntegerFormat(lanes.bit_length(), False)
        ones = (1 << b.width) - 1
        most = (1 << a.width) - 1 if self.bipolar else max(a.max_integer, -a.min_integer)
        most *= ones * lanes
        self.beat_range = -most, most
        self.sum_format = IntegerFormat.holding(-most * beats, most * beats, a.lsb_exponent)
        self.counting = Counting.MERGED if structure is Counting.AUTO else structure
        self.plan(schedule, a.width, b.width + (not self.bipolar))
        super().__init__(self.inputs, {"p": self.sum_format}, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        if not all(isinstance(x, IntegerFormat) and x.width <= MOST_BITS for x in (a, b)):
            return ()
        if b.lsb_exponent:
            return ()
        codes = f"uint{b.width}"
        job = {"a": str(a), "b": codes, "activations": "integer", "lanes": str(terms)}
        most = (1 << b.width) - 1
        note = f"weights are the odd integers from -{most} to {most}"
        schedules = (Schedule.PARALLEL, Schedule.ACTIVATION_SERIAL)
        return [DotUse({**job, "schedule": s.value}, note=note) for s in schedules]

    def planes(self, m: Module, values: dict[str, Any]) -> tuple[list[Plane], list[Plane]]:
        p = self.parameters
        a, b = values.pop("a"), values.pop("b")
        a, b = ([Value.cast(vector[k]) for k in range(p.lanes)] for vector in (a, b))
        if not self.bipolar:
            return integer_planes(m, a, p.a, "a", None), odd_planes(m, b, "b")
        if p.masked:
            count = Value.cast(values.pop("count"))
            mask = Cat(count > lane for lane in range(p.lanes))
            values["mask"] = wire(m, "mask", mask)
            # More than all lanes are all lanes.
            values["counted"] = wire(m, "counted", Mux(count > p.lanes, p.lanes, count))
        return bipolar_planes(m, a, "a"), bipolar_planes(m, b, "b")
