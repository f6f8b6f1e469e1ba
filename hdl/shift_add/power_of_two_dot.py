"""Dot product with weights that are sums of a few powers of two."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..formats import IntegerFormat, NumberFormat
from ..pipeline import Step, wire
from ..unit import DotUse, Unit, check_positive
from .fixed_point import FixedOverflow, FixedRounding, to_fixed_point
from .gated import gated
from .sums import Sums, SumStructure, WithCarry, add_all

__all__ = ["PowerCode", "PowerOfTwoDot"]


class PowerCode(StrEnum):
    """How a power of two, its sign and zero are written."""

    #: From the top: whether there is a power, whether it is negative, and its position.
    FLAGGED = "flagged"
    #: From the top: whether it is negative, and its position plus one, 0 for none: a float without
    #: mantissa. One bit shorter, for one position less.
    EXPONENT = "exponent"


class PowerOfTwoDot(Unit):
    """Sums elements times weights that are sums of one to four signed powers of two.

    ``p = sum(a[k] * b[k])`` over the lanes and beats from ``first`` to ``last``, with ``b[k]`` the
    sum of ``powers`` terms, each 0 or ``(-1)**s * 2**(least + position)``. Powers may be equal: a
    weight can be twice the highest one. The sum is exact and cannot overflow; with ``o`` it is
    rounded once, at the end, to fixed point, as high-level synthesis has it: in QFX, whose weights
    these are, binary points are learned and every number is fixed point.

    A power of two is a shift, a choice among places. Gates and FO4 of 16 lanes of int8 and 8
    positions, for area and for speed, beside dot products with weights of as many bits:

    | unit | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- |
    | one power | 2,839 | 69 | 5,162 | 38 |
    | dot-product with ``b=int4`` | 3,549 | 54 | 6,217 | 38 |
    | two powers | 5,792 | 74 | 10,580 | 42 |
    | three powers | 8,654 | 78 | 15,358 | 46 |
    | dot-product with ``b=int8`` | 6,150 | 69 | 11,299 | 43 |

    Two powers cost nearly what a multiplication by all of int8 does, and three cost more: where
    weights have more than one, they save gates only if they are constants.

    Given up: to add a weight's powers first and to multiply with Booth digits (7,488, 9,189 and
    10,546 gates); and to make the two largest shifts in one, a choice among four places (2,976 and
    6,075 gates, 1 FO4 less).

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a
        Format of the elements.
    powers
        Powers of a weight, 1 to 4: four make every integer of 8 bits.
    position_bits
        Bits of a position, 1 to 4.
    least
        Exponent of the lowest position; it only moves the binary point.
    code
        How a power is written.
    lanes
        Elements a beat.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    o
        Format of the result; ``exact`` is the sum itself.
    rounding
        Which neighbour a sum becomes that has more fraction bits than ``o``.
    overflow
        What a sum beyond ``o`` becomes, after rounding.
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
    i.b : the powers, those of the first weight first
    o.p : result
    """

    reference = "QFX, trainable fixed-point quantization for FPGAs (arXiv 2401.17544)"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        powers: int = 2,
        position_bits: int = 3,
        least: int = 0,
        code: PowerCode = PowerCode.FLAGGED,
        lanes: int = 16,
        beats: int = 1,
        o: IntegerFormat | None = None,
        rounding: FixedRounding = FixedRounding.FLOOR,
        overflow: FixedOverflow = FixedOverflow.WRAP,
        structure: SumStructure = SumStructure.COMPRESSOR,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of powers", powers, most=4)
        check_positive("number of position bits", position_bits, most=4)
        check_positive("least exponent", least, least=-64, most=64)
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        top = (1 << position_bits) - (1 if code is PowerCode.FLAGGED else 2)
        self.weight_format = IntegerFormat.holding(-powers << top, powers << top, least)
        most = (powers << top) * max(a.max_integer, -a.min_integer) * lanes * beats
        self.sum_format = IntegerFormat.holding(-most, most, a.lsb_exponent + least)
        self._sums = Sums(
            {"p": self.sum_format},
            beats=beats,
            adder=adder,
            structure=structure,
        )
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        digit = unsigned(position_bits + (2 if code is PowerCode.FLAGGED else 1))
        inputs |= {"a": ArrayLayout(a, lanes), "b": ArrayLayout(digit, lanes * powers)}
        super().__init__(inputs, {"p": o or self.sum_format}, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        # Two signed powers of two up to 8 make every integer of four bits.
        if not isinstance(a, IntegerFormat) or b not in (IntegerFormat(4), IntegerFormat(3)):
            return ()
        job = {"a": str(a), "powers": "2", "position_bits": "2", "lanes": str(terms)}
        return (DotUse(job, note="weights are held as two signed powers of two"),)

    def steps(self) -> list[Step]:
        steps = self._sums.steps(self._fill)
        return steps if self.parameters.o is None else [*steps, Step("round", self._round)]

    # The datapath.

    def _digits(self, values: dict[str, Any], lane: int) -> Iterator[tuple[Value, Value, Value]]:
        """Of each power of a weight: whether there is one, its sign, its position."""
        p = self.parameters
        for k in range(p.powers * lane, p.powers * (lane + 1)):
            digit = Value.cast(values["b"][k])
            position = digit[: p.position_bits]
            if p.code is PowerCode.FLAGGED:
                yield digit[-1], digit[-2], position
            else:
                yield position.any(), digit[-1], (position - 1)[: p.position_bits]

    def _fill(self, m: Module, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        p = self.parameters
        a = [Value.cast(values["a"][k]) for k in range(p.lanes)]
        terms = []
        for lane, x in enumerate(a):
            for k, (some, negative, position) in enumerate(self._digits(values, lane)):
                name = f"term{lane}_{k}"
                term = gated(m, x, some & ~negative, some & negative, f"{name}_signed")
                terms.append(_shifted(m, term, position, name))
        if p.structure is SumStructure.PLAIN or len(terms) == 1:
            return {"p": add_all(m, terms, "p")}, {}
        heap = self._sums.heap("p")
        for term in terms:
            heap.add(term.value)
        heap.add_column(Cat(term.carry for term in terms))
        return {"p": heap}, {}

    def _round(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        total = Value.cast(values["p"])
        return {"p": to_fixed_point(m, total, self.sum_format, p.o, p.rounding, p.overflow)}


def _shifted(m: Module, term: WithCarry, amount: Value, name: str) -> WithCarry:
    """The term times a power of two: of an inverted one, ones follow below, so that its carry
    still completes the negation. The small shifts come first, where the value is still narrow."""
    value = term.value
    for place in range(len(amount)):
        step = 1 << place
        up = Cat(term.carry.replicate(step), value)
        kept = Cat(value, value[-1].replicate(step))
        value = wire(m, f"{name}_by{step}", Mux(amount[place], up, kept))
    return WithCarry(value.as_signed(), term.carry)
