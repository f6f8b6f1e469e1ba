"""How long operators take, bit by bit: a rough model that standard cells and FPGAs have in common.

The unit is a gate of two inputs, half a level of four-input LUTs. Only ratios matter, and only to
choose where to cut; what a unit really takes is measured by synthesis, or by place and route.
"""

# pyright: reportAttributeAccessIssue=false
# The type stubs leave out what Amaranth does not document.

from collections.abc import Sequence
from math import ceil, log, log2

from amaranth.hdl import Value

from .expression import Operator, Part, SwitchValue

__all__ = ["after"]

GATE = 1.0
MULTIPLEXER = 1.5
# Onto a carry chain and off it, which in iCE40 and ECP5 together take a LUT and a half; one place
# further along it, a tenth of a gate in ECP5 and a fifth in iCE40.
ONTO, OFF, CARRY = 2.0, 1.5, 0.15

Times = list[float]


def after(value: Value, times: Sequence[Times]) -> Times:
    """When each bit of an operator's result is there, given when those of its operands are."""
    match value:
        case SwitchValue():
            return _switch(value, times)
        case Part():
            return [_latest(times) + MULTIPLEXER * _levels(len(value.value))] * len(value)
        case Operator():
            return _operator(value, times)
    raise AssertionError(value)


def _operator(value: Operator, times: Sequence[Times]) -> Times:
    width = len(value)
    match value.operator, len(times):
        case ("&" | "|" | "^", 2):
            a, b = (_extended(t, x, width) for t, x in zip(times, value.operands, strict=True))
            return [max(x, y) + GATE for x, y in zip(a, b, strict=True)]
        case ("b" | "r|" | "r&" | "r^", 1):
            return [_reduced(times[0])]
        case ("==" | "!=", 2):
            most = max(map(len, times))
            a, b = (_extended(t, x, most) for t, x in zip(times, value.operands, strict=True))
            return [_reduced([max(x, y) + GATE for x, y in zip(a, b, strict=True)])]
        case ("+" | "-", _):
            return _chain(value.operands, times, width)
        case ("<" | "<=" | ">" | ">=", 2):
            return [_chain(value.operands, times, max(map(len, times)) + 1)[-1]]
        case ("*", 2):
            return _product(times, width)
        case ("<<" | ">>", 2):
            return [_latest(times) + MULTIPLEXER * len(value.operands[1])] * width
    raise TypeError(f"A datapath cannot have the operator '{value.operator}'")


def _extended(times: Times, operand: Value, width: int) -> Times:
    """The times of an operand's bits at the operator's width, sign or zeros above."""
    top = times[-1] if times and operand.shape().signed else 0.0
    return (times + [top] * (width - len(times)))[:width]


def _latest(times: Sequence[Times]) -> float:
    return max((bit for operand in times for bit in operand), default=0.0)


def _levels(width: int) -> int:
    return ceil(log2(width)) if width > 1 else 0


def _reduced(times: Times) -> float:
    """One bit out of many, as a tree of gates."""
    return max(times, default=0.0) + GATE * _levels(len(times))


def _chain(operands: Sequence[Value], times: Sequence[Times], width: int) -> Times:
    """A carry chain: onto it, along it, and off it."""
    extended = [_extended(t, x, width) for t, x in zip(times, operands, strict=True)]
    carry, result = 0.0, []
    for column in zip(*extended, strict=True):
        here = max(column) + ONTO
        result.append(max(here, carry) + OFF)
        carry = max(here, carry) + CARRY
    return result


def _product(times: Sequence[Times], width: int) -> Times:
    """Partial products, a carry-save tree, and a carry chain."""
    rows = min(map(len, times))
    levels = ceil(log(rows / 2, 1.5)) if rows > 2 else 0
    start = _latest(times) + GATE + 2 * GATE * levels
    if rows < 2:
        return [start] * width
    return [start + ONTO + OFF + CARRY * place for place in range(width)]


def _switch(value: SwitchValue, times: Sequence[Times]) -> Times:
    test, width = times[0], len(value)
    # One select bit chooses between two; more of them are compared with each pattern first.
    select = max(test, default=0.0)
    depth = MULTIPLEXER
    if len(value.cases) > 2:
        select += GATE * _levels(len(test))
        depth = MULTIPLEXER + GATE * _levels(len(value.cases) // 2)
    cases = [_extended(t, case, width) for t, (_, case) in zip(times[1:], value.cases, strict=True)]
    return [max(select, *column) + depth for column in zip(*cases, strict=True)]
