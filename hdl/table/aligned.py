"""Floats as integers that share an exponent, the largest of a row's so far.

A table of such integers is as narrow as their fraction allows, whatever the format's range. The
exponent depends on activations alone: it is found, and they are shifted, once for all columns, and
a column only has to shift its sum when the exponent rises.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.maximum import MaximumStructure, maximum
from ..arithmetic.raw import Raw, decode, either
from ..arithmetic.significands import negated_if
from ..dot.add_raw import normalized
from ..pipeline import wire
from .table_shape import TableShape

__all__ = [
    "RowExponent",
    "at_exponent",
    "cut_to_exponent",
    "row_exponent",
    "shift_right",
]


class RowExponent(NamedTuple):
    """A row's exponent field, and by how much it has risen since the beat before; None where there
    is no such beat."""

    field: Value
    risen: Value | None


def row_exponent(
    m: Module, shape: TableShape, activations: Sequence[Any], name: str
) -> RowExponent:
    """The largest exponent field of a beat; a subnormal's is 1, as its weight says."""
    assert shape.aligned is not None
    fields: list[Value] = []
    for k, view in enumerate(activations):
        field: Value = view.exponent
        if shape.aligned.zero:
            field = Cat(field[0] | ~field.any(), field[1:])
        fields.append(wire(m, f"{name}_{k}_field", field))
    largest = maximum(m, fields, f"{name}_largest", MaximumStructure.ELIMINATION)
    return RowExponent(wire(m, f"{name}_largest_field", largest), None)


def cut_to_exponent(
    m: Module,
    shape: TableShape,
    activations: Sequence[Any],
    field: Value,
    name: str,
    *,
    flush: bool,
    masked: bool,
) -> tuple[list[Value], Value | None]:
    """The activations as integers in units of the row's, magnitudes cut; whether one is no number.

    Where there is none the integer means nothing, or with ``masked`` is 0.
    """
    assert shape.aligned is not None
    mantissa, width = shape.aligned.mantissa_width, shape.fraction + 1
    numbers: list[Value] = []
    special: Value | None = None
    for k, view in enumerate(activations):
        term = f"{name}_{k}"
        raw = decode(m, view, term, normalize=False, flush=flush)
        assert raw.exponent is not None
        bad = either(raw.nan, raw.infinite)
        significand = raw.significand
        if masked and bad is not None:
            significand = significand & (~bad).replicate(len(significand))
        places = shape.fraction - mantissa
        word = Cat(Const(0, places), significand) if places >= 0 else significand[-places:]
        distance = wire(m, f"{term}_distance", (field - raw.exponent)[: len(field)])
        magnitude = shift_right(m, word, distance, f"{term}_cut")
        assert len(magnitude) == width
        if raw.negative is None:
            numbers.append(magnitude)
        else:
            numbers.append(negated_if(m, magnitude, raw.negative, term))
        special = either(special, bad)
    return numbers, None if special is None else wire(m, f"{name}_special", special)


def at_exponent(
    m: Module, raw: Raw, exponent: Value, shape: TableShape, name: str, *, given: bool
) -> Raw:
    """A sum of integers as the number that it is at its row's exponent; one that is ``given`` may
    be any that its format has."""
    format = shape.exponent_format
    exponent = exponent.as_signed() if format.signed else exponent.as_unsigned()
    assert shape.aligned is not None
    low, high = format.min_integer, format.max_integer
    if not given:
        low = int(shape.aligned.zero) + shape.exponent_offset
        high = shape.aligned.max_exponent_field + shape.exponent_offset
    number = replace(raw, exponent=exponent, exponent_min=low, exponent_max=high)
    return replace(normalized(m, number, name), nan=raw.nan)


def shift_right(m: Module, value: Value, amount: Value, name: str) -> Value:
    """``value >> amount`` at the same width, rounded down; a signed value's sign is extended."""
    width = len(value)
    sign: Value = value[-1] if value.shape().signed else Const(0, 1)
    signed = value.shape().signed
    for place in range(len(amount)):
        step = min(1 << place, width)
        shifted = Cat(value[step:], sign.replicate(step))
        value = wire(m, f"{name}_by{1 << place}", Mux(amount[place], shifted, value)[:width])
    return value.as_signed() if signed else value.as_unsigned()
