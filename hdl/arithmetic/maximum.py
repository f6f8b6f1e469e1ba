"""The largest of several unsigned numbers."""

from collections.abc import Sequence
from enum import StrEnum

from amaranth.hdl import Cat, Module, Mux, Value

from ..pipeline import wire

__all__ = ["MaximumStructure", "maximum"]


class MaximumStructure(StrEnum):
    """How a maximum is found. The choice changes cost, never a result bit."""

    #: A tree of comparisons, each followed by a choice.
    TREE = "tree"
    #: Bit by bit from the top: numbers with a zero where others have a one drop out.
    ELIMINATION = "elimination"


def maximum(
    m: Module,
    values: Sequence[Value],
    name: str,
    structure: MaximumStructure = MaximumStructure.TREE,
) -> Value:
    """The largest of ``values``, unsigned and of one width."""
    if structure is MaximumStructure.ELIMINATION and len(values) > 1:
        return _eliminate(m, values, name)
    level = 0
    while len(values) > 1:
        pairs = zip(values[::2], values[1::2], strict=False)
        larger = [
            wire(m, f"{name}_{level}_{n}", Mux(a > b, a, b)) for n, (a, b) in enumerate(pairs)
        ]
        values = [*larger, *values[len(larger) * 2 :]]
        level += 1
    return values[0]


def _eliminate(m: Module, values: Sequence[Value], name: str) -> Value:
    alive: list[Value] | None = None
    result: list[Value] = []
    for place in reversed(range(len(values[0]))):
        bits = [value[place] for value in values]
        if alive is not None:
            bits = [bit & here for bit, here in zip(bits, alive, strict=True)]
        found = wire(m, f"{name}_{place}", Cat(*bits).any())
        result.append(found)
        stays = [bit | ~found for bit in bits]
        if alive is not None:
            stays = [here & stay for here, stay in zip(alive, stays, strict=True)]
        alive = [wire(m, f"{name}_{place}_alive{n}", stay) for n, stay in enumerate(stays)]
    return Cat(*reversed(result))
