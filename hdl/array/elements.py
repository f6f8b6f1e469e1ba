"""What stands at each crossing of an array: multiply-accumulate cores of one shape."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from amaranth.hdl import Module, Shape, Value

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import Structure
from ..arithmetic.recoding import Recoding
from ..digit.digit_core import DigitCore
from ..digit.mac_core import MacCore, SumForm
from ..digit.sparse_encoder import ChosenDigit, DigitSource, Order
from ..formats import IntegerFormat

__all__ = ["DigitElement", "Element", "MacElement", "ProcessingElement"]


class ProcessingElement(StrEnum):
    """Kind of processing element. The choice changes cost and cycles, never a result bit."""

    #: Multiplier and adder, the sum resolved in every beat.
    PLAIN = "plain"
    #: The sum in carry-save form, resolved by an adder that a column shares (OPT1).
    CARRY_SAVE = "carry_save"
    #: One non-zero digit a cycle, from an encoder that a row shares (OPT4C).
    DIGIT_SERIAL = "digit_serial"


class Element(Protocol):
    """A processing element's arithmetic: what it keeps, and what a cycle adds to that."""

    state: Mapping[str, Shape]

    def right(self, m: Module, b: Sequence[Value], name: str) -> list[Any]:
        """What all elements of a column make of its numbers, once for all of them."""
        ...

    def add(
        self, m: Module, so_far: Mapping[str, Value], a: Any, b: Sequence[Any], name: str
    ) -> dict[str, Value]:
        """The state with the products of a beat, or one digit's, added."""
        ...

    def resolve(self, m: Module, state: Mapping[str, Value], name: str) -> Value:
        """The sum as one integer."""
        ...


class MacElement:
    """Takes the operands of a beat: a dot product of ``depth`` pairs."""

    def __init__(
        self,
        a: IntegerFormat,
        b: IntegerFormat,
        *,
        depth: int,
        beats: int,
        form: SumForm,
        structure: Structure,
        adder: Adder,
    ):
        self._core = MacCore(
            a, b, lanes=depth, count=depth * beats, form=form, structure=structure, adder=adder
        )
        self.state: Mapping[str, Shape] = self._core.state

    def right(self, m: Module, b: Sequence[Value], name: str) -> list[Any]:
        return list(b)

    def add(
        self, m: Module, so_far: Mapping[str, Value], a: Any, b: Sequence[Any], name: str
    ) -> dict[str, Value]:
        return self._core.multiply_add(m, so_far, a, b, name=name)

    def resolve(self, m: Module, state: Mapping[str, Value], name: str) -> Value:
        return self._core.resolve(m, state, name=name)


class DigitElement:
    """Takes a digit that the row's encoder chose, and the numbers of which it multiplies one."""

    def __init__(
        self,
        a: IntegerFormat,
        b: IntegerFormat,
        *,
        depth: int,
        low: int,
        high: int,
        recoding: Recoding,
        adder: Adder,
    ):
        self.source = DigitSource(a, depth, Order.TERM, recoding)
        self._core = DigitCore(
            b,
            places=self.source.places,
            lanes=1,
            low=low,
            high=high,
            form=SumForm.CARRY_SAVE,
            adder=adder,
        )
        self.state: Mapping[str, Shape] = self._core.state

    def right(self, m: Module, b: Sequence[Value], name: str) -> list[Any]:
        return list(b)

    def add(
        self, m: Module, so_far: Mapping[str, Value], a: Any, b: Sequence[Any], name: str
    ) -> dict[str, Value]:
        assert isinstance(a, ChosenDigit)
        return self._core.add(m, so_far, [a], [b], name=name)

    def resolve(self, m: Module, state: Mapping[str, Value], name: str) -> Value:
        return self._core.resolve(m, state, name=name)
