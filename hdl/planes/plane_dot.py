"""A dot product from bit planes, in one cycle or in several: what its units share."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import xor
from typing import Any

from amaranth.hdl import Cat, Module, Shape, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.compressors import popcount
from ..arithmetic.partial_products import add_products, multiply
from ..arithmetic.rows import add_rows
from ..formats import IntegerFormat
from ..pipeline import Accumulation, Step, wire
from ..pipeline.datapath import Datapath
from ..unit import Unit, check_positive
from .pairs import Counting, Pairs, add_counted
from .plane import Plane, flipped
from .schedule import Schedule, ShiftedSum, Turns, during, select, turns

__all__ = ["MOST_BITS", "PlaneDot", "check_width", "vectors"]

MOST_BITS = 8  # of an element


def check_width(side: str, format: IntegerFormat) -> None:
    """Refuse elements that are too wide for planes.

    Raises:
        ValueError: naming the side and its format.
    """
    if format.width > MOST_BITS:
        raise ValueError(
            f"The elements of '{side}' must have 1 to {MOST_BITS} bits, not {format.name!r}"
        )


def vectors(a: IntegerFormat, b: IntegerFormat, lanes: int, beats: int) -> dict[str, Any]:
    """The input fields that every dot product has.

    Raises:
        ValueError: if there are too many lanes or beats.
    """
    check_positive("number of lanes", lanes)
    check_positive("number of beats", beats, most=1 << 32)
    inputs: dict[str, Any] = {}
    if beats > 1:
        inputs |= {"first": unsigned(1), "last": unsigned(1)}
    return inputs | {"a": ArrayLayout(a, lanes), "b": ArrayLayout(b, lanes)}


class PlaneDot(Unit):
    """The datapath between planes and sum, for any schedule.

    A unit sets what stands here before it calls the constructor of :class:`Unit`, and makes its
    planes in :meth:`planes`.

    Attributes
    ----------
    sum_format : IntegerFormat
        Holds every sum of all beats.
    beat_range : tuple of int
        The least sum of one beat and the greatest, 0 between them.
    counting : Counting
        The structure chosen.
    inputs : dict
        The fields of the input.
    """

    sum_format: IntegerFormat
    beat_range: tuple[int, int]
    counting: Counting
    inputs: dict[str, Any]
    scale_width: int = 0
    bipolar: bool = False
    _turns: Turns

    def plan(self, schedule: Schedule, a_planes: int, b_planes: int) -> None:
        """Set what depends on the schedule."""
        self._turns = turns(schedule, a_planes, b_planes)
        self.interval = self._turns.cycles

    def planes(self, m: Module, values: dict[str, Any]) -> tuple[list[Plane], list[Plane]]:
        """The planes of both vectors; takes what they are made of out of ``values``."""
        raise TypeError(f"{type(self).__name__} must define its planes")

    def steps(self) -> list[Step]:
        if self.interval > 1:
            return self._serial_steps()
        steps = [Step("count", self._count)]
        if self.parameters.beats > 1:
            state = {"total": Shape(self.sum_format.width)}
            return [*steps, Accumulation("add", self._add, state=state), Step("end", self._end)]
        return [*steps, Step("add", lambda m, values: self._end(m, self._add(m, values)))]

    def _pairs(self, a: Sequence[Plane], b: Sequence[Plane], values: dict[str, Any]) -> Pairs:
        p = self.parameters
        return Pairs(a, b, p.lanes, self.bipolar, values.get("mask"), values.get("counted"))

    # All pairs in one cycle.

    def _count(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The pairs on one heap, down to two rows."""
        values = dict(values)
        pairs = self._pairs(*self.planes(m, values), values)
        scale = values.pop("b_scale", None)
        width = self.sum_format.width
        group = pairs.format(signs=True)
        heap = BitHeap(width if scale is None else group.width)
        add_counted(m, heap, pairs, self.counting, self.parameters.adder, "pairs")
        if scale is not None:
            total = heap.sum(m, name="group", adder=self.parameters.adder)
            total = total.as_signed() if group.signed else total
            heap = BitHeap(width)
            scale = Value.cast(scale)
            add_products(m, heap, [total], [scale], structure=Structure.BOOTH, name="scaled")
        bounds = {k: v for k, v in values.items() if k in ("first", "last")}
        return {**bounds, "rows": heap.compress(m, name="tree")}

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The rows, and the sum so far, in one carry-propagating addition."""
        rows = list(values["rows"])
        if "so_far" in values:
            rows.append(values["so_far"]["total"])
        total = add_rows(m, rows, self.sum_format.width, adder=self.parameters.adder)
        return {"total": wire(m, "total", total)}

    def _end(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        return {"p": values["total"]}

    # A plane or a pair in each cycle.

    def _serial_steps(self) -> list[Step]:
        term, beats = self._term_format(), self.parameters.beats
        # A sum that another beat is added to has one beat less.
        before = [(beats - 1) * bound for bound in self.beat_range]
        self._sum = ShiftedSum(term, self._turns, self.sum_format, (before[0], before[1]))
        return [
            Step("select", self._select),
            Step("count", self._count_turn),
            Accumulation("add", self._add_turn, state=self._sum.state),
            Step("end", lambda m, values: {"p": self._sum.result(values)}),
        ]

    def _term_format(self) -> IntegerFormat:
        """Holds what one cycle gives."""
        # Recorded for its planes' weights and signs alone.
        recording: Any = Datapath()
        inputs = {name: Signal(shape) for name, shape in self.inputs.items()}
        values = self._select(recording, {**inputs, "phase": Signal(range(self.interval))})
        term: IntegerFormat = values["pairs"].format(signs=True)
        factor = max((1 << self.scale_width) - 1, 1)
        low, high = term.min_integer * factor, term.max_integer * factor
        if values["minus"] is not None:
            low, high = min(low, -high), max(high, -low)
        return IntegerFormat.holding(low, high)

    def _select(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The planes whose turn it is, and whether their sum is negative."""
        values = dict(values)
        a, b = self.planes(m, values)
        phase, turn = values.pop("phase"), self._turns
        negative = {c for c, j in enumerate(turn.a) if a[j].negative}
        chosen = [select(m, a, turn.a, phase, "a")]
        if turn.b is not None:
            negative ^= {c for c, i in enumerate(turn.b) if b[i].negative}
            b = [select(m, b, turn.b, phase, "b")]
            chosen += b
        signs = [plane.zero for plane in chosen if plane.zero is not None]
        if negative:
            signs.append(during(m, phase, negative, "negative"))
        # Which sign a chosen plane has is one question with that of its weight.
        chosen = [Plane(flipped(m, plane, f"side{n}"), 0) for n, plane in enumerate(chosen)]
        pairs = self._pairs(chosen[:1], chosen[1:] or b, values)
        minus = wire(m, "minus", reduce(xor, signs)) if signs else None
        flags = turn.flags(m, phase, self.parameters.beats)
        return {**values, **flags, "pairs": pairs, "minus": minus}

    def _count_turn(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The sum over the chosen pairs."""
        pairs, adder = values.pop("pairs"), self.parameters.adder
        format = pairs.format(signs=True)
        heap = BitHeap(format.width)
        if self.counting is Counting.MERGED and pairs.b[0].zero is not None:
            pairs = self._put_right(m, heap, pairs)
        add_counted(m, heap, pairs, self.counting, adder, "pairs")
        term = heap.sum(m, name="term", adder=adder)
        term = term.as_signed() if format.signed else term
        if self.scale_width:
            scale = Value.cast(values.pop("b_scale"))
            options = {"structure": Structure.BOOTH, "adder": adder, "name": "scaled"}
            term = multiply(m, term, scale, **options)
        return {**values, "term": term}

    def _put_right(self, m: Module, heap: BitHeap, pairs: Pairs) -> Pairs:
        """Subtract the zero point of ``b`` for every one of the chosen plane; what remains to sum
        has none."""
        zero = Cat(plane.zero for plane in pairs.b if plane.zero is not None)
        if pairs.b[-1].negative:
            zero = zero.as_signed()
        ones = popcount(m, pairs.a[0].bits, adder=self.parameters.adder)
        add_products(m, heap, [ones], [zero], negate=True, name="b_correction")
        return replace(pairs, b=[plane._replace(zero=None) for plane in pairs.b])

    def _add_turn(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The sum so far, moved, and what this cycle gives."""
        return self._sum.add(m, values, values["term"], values["minus"], self.parameters.adder)
