"""The sparse encoder: of the digits of some operands, the non-zero ones, one a cycle.

It stands beside the processing elements, and one can serve many of them (OPT4C of arXiv
2503.06342).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from ..arithmetic.lowest_one import ones_below
from ..arithmetic.recoding import Digit, Recoding, digit_count, recode
from ..formats import IntegerFormat
from ..pipeline import wire

__all__ = ["ChosenDigit", "DigitSource", "Order", "Turn", "selected"]


class Order(StrEnum):
    """In which order digits are taken."""

    #: All digits of some pairs, then those of the next pairs; products are shifted to their place.
    TERM = "term"
    #: The digits of one place of all pairs; nothing is shifted.
    PLACE = "place"


class ChosenDigit(NamedTuple):
    """One digit: of which pair and at which place, one-hot, and what it is."""

    pair: Value
    place: Value | None
    digit: Digit


class Turn(NamedTuple):
    """One cycle of several groups in step.

    ``picks`` points at the digit of each group, one-hot, zero where there is none left; ``digits``
    are those that it chooses from. ``running`` says that the operands have had a cycle before,
    ``ends`` that this is their last.
    """

    picks: list[Value]
    digits: list[list[Digit]]
    running: Value
    ends: Value


class DigitSource:
    """The digits of a group of operands, from which one at a time is chosen.

    Parameters
    ----------
    format
        Of the operands.
    group
        How many there are.
    order, recoding
        As in :class:`DigitSerialMac`.

    Attributes
    ----------
    places : int
        Digits of an operand.
    count : int
        Digits to choose from.
    """

    def __init__(self, format: IntegerFormat, group: int, order: Order, recoding: Recoding):
        self.places = digit_count(format.as_shape())
        self.count = group * (self.places if order is Order.TERM else 1)
        self._group, self._order, self._recoding = group, order, recoding

    def digits(
        self, m: Module, operands: Sequence[Value], place: Value | None, name: str
    ) -> list[Digit]:
        """All that can be chosen: of operand 0 the lowest first, then those of operand 1."""
        result: list[Digit] = []
        for k, operand in enumerate(operands):
            found = recode(m, operand, self._recoding, f"{name}{k}")
            if place is None:
                result += found
            else:
                here = [place == n for n in range(self.places)]
                result.append(_selected_digit(m, here, found, f"{name}{k}"))
        return result

    def choose(self, m: Module, pick: Value, digits: Sequence[Digit], name: str) -> ChosenDigit:
        """The digit that ``pick``, one-hot or zero, points at; nothing if it is zero."""
        per_pair = self.count // self._group
        pair = wire(
            m,
            f"{name}_pair",
            Cat(pick[k * per_pair : (k + 1) * per_pair].any() for k in range(self._group)),
        )
        place = None
        if self._order is Order.TERM:
            columns = (
                Cat(pick[n + k * per_pair] for k in range(self._group)).any()
                for n in range(self.places)
            )
            place = wire(m, f"{name}_place", Cat(*columns))
        return ChosenDigit(pair, place, _selected_digit(m, list(pick), digits, name))

    def turn(
        self,
        m: Module,
        groups: Sequence[Sequence[Value]],
        place: Value | None,
        moves: Value,
        names: Sequence[str],
    ) -> Turn:
        """The next digits of operands that stay until all groups' have had their turn.

        They have their turn from the lowest up, so what is done are all up to one of them. With
        ``moves`` the picks of this cycle are.
        """
        running = Signal(name="running")
        picks: list[Value] = []
        everything: list[list[Digit]] = []
        following: list[tuple[Signal, Value]] = []
        others: list[Value] = []
        for operands, name in zip(groups, names, strict=True):
            digits = self.digits(m, operands, place, f"{name}_a")
            # The lowest is done in the first cycle, whether it is zero or not; of one group, the
            # highest in the last.
            held = Signal(max(self.count - 1 - (len(groups) == 1), 0), name=f"{name}_done")
            done = Cat(running, held, Const(0, 1))[: self.count]
            nonzero = wire(m, f"{name}_nonzero", Cat(digit.nonzero for digit in digits))
            waiting = wire(m, f"{name}_waiting", nonzero & ~done)
            below = ones_below(m, waiting, f"{name}_pick")
            picks.append(wire(m, f"{name}_pick", waiting & ~below))
            others.append(wire(m, f"{name}_pick_more", (waiting & below).any()))
            everything.append(digits)
            following.append((held, ~below[1 : 1 + len(held)]))
        ends = wire(m, "beat_ends", ~Cat(*others).any())
        with m.If(moves):
            m.d.sync += running.eq(~ends)
            for held, upto in following:
                m.d.sync += held.eq(Mux(ends, 0, upto))
        return Turn(picks, everything, running, ends)


def selected(where: Sequence[Value], values: Sequence[Value]) -> Value:
    """The value where there is a one; zero if there is none."""
    result: Value = where[0].replicate(len(values[0])) & values[0].as_unsigned()
    for here, value in zip(where[1:], values[1:], strict=True):
        result = result | (here.replicate(len(value)) & value.as_unsigned())
    return result


def _selected_digit(m: Module, where: Sequence[Value], digits: Sequence[Digit], name: str) -> Digit:
    one, two, negative = (
        wire(m, f"{name}_{part}", selected(where, [getattr(digit, part) for digit in digits]))
        for part in Digit._fields
    )
    return Digit(one, two, negative)
