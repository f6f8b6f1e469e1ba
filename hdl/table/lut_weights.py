"""The weights of a table look-up: how they arrive, and the indices that they are."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..pipeline import wire
from .lookup import Coding, Index, signed_index, ternary_index
from .table_shape import Contents, TableShape

__all__ = ["Plane", "planes", "weights_layout"]


class Plane(NamedTuple):
    """One look-up in each group's table.

    Parameters
    ----------
    indices
        Of the groups.
    weight
        The power of two that the entries count.
    subtract
        A bit, or a constant, that says to subtract what is found; of entries that know no sign.
    """

    indices: Sequence[Index]
    weight: int = 0
    subtract: Value | bool = False


def weights_layout(p: Any) -> ArrayLayout:
    """The field of the weights: a code each, or one of each group where they are remapped."""
    groups = p.lanes // p.group
    if not p.remapped:
        return ArrayLayout(p.b, p.columns * p.lanes)
    if p.coding is Coding.TERNARY:
        width = 1 + ((3**p.group - 1) // 2).bit_length()
    else:
        width = p.group * p.b.width
    return ArrayLayout(unsigned(width), p.columns * groups)


def planes(
    m: Module, p: Any, shape: TableShape, b: Any, column: int, now: Sequence[Value]
) -> list[Plane]:
    """The look-ups of one column: one a plane, or with the bits ``now``, one a bit of the weights,
    only that whose bit is set."""
    groups = p.lanes // p.group
    name = f"column{column}"
    if p.coding is Coding.TERNARY:
        return [Plane([_ternary(m, p, b, column * groups + g, name, g) for g in range(groups)])]
    words = [_word(p, b, column * groups + g) for g in range(groups)]
    top = p.b.width - 1
    signed = shape.contents is Contents.SIGNED
    # In two's complement the top plane is negative: as signs of 1 and -1 it is the other way round.
    inverted = p.b.signed and p.coding is Coding.PLANES and signed and not p.remapped
    subtracted = p.b.signed and p.coding is Coding.PLANES and not signed
    if inverted:
        words = [[*word[:top], ~word[top]] for word in words]
    if not now:
        return [
            Plane(
                [
                    _index(m, p, signed, word[i], f"{name}_group{g}_bit{i}")
                    for g, word in enumerate(words)
                ],
                i,
                subtracted and i == top,
            )
            for i in range(p.b.width)
        ]
    indices = []
    for g, word in enumerate(words):
        bits: Value = Const(0, p.group)
        for plane, here in zip(word, now, strict=True):
            bits = bits | (plane & here.replicate(p.group))
        bits = wire(m, f"{name}_group{g}_bits", bits)
        indices.append(_index(m, p, signed, bits, f"{name}_group{g}"))
    return [Plane(indices, 0, now[top] if subtracted else False)]


def _word(p: Any, b: Any, group: int) -> list[Value]:
    """The planes of one group's weights, a bit a weight in each."""
    if p.remapped:
        word = Value.cast(b[group])
        return [word[i * p.group : (i + 1) * p.group] for i in range(p.b.width)]
    codes = [Value.cast(b[group * p.group + k]) for k in range(p.group)]
    return [Cat(code[i] for code in codes) for i in range(p.b.width)]


def _index(m: Module, p: Any, signed: bool, bits: Value, name: str) -> Index:
    if signed:
        return signed_index(m, bits, name, remapped=p.remapped)
    return Index(wire(m, f"{name}_place", bits), None)


def _ternary(m: Module, p: Any, b: Any, group: int, name: str, g: int) -> Index:
    if p.remapped:
        word = Value.cast(b[group])
        return Index(word[:-1], word[-1])
    weights = [Value.cast(b[group * p.group + k]) for k in range(p.group)]
    return ternary_index(m, weights, f"{name}_group{g}")
