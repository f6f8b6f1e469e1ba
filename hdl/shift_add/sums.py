"""Sums over the lanes and beats of a unit: a tree each, and one carry-propagating addition."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Shape, Value

from ..arithmetic.adders import Adder, add
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.rows import add_rows, rows_of
from ..formats import IntegerFormat
from ..pipeline import Accumulation, Step, wire

__all__ = ["SumStructure", "Sums", "WithCarry", "add_all"]


class SumStructure(StrEnum):
    """How terms are added. The choice changes cost, never a result bit."""

    #: All terms of all lanes in one carry-save tree.
    COMPRESSOR = "compressor"
    #: One operator ``+`` a term, left to synthesis: the choice for FPGAs, which have carry chains.
    PLAIN = "plain"


class WithCarry(NamedTuple):
    """A signed value, and a bit to be added to it by whatever adder comes next."""

    value: Value
    carry: Value


def add_all(m: Module, terms: Sequence[WithCarry], name: str) -> WithCarry:
    """The sum of all terms by operators: each adder takes one of the carries along."""
    level, left = 0, list(terms)
    while len(left) > 1:
        pairs = zip(left[::2], left[1::2], strict=False)
        added = [
            WithCarry(
                wire(m, f"{name}_l{level}_{k}", _add_with_carry(x.value, y.value, x.carry)),
                y.carry,
            )
            for k, (x, y) in enumerate(pairs)
        ]
        left = added + left[len(left) & ~1 :]
        level += 1
    return left[0]


def _add_with_carry(x: Value, y: Value, carry: Value) -> Value:
    """In one adder: the carry comes out of a column below."""
    total = Cat(Const(1, 1), x).as_signed() + Cat(carry, y).as_signed()
    return total[1:].as_signed()


class Sums:
    """Several sums side by side, in one step before and one in the accumulator.

    Parameters
    ----------
    formats
        The sums by name, each with a format that holds it over all beats.
    beats
        The most beats of a sum.
    adder
        How the last two rows are added.
    structure
        How the terms are added.
    flags
        Names of bits that stay set for the rest of a sum.
    kept
        Names and shapes of values of which those of the last beat count.
    """

    def __init__(
        self,
        formats: Mapping[str, IntegerFormat],
        *,
        beats: int,
        adder: Adder,
        structure: SumStructure = SumStructure.COMPRESSOR,
        flags: Sequence[str] = (),
        kept: Mapping[str, Shape] | None = None,
    ):
        self._formats, self._beats, self._adder = formats, beats, adder
        self._operators = structure is SumStructure.PLAIN
        self._flags, self._kept = flags, dict(kept or {})

    def heap(self, name: str) -> BitHeap:
        """An empty heap for one of the sums."""
        return BitHeap(self._formats[name].width)

    def steps(self, fill: Callable[[Module, dict[str, Any]], Any]) -> list[Step]:
        """``fill`` returns each sum's terms of a beat, and a dictionary of flags and values to
        keep. Terms are a heap, rows made of one, or a value with a carry."""

        def compress(m: Module, values: dict[str, Any]) -> dict[str, Any]:
            terms, others = fill(m, values)
            rows = {name: self._rows(m, name, part) for name, part in terms.items()}
            bounds = {name: values[name] for name in ("first", "last") if name in values}
            return {**bounds, **others, "rows": rows}

        steps = [Step("compress", compress)]
        if self._beats == 1:
            return [*steps, Step("add", self._add)]
        state = {name: Shape(format.width) for name, format in self._formats.items()}
        state |= {flag: Shape(1) for flag in self._flags} | self._kept
        return [*steps, Accumulation("add", self._add, state=state)]

    def _rows(
        self, m: Module, name: str, terms: BitHeap | WithCarry | Sequence[Value]
    ) -> WithCarry | list[Value]:
        if not isinstance(terms, BitHeap):
            return terms if isinstance(terms, WithCarry) else list(terms)
        structure = Structure.PLAIN if self._operators else Structure.COMPRESSOR
        return rows_of(m, terms, structure=structure, name=f"{name}_tree")

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The rows of each sum, and the sum so far."""
        so_far = values.get("so_far", {})
        result: dict[str, Any] = {}
        for name, rows in values["rows"].items():
            result[name] = wire(m, f"{name}_total", self._total(m, name, rows, so_far.get(name)))
        for flag in self._flags:
            result[flag] = values[flag] | so_far[flag] if flag in so_far else values[flag]
        return result | {name: values[name] for name in self._kept}

    def _total(
        self, m: Module, name: str, rows: WithCarry | list[Value], so_far: Value | None
    ) -> Value:
        width = self._formats[name].width
        if isinstance(rows, WithCarry):
            missing = max(width - len(rows.value), 0)
            row = Cat(rows.value, rows.value[-1].replicate(missing))[:width]
            before = Const(0, width) if so_far is None else so_far
            first, second = Cat(rows.carry, row), Cat(Const(1, 1), before)
            if self._operators:
                return (first + second)[1 : width + 1]
            return add(m, first, second, adder=self._adder, name=f"{name}_add")[1:]
        return add_rows(
            m,
            rows if so_far is None else [*rows, so_far],
            width,
            structure=Structure.PLAIN if self._operators else Structure.COMPRESSOR,
            adder=self._adder,
            name=f"{name}_add",
            tree=f"{name}_accumulate",
        )
