"""Amaranth's expressions seen as a graph: what an operator reads, and the same with other operands.

Amaranth has no public names for the classes of its expressions; this is the one place that knows
them, as of 0.5.
"""

# pyright: reportAttributeAccessIssue=false
# The type stubs leave out what Amaranth does not document.

from collections.abc import Callable, Collection, Sequence

from amaranth.hdl import Cat, Const, Shape, Signal, Value
from amaranth.hdl._ast import Concat, Operator, Part, Slice, Statement, SwitchValue

__all__ = [
    "Concat",
    "Operator",
    "Part",
    "Slice",
    "Statement",
    "SwitchValue",
    "fitted",
    "is_operator",
    "needs",
    "operands",
    "rebuilt",
]


def is_operator(value: Value) -> bool:
    """Whether ``value`` is logic: not a signal or constant, and not a mere choice of wires or an
    inversion, which vanishes in the logic around it."""
    if isinstance(value, Operator):
        return value.operator not in ("u", "s", "~") and not _unary_plus(value)
    return isinstance(value, SwitchValue | Part)


def _unary_plus(value: Operator) -> bool:
    return value.operator == "+" and len(value.operands) == 1


def operands(value: Value) -> Sequence[Value]:
    """The values that an expression reads.

    Raises:
        TypeError: for an expression that cannot stand in a datapath.
    """
    match value:
        case Const() | Signal():
            return ()
        case Operator():
            return value.operands
        case SwitchValue():
            return (value.test, *(case for _, case in value.cases))
        case Slice():
            return (value.value,)
        case Concat():
            return value.parts
        case Part():
            return (value.value, value.offset)
    raise TypeError(f"A datapath cannot be made of {value!r}")


def needs(value: Value, wanted: Collection[int]) -> Sequence[Collection[int]]:
    """Which bits of each operand an operator reads if only some bits of its result are wanted."""
    if not wanted:
        return [()] * len(operands(value))
    match value:
        case Operator(operator="&" | "|" | "^"):
            # An operand that is too narrow goes on with its top bit.
            return [_within(wanted, len(operand)) for operand in value.operands]
        case SwitchValue():
            cases = [case for _, case in value.cases]
            return [range(len(value.test))] + [_within(wanted, len(case)) for case in cases]
        case Operator(operator="+" | "-" | "*"):
            return [range(max(wanted) + 1)] * len(value.operands)
    return [range(len(operand)) for operand in operands(value)]


def _within(wanted: Collection[int], width: int) -> Collection[int]:
    return {min(n, width - 1) for n in wanted}


def rebuilt(value: Value, change: Callable[[Value], Value]) -> Value:
    """The same expression of changed operands; the expression itself if none changes."""
    old = operands(value)
    new = [change(operand) for operand in old]
    if all(a is b for a, b in zip(old, new, strict=True)):
        return value
    match value:
        case Operator():
            return Operator(value.operator, new)
        case SwitchValue():
            patterns = [pattern for pattern, _ in value.cases]
            return SwitchValue(new[0], list(zip(patterns, new[1:], strict=True)))
        case Slice():
            return new[0][value.start : value.stop]
        case Concat():
            return Cat(*new)
        case Part():
            return Part(new[0], new[1], value.width, value.stride)
    raise AssertionError(value)


def fitted(value: Value, shape: Shape) -> Value:
    """``value`` as an assignment to a signal of this shape leaves it."""
    if value.shape() == shape:
        return value
    missing = shape.width - len(value)
    if missing > 0:
        top = value[-1] if value.shape().signed and len(value) else Const(0, 1)
        value = Cat(value, top.replicate(missing))
    value = value[: shape.width]
    return value.as_signed() if shape.signed else value
