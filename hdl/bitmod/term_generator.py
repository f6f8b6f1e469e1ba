"""From weight codes to signed powers of two, one a cycle: what a column of elements shares."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.lowest_one import lowest_one
from ..pipeline import wire
from .weights import POSITION_BITS, Code, terms_of

__all__ = ["Generation", "Term", "TermGenerator"]


class Generation(StrEnum):
    """How the terms of float weights are found. The choice changes cost, never a term."""

    #: As one truth table of the code, the selector and the number of the term.
    TABLE = "table"
    #: By leading-one and lowest-one detectors on a fixed-point magnitude, as the paper draws it.
    DETECTOR = "detector"


class Term(NamedTuple):
    """``(-1)**negative * one * 2**position``."""

    negative: Value
    one: Value
    position: Value

    @property
    def code(self) -> Value:
        """Sign, one, and position, from bit 0 up."""
        return Cat(self.negative, self.one, self.position)


class TermGenerator:
    """Makes one term of a weight at a time.

    Parameters
    ----------
    code
        What codes stand for.
    generation
        As in :class:`BitmodEncoder`.

    Raises:
        ValueError: if a special value has terms that detectors do not find.
    """

    def __init__(self, code: Code, generation: Generation):
        self._code, self._generation = code, generation
        if generation is Generation.DETECTOR:
            for number in code.special:
                if abs(number).bit_count() > 2:
                    raise ValueError(
                        f"With the generation 'detector' a special value must be a sum of two "
                        f"powers of two, not '{number >> -code.lsb_exponent}'"
                    )

    def terms(
        self, m: Module, codes: Sequence[Value], selector: Value | None, place: Value, name: str
    ) -> list[Term]:
        """Term number ``place`` of each code; zero where there is none of this number.

        The terms of float weights come in the order of the paper, the higher one first, those of
        integers from the lowest digit up.
        """
        turns = [wire(m, f"{name}_turn{k}", place == k) for k in range(self._code.terms)]
        numbered = [(code, f"{name}{k}") for k, code in enumerate(codes)]
        if not self._code.magnitudes:
            return [self._booth(m, code, turns, place, prefix) for code, prefix in numbered]
        assert selector is not None
        if self._generation is Generation.TABLE:
            return [self._table(m, code, selector, turns, prefix) for code, prefix in numbered]
        return [self._detect(m, code, selector, turns, prefix) for code, prefix in numbered]

    def _booth(
        self, m: Module, code: Value, turns: Sequence[Value], place: Value, name: str
    ) -> Term:
        """A radix-4 digit from three neighbouring bits (MacSorley, 1961), chosen, then decoded."""
        bits = Cat(Const(0, 1), code)
        chosen: Value = Const(0, 3)
        for k, turn in enumerate(turns):
            chosen = chosen | (bits[2 * k : 2 * k + 3] & turn.replicate(3))
        chosen = wire(m, f"{name}_triple", chosen)
        low, middle, minus = chosen
        single = middle ^ low
        two = wire(m, f"{name}_two", ~single & (minus ^ middle))
        return Term(minus, wire(m, f"{name}_one", single | two), Cat(two, place))

    def _table(
        self, m: Module, code: Value, selector: Value, turns: Sequence[Value], name: str
    ) -> Term:
        """Each bit as the OR of the codes in which it is set."""
        shape = self._code
        magnitude, sign = code[:-1], code[-1]
        rows: list[tuple[Value, int]] = [
            (magnitude == k, number) for k, number in enumerate(shape.magnitudes) if number
        ]
        is_special = wire(m, f"{name}_special", sign & ~magnitude.any())
        rows += [(is_special & (selector == k), number) for k, number in enumerate(shape.special)]
        bits: list[list[Value]] = [[] for _ in range(2 + POSITION_BITS)]
        for here, number in rows:
            for (position, minus), turn in zip(self._in_turn(number), turns, strict=True):
                found = () if position is None else (True, *_bits_of(position))
                for column, bit in zip(bits, (minus, *found), strict=False):
                    if bit:
                        column.append(here & turn)
        flipped, one, *position = (Cat(*column).any() for column in bits)
        # The sign bit of the special value's code is no sign.
        negative = wire(m, f"{name}_negative", (sign & ~is_special) | flipped)
        return Term(negative, wire(m, f"{name}_one", one), wire(m, f"{name}_at", Cat(*position)))

    def _in_turn(self, number: int) -> list[tuple[int | None, bool]]:
        """A number's two terms; one that is missing has its sign."""
        found: list[tuple[int | None, bool]] = list(terms_of(number))
        missing: tuple[int | None, bool] = (None, number < 0)
        # A half is the lower term, as the paper's fixed point I3..I0 . F0 has it.
        if self._code.lsb_exponent < 0 and abs(number) == 1:
            return [missing, *found]
        return (found + [missing] * 2)[:2]

    def _detect(
        self, m: Module, code: Value, selector: Value, turns: Sequence[Value], name: str
    ) -> Term:
        """The magnitude as fixed point; its leading one but for the lowest place, and then the
        lowest one unless it was that."""
        shape = self._code
        magnitude, sign = code[:-1], code[-1]
        is_special = wire(m, f"{name}_special", sign & ~magnitude.any())
        chosen = [(magnitude == k, number) for k, number in enumerate(shape.magnitudes)]
        chosen += [(is_special & (selector == k), number) for k, number in enumerate(shape.special)]
        word = wire(
            m,
            f"{name}_word",
            Cat(
                Cat(*(here for here, number in chosen if abs(number) >> bit & 1)).any()
                for bit in range(shape.top + 1)
            ),
        )
        minus = Cat(selector == k for k, number in enumerate(shape.special) if number < 0).any()
        negative = wire(m, f"{name}_negative", Mux(is_special, minus, sign))
        least = -shape.lsb_exponent
        downward, _ = lowest_one(m, Cat(*reversed(list(word[least:]))), f"{name}_downward")
        leading = Cat(Const(0, least), *reversed(list(downward)))
        leading = wire(m, f"{name}_leading", leading)
        upward, _ = lowest_one(m, word, f"{name}_upward")
        lowest = wire(m, f"{name}_lower", upward & ~leading)
        hot = wire(
            m,
            f"{name}_hot",
            (leading & turns[0].replicate(len(word))) | (lowest & turns[1].replicate(len(word))),
        )
        position = Cat(
            Cat(*(hot[k] for k in range(len(word)) if k >> bit & 1)).any()
            for bit in range(POSITION_BITS)
        )
        return Term(negative, wire(m, f"{name}_one", hot.any()), wire(m, f"{name}_at", position))


def _bits_of(position: int) -> list[bool]:
    return [bool(position >> k & 1) for k in range(POSITION_BITS)]
