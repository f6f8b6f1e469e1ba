"""From weight codes to signed powers of two, one a cycle: what a column of elements shares."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.lowest_one import lowest_one
from ..pipeline import wire
from .weights import Code, terms_of

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
        self,
        m: Module,
        codes: Sequence[Value],
        values: Mapping[str, Any],
        place: Value,
        name: str,
    ) -> list[Term]:
        """Term number ``place`` of each code; zero where there is none of this number.

        The terms of float weights come in the order of the paper, the higher one first, those of
        integers from the lowest digit up. ``values`` hold the beat's :attr:`Code.inputs`.
        """
        shape = self._code
        turns = [wire(m, f"{name}_turn{k}", place == k) for k in range(shape.terms)]
        numbered = [(code, f"{name}{k}") for k, code in enumerate(codes)]
        if not shape.magnitudes:
            return [self._booth(m, code, turns, place, prefix) for code, prefix in numbered]
        special = _Special(values.get("selector"))
        if shape.given:
            # One for all lanes.
            word, negative = values["special"][:-1], values["special"][-1]
            term = self._two_ones(m, word, negative, turns, f"{name}_special")
            special = _Special(None, word, term)
        make = self._table if self._generation is Generation.TABLE else self._detect
        if not shape.by_mode:
            return [make(m, code, special, turns, prefix) for code, prefix in numbered]
        mode = values["mode"]
        if special.selector is not None:
            special = _Special(Cat(special.selector, mode[0]))
        is_float = wire(m, f"{name}_is_float", ~mode[1] & ~place[1])
        is_integer = wire(m, f"{name}_is_integer", mode[1])
        found: list[Term] = []
        for code, prefix in numbered:
            # The magnitudes of fp3 are every other one of fp4.
            four = Mux(mode[0], code[:4], Cat(Const(0, 1), code[:3]))
            one = make(m, wire(m, f"{prefix}_fp4", four), special, turns[:2], prefix)
            eight = Mux(mode[0], code, Cat(code[:6], code[5].replicate(2)))
            other = self._booth(m, wire(m, f"{prefix}_int8", eight), turns, place, prefix)
            found.append(_either(m, one, is_float, other, is_integer, prefix))
        return found

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
        self, m: Module, code: Value, special: "_Special", turns: Sequence[Value], name: str
    ) -> Term:
        """Each bit as the OR of the codes in which it is set."""
        shape, selector = self._code, special.selector
        magnitude, sign = code[:-1], code[-1]
        rows: list[tuple[Value, int]] = [
            (magnitude == k, number) for k, number in enumerate(shape.magnitudes) if number
        ]
        is_special = wire(m, f"{name}_special", sign & ~magnitude.any())
        rows += [(is_special & (selector == k), number) for k, number in enumerate(shape.special)]
        bits: list[list[Value]] = [[] for _ in range(2 + shape.position_bits)]
        for here, number in rows:
            for (position, minus), turn in zip(self._in_turn(number), turns, strict=True):
                found = () if position is None else (True, *self._bits_of(position))
                for column, bit in zip(bits, (minus, *found), strict=False):
                    if bit:
                        column.append(here & turn)
        if special.term is not None:
            for column, bit in zip(bits, special.term.code, strict=True):
                column.append(is_special & bit)
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
        self, m: Module, code: Value, special: "_Special", turns: Sequence[Value], name: str
    ) -> Term:
        """The magnitude as fixed point; its leading one but for the lowest place, and then the
        lowest one unless it was that."""
        shape, selector = self._code, special.selector
        magnitude, sign = code[:-1], code[-1]
        is_special = wire(m, f"{name}_special", sign & ~magnitude.any())
        chosen = [(magnitude == k, number) for k, number in enumerate(shape.magnitudes)]
        chosen += [(is_special & (selector == k), number) for k, number in enumerate(shape.special)]
        columns = [
            [here for here, number in chosen if abs(number) >> bit & 1]
            for bit in range(shape.float_top + 1)
        ]
        if special.word is not None:
            for column, bit in zip(columns, special.word, strict=True):
                column.append(is_special & bit)
        word = wire(m, f"{name}_word", Cat(Cat(*column).any() for column in columns))
        if special.term is not None:
            minus = special.term.negative
        else:
            minus = Cat(selector == k for k, n in enumerate(shape.special) if n < 0).any()
        negative = wire(m, f"{name}_negative", Mux(is_special, minus, sign))
        return self._two_ones(m, word, negative, turns, name)

    def _two_ones(
        self, m: Module, word: Value, negative: Value, turns: Sequence[Value], name: str
    ) -> Term:
        """The leading one of a magnitude and the lowest one, where it is another, in turn."""
        least = -self._code.lsb_exponent
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
            for bit in range(self._code.position_bits)
        )
        return Term(negative, wire(m, f"{name}_one", hot.any()), wire(m, f"{name}_at", position))

    def _bits_of(self, position: int) -> list[bool]:
        return [bool(position >> k & 1) for k in range(self._code.position_bits)]


class _Special(NamedTuple):
    """What a beat says of its special value: its number, or the value and its term."""

    selector: Value | None = None
    word: Value | None = None
    term: Term | None = None


def _either(
    m: Module, float_: Term, is_float: Value, integer: Term, is_integer: Value, name: str
) -> Term:
    """One of two terms, or nothing. The integer's position moves up to the unit of ``fp4``."""
    two, place = integer.position[0], integer.position[1:]
    moved = Cat(~two, place + two)
    bits = len(float_.position)
    parts = [
        (float_.negative, integer.negative, "sign"),
        (float_.one, integer.one, "there"),
        (float_.position, moved[:bits], "position"),
    ]
    chosen = [
        wire(
            m,
            f"{name}_term_{part}",
            (Value.cast(x) & is_float.replicate(len(x)))
            | (Value.cast(y) & is_integer.replicate(len(y))),
        )
        for x, y, part in parts
    ]
    return Term(*chosen)
