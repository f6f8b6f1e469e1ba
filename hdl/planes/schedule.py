"""Which planes are worked on in which cycle, and how the cycles' sums are put together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Value

from ..arithmetic.adders import Adder, add
from ..formats import IntegerFormat
from ..pipeline import wire
from .plane import Plane

__all__ = ["Schedule", "ShiftedSum", "Turns", "during", "select", "turns"]


class Schedule(StrEnum):
    """How many plane pairs are worked on at once. The choice changes cost and time, never a
    result bit."""

    #: All pairs in one cycle.
    PARALLEL = "parallel"
    #: One plane of the activations a cycle, with all planes of the weights.
    ACTIVATION_SERIAL = "activation_serial"
    #: One pair of planes a cycle.
    SERIAL = "serial"


@dataclass(frozen=True)
class Turns:
    """The work of a serial unit, cycle by cycle, from the lowest weight up.

    Attributes
    ----------
    a, b
        The plane of each vector in each cycle; of ``b`` none where all its planes come at once.
    heavier
        Cycles whose weight is twice that of the cycle before.
    """

    a: Sequence[int]
    b: Sequence[int] | None
    heavier: Collection[int]

    @property
    def cycles(self) -> int:
        return len(self.a)

    def flags(self, m: Module, phase: Value, beats: int) -> dict[str, Value]:
        """What a sum over the cycles needs to know of this one."""
        result = {"heavier": during(m, phase, self.heavier, "heavier")}
        if beats > 1:
            result["begins"] = wire(m, "begins", phase == 0)
        return result


def turns(schedule: Schedule, a_planes: int, b_planes: int) -> Turns:
    """One cycle for everything, for each plane of ``a``, or for each pair."""
    if schedule is Schedule.PARALLEL:
        return Turns([0], None, [])
    if schedule is Schedule.ACTIVATION_SERIAL:
        return Turns(range(a_planes), None, range(1, a_planes))
    order = sorted(
        ((j, i) for j in range(a_planes) for i in range(b_planes)), key=lambda pair: sum(pair)
    )
    weights = [sum(pair) for pair in order]
    heavier = [c for c in range(1, len(order)) if weights[c] > weights[c - 1]]
    return Turns([j for j, _ in order], [i for _, i in order], heavier)


def during(m: Module, phase: Value, cycles: Collection[int], name: str) -> Value:
    """Whether this is one of some cycles."""
    return wire(m, name, Cat(phase == cycle for cycle in cycles).any())


def select(
    m: Module, planes: Sequence[Plane], turns_: Sequence[int], phase: Value, name: str
) -> Plane:
    """The plane whose turn it is, at weight 0 and without the sign of its weight."""
    lanes = len(planes[0].bits)
    bits: Value = Const(0, lanes)
    zero: Value = Const(0, 1)
    for number, plane in enumerate(planes):
        cycles = [cycle for cycle, turn in enumerate(turns_) if turn == number]
        here = during(m, phase, cycles, f"{name}_turn{number}")
        bits = bits | (plane.bits & here.replicate(lanes))
        if plane.zero is not None:
            zero = zero | (plane.zero & here)
    has_zero = planes[0].zero is not None
    return Plane(
        wire(m, f"{name}_selected", bits),
        0,
        False,
        wire(m, f"{name}_zero_selected", zero) if has_zero else None,
    )


class ShiftedSum:
    """Adds up what the cycles give, each at twice the weight of the one before or at the same.

    The sum moves down by one place where the weight doubles, and its lowest bit is then final: the
    adder is hardly wider than one cycle's number. From the highest weight down the sum would move
    up, and every carry could run through all of it.

    Parameters
    ----------
    term : IntegerFormat
        Holds what one cycle gives.
    turns : Turns
    total : IntegerFormat
        Holds every sum.
    before : tuple of int
        The least sum that a further beat begins with and the greatest; zeros where a sum takes
        one beat.
    """

    def __init__(
        self,
        term: IntegerFormat,
        turns: Turns,
        total: IntegerFormat,
        before: tuple[int, int] = (0, 0),
    ):
        self._turns, self._total = turns, total
        self._continues = any(before)
        low, high = before
        reach = [low, high]
        for cycle in range(turns.cycles):
            if cycle in turns.heavier:
                low, high = low >> 1, high >> 1
            low, high = low + term.min_integer, high + term.max_integer
            reach = [min(reach[0], low), max(reach[1], high)]
        self._high = IntegerFormat.holding(*reach)
        self._shifts = len(turns.heavier)

    @property
    def state(self) -> dict[str, Shape]:
        """The registers: the part that is still added to, and the bits below it."""
        return {"high": Shape(self._high.width), "low": Shape(self._shifts)}

    def add(
        self, m: Module, values: dict[str, Any], term: Value, negate: Value | None, adder: Adder
    ) -> dict[str, Value]:
        """The state after a cycle."""
        high, low = (values["so_far"][part] for part in ("high", "low"))
        heavier: Value = values["heavier"]
        sign = high[-1:] if self._high.signed else Const(0, 1)
        down = Cat(high[1:], sign)
        every_cycle = len(self._turns.heavier) == self._turns.cycles - 1
        # In the first cycle the sum so far is 0, or else replaced by the whole of it.
        base = down if every_cycle else Mux(heavier, down, high)
        moved = Cat(low[1:], high[0])
        low = moved if every_cycle else Mux(heavier, moved, low)
        if self._continues:
            base = Mux(values["begins"], self._whole(values["so_far"]), base)
        base = wire(m, "base", base)
        extended = wire(m, "term", _extend(term, len(high)))
        if negate is None:
            total = add(m, base, extended, adder=adder, name="sum_add")
        else:
            flipped = wire(m, "term_signed", extended ^ negate.replicate(len(high)))
            # The column below the lowest makes the carry that completes the negation.
            x, y = Cat(negate, base), Cat(negate, flipped)
            total = add(m, x, y, adder=adder, name="sum_add")[1:]
        return {"high": wire(m, "high", total), "low": wire(m, "low", low)}

    def _whole(self, state: dict[str, Value]) -> Value:
        return _extend(self._value(state), self._high.width)

    def _value(self, state: dict[str, Value]) -> Value:
        whole = Cat(state["low"], state["high"])
        return whole.as_signed() if self._high.signed else whole

    def result(self, state: dict[str, Value]) -> Value:
        """The sum, after the last cycle."""
        return _extend(self._value(state), self._total.width)


def _extend(value: Value, width: int) -> Value:
    """As many bits of a value, or its sign or zeros above."""
    top = value[-1:] if value.shape().signed else Const(0, 1)
    return Cat(value, top.replicate(max(width - len(value), 0)))[:width]
