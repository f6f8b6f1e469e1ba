"""Floats as integers in units of their common exponent: block floating point for a moment."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.align import align
from ..arithmetic.raw import Raw, decode
from ..arithmetic.shift import leading_zeros, shift_left
from ..formats import FloatFormat
from ..pipeline import wire

__all__ = ["align_exactly", "align_to_largest", "with_exponent"]


def align_to_largest(
    m: Module, elements: Sequence[Any], format: FloatFormat, width: int, *, flush: bool
) -> tuple[list[Value], Value, Value | None]:
    """Integers of ``width`` bits, the largest exponent field, and whether any element is no number.

    An element's significand is shifted down by as much as its exponent is below the largest; bits
    that leave are lost, whatever the sign. The largest exponent's significands keep their top bit
    below the sign bit.
    """
    raws = [decode(m, x, f"a{k}", normalize=False, flush=flush) for k, x in enumerate(elements)]
    exponents = [_exponent(raw) for raw in raws]
    largest = _largest(m, exponents)
    integers: list[Value] = []
    for k, raw in enumerate(raws):
        missing = width - 1 - len(raw.significand)
        magnitude = Cat(Const(0, max(missing, 0)), raw.significand)[max(-missing, 0) :]
        below = wire(m, f"below{k}", (largest - exponents[k])[: len(largest)])
        down = _shift_down(m, magnitude, below, f"aligned{k}")
        integers.append(_signed(m, down, raw, f"integer{k}"))
    return integers, largest, _no_number(m, raws)


def align_exactly(
    m: Module, elements: Sequence[Any], format: FloatFormat, *, flush: bool
) -> tuple[list[Value], Value | None]:
    """Integers in units of the format's least number, and whether any element is no number."""
    raws = [decode(m, x, f"a{k}", normalize=False, flush=flush) for k, x in enumerate(elements)]
    integers = [
        _signed(m, align(m, raw, f"aligned{k}"), raw, f"integer{k}") for k, raw in enumerate(raws)
    ]
    return integers, _no_number(m, raws)


def _signed(m: Module, magnitude: Value, raw: Raw, name: str) -> Value:
    if raw.negative is None:
        return magnitude
    width = len(magnitude) + 1
    flipped = Cat(magnitude, Const(0, 1)) ^ raw.negative.replicate(width)
    return wire(m, name, (flipped + raw.negative)[:width]).as_signed()


def _no_number(m: Module, raws: Sequence[Raw]) -> Value | None:
    bad = [bit for raw in raws for bit in (raw.nan, raw.infinite) if bit is not None]
    return wire(m, "no_number", Cat(*bad).any()) if bad else None


def with_exponent(
    m: Module, integer: Value, exponent: Value, offset: int, name: str, *, nan: Value | None
) -> Raw:
    """``integer * 2**(exponent + offset)``, normalised."""
    negative = integer[-1] if integer.shape().signed else None
    magnitude: Value = integer.as_unsigned()
    if negative is not None:
        flipped = magnitude ^ negative.replicate(len(magnitude))
        magnitude = wire(m, f"{name}_magnitude", (flipped + negative)[: len(magnitude)])
    count, nonzero = leading_zeros(magnitude)
    count = wire(m, f"{name}_zeros", count)
    significand = shift_left(m, magnitude, count, f"{name}_up", width=len(magnitude))
    most = (1 << len(exponent)) - 1
    return Raw(
        significand=significand,
        exponent=wire(m, f"{name}_exponent", (exponent - count).as_signed()),
        offset=offset,
        exponent_min=1 - len(magnitude),
        exponent_max=most,
        slack=0,
        negative=negative,
        nan=nan,
        zero=wire(m, f"{name}_zero", ~nonzero),
    )


def _exponent(raw: Raw) -> Value:
    assert raw.exponent is not None
    return Value.cast(raw.exponent)


def _largest(m: Module, values: Sequence[Value]) -> Value:
    """The largest of some values, in a tree."""
    level, found = 0, list(values)
    while len(found) > 1:
        pairs = zip(found[::2], found[1::2], strict=True)
        found = [wire(m, f"largest{level}_{n}", Mux(x > y, x, y)) for n, (x, y) in enumerate(pairs)]
        level += 1
    return found[0]


def _shift_down(m: Module, value: Value, amount: Value, name: str) -> Value:
    """``value >> amount``: nothing is left where the amount is the width or more."""
    width = len(value)
    levels = max((width - 1).bit_length(), 1)
    if len(amount) > levels:
        far = amount[levels:].any()
        value = value & (~far).replicate(width)
    for place in range(min(levels, len(amount))):
        step = 1 << place
        shifted = Cat(value[step:], Const(0, min(step, width)))
        value = wire(m, f"{name}_by{step}", Mux(amount[place], shifted, value))
    return value
