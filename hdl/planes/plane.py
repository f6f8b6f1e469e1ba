"""Vectors of small integers seen as bit planes: one bit of every lane, with its weight.

A number is a sum of bits times powers of two, so a vector is a sum of bit vectors times powers of
two, and a dot product is a sum over pairs of planes, one from each vector: each pair costs one gate
a lane and a count of ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Value

from ..formats import IntegerFormat
from ..pipeline import wire

__all__ = ["Plane", "bipolar_planes", "flipped", "integer_planes", "odd_planes"]


class Plane(NamedTuple):
    """The bits of one weight, lane 0 first."""

    bits: Value
    weight: int
    #: Whether the weight is ``-2**weight``: the top plane of two's complement.
    negative: bool = False
    #: The zero point's bit of this weight, if there is a zero point.
    zero: Value | None = None


def integer_planes(
    m: Module, elements: Sequence[Value], format: IntegerFormat, name: str, zero: Value | None
) -> list[Plane]:
    """The planes of integers, less a zero point of their format if there is one."""
    top = format.width - 1
    return [
        Plane(
            wire(m, f"{name}_plane{j}", Cat(element[j] for element in elements)),
            j,
            format.signed and j == top,
            None if zero is None else zero[j],
        )
        for j in range(format.width)
    ]


def bipolar_planes(m: Module, elements: Sequence[Value], name: str) -> list[Plane]:
    """The planes of bipolar numbers, whose bits 0 and 1 mean -1 and +1."""
    return [
        Plane(wire(m, f"{name}_plane{j}", Cat(element[j] for element in elements)), j)
        for j in range(len(elements[0]))
    ]


def odd_planes(m: Module, elements: Sequence[Value], name: str) -> list[Plane]:
    """Bipolar numbers as two's complement integers, which are odd: the lowest plane is all ones.

    ``2 u - (2**n - 1)`` is ``2 w + 1``, where ``w`` is ``u`` with its top bit inverted, read as
    two's complement.
    """
    planes = bipolar_planes(m, elements, name)
    inverted = wire(m, f"{name}_plane{len(planes) - 1}_not", ~planes[-1].bits)
    ones = Plane(Const((1 << len(elements)) - 1, len(elements)), 0)
    return [
        ones,
        *(Plane(plane.bits, plane.weight + 1) for plane in planes[:-1]),
        Plane(inverted, len(planes), negative=True),
    ]


def flipped(m: Module, plane: Plane, name: str) -> Value:
    """The plane less its zero point's bit, without the sign.

    A bit less a bit is -1, 0 or 1: their XOR, negative if the one subtracted is 1. A zero point
    thus costs one gate a lane and a sign for the whole plane, where a subtractor would be n.
    """
    if plane.zero is None:
        return plane.bits
    return wire(m, f"{name}_flipped", plane.bits ^ plane.zero.replicate(len(plane.bits)))
