"""Sums that go round by way of one element: a row of an array that serves its columns in turn."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value

from ..pipeline import wire
from .elements import Element

__all__ = ["column_now", "rotate", "turns"]


def turns(m: Module, works: Value, columns: int) -> list[Value]:
    """A bit for each column, set in its cycle of a beat."""
    turn = Signal(range(columns), name="turn")
    now: list[Value] = [wire(m, f"column{c}_now", turn == c) for c in range(columns)]
    with m.If(works):
        m.d.sync += turn.eq(Mux(now[-1], 0, turn + 1))
    return now


def column_now(m: Module, columns: Sequence[Sequence[Value]], now: Sequence[Value]) -> list[Value]:
    """The numbers of the column whose bit is set."""
    result: list[Value] = []
    for k, numbers in enumerate(zip(*columns, strict=True)):
        total: Value = Const(0, len(numbers[0]))
        for number, here in zip(numbers, now, strict=True):
            total = total | (number.as_unsigned() & here.replicate(len(number)))
        signed = numbers[0].shape().signed
        result.append(wire(m, f"b{k}_now", total.as_signed() if signed else total))
    return result


def rotate(
    m: Module,
    element: Element,
    sums: Sequence[Mapping[str, Signal]],
    a: Any,
    b: Any,
    works: Value,
    begins: Value,
    name: str,
) -> None:
    """A row's element and its sums. The first one is added to and becomes the last, so that after
    a beat all stand where they did."""
    so_far = {
        part: wire(m, f"{name}{part}_so_far", held & (~begins).replicate(len(held)))
        for part, held in sums[0].items()
    }
    after = element.add(m, so_far, a, b, name)
    with m.If(works):
        m.d.sync += [held.eq(after[part]) for part, held in sums[-1].items()]
        for here, following in pairwise(sums):
            m.d.sync += [held.eq(following[part]) for part, held in here.items()]
