"""A column of an array: an element a row, and the adder that they share where sums need one."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from amaranth.hdl import Const, Module, Mux, Signal, Value

from ..pipeline import wire
from .drain import delayed_all
from .elements import Element

__all__ = ["Times", "column"]


class Times(NamedTuple):
    """When the elements of each diagonal work, and when in the first beat of a sum; when sums are
    resolved, None where they need not be."""

    working: Sequence[Value]
    beginning: Sequence[Value]
    resolving: Value | None


def column(
    m: Module,
    c: int,
    element: Element,
    sums: Sequence[Sequence[Mapping[str, Signal]]],
    a_rows: list[Any],
    b_columns: list[Any],
    times: Times,
    *,
    systolic: bool,
) -> None:
    """A column's elements; while sums are resolved they go round, by way of its adder.

    What a systolic element hands on to its neighbours replaces its operands in the two lists.
    """
    resolved = None
    if times.resolving is not None:
        resolved = element.resolve(m, sums[-1][c], f"column{c}_")
    for r, row in enumerate(sums):
        name = f"pe{r}_{c}_"
        diagonal = r + c if systolic else 0
        a, b = a_rows[r], b_columns[c]
        if systolic:
            a = delayed_all(m, a, r if c == 0 else 1, f"{name}a")
            b = delayed_all(m, b, c if r == 0 else 1, f"{name}b")
            a_rows[r], b_columns[c] = a, b
        state, begins = row[c], times.beginning[diagonal]
        so_far = {
            part: wire(m, f"{name}{part}_so_far", held & (~begins).replicate(len(held)))
            for part, held in state.items()
        }
        after = element.add(m, so_far, a, b, name)
        works = times.working[diagonal]
        if resolved is None or times.resolving is None:
            with m.If(works):
                m.d.sync += [held.eq(after[part]) for part, held in state.items()]
            continue
        above: Mapping[str, Value] = sums[r - 1][c]
        if r == 0:
            above = {part: Const(0, len(held)) for part, held in state.items()}
            above = {**above, "total": resolved}
        with m.If(works | times.resolving):
            m.d.sync += [
                held.eq(Mux(times.resolving, above[part], after[part]))
                for part, held in state.items()
            ]
