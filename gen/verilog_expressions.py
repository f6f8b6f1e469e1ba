"""Verilog expressions: the text of an operator's result, at exactly the operator's width.

Verilog takes the width of an expression from its context and its sign from its operands. So wires
are unsigned, and where the assignment would widen a sum or a product from within, the operands are
widened explicitly.
"""

from collections.abc import Sequence

from . import verilog_text as vt
from .verilog_netlist import BITWISE, Bits, Cell, extended
from .verilog_signals import Constant, Part, Repeat, Signal, Slice
from .verilog_text import Text

__all__ = [
    "SHIFTS",
    "expression",
    "folds",
    "needed_width",
    "operands_of",
    "parts_text",
    "slice_text",
]

#: An anonymous result longer or deeper than this gets a name instead of being folded.
_LONGEST, _DEEPEST = 70, 4
#: Except in a chain of equal operators, which is broken into lines anyway.
_LONGEST_CHAIN = 700
_CHAINS = {"$and": "&", "$or": "|", "$xor": "^"}
_COMPARISONS = {
    "$eq": "==",
    "$eqx": "==",
    "$ne": "!=",
    "$nex": "!=",
    "$lt": "<",
    "$le": "<=",
    "$gt": ">",
    "$ge": ">=",
}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_REDUCTIONS = {
    "$reduce_and": "&",
    "$reduce_or": "|",
    "$reduce_bool": "|",
    "$reduce_xor": "^",
    "$reduce_xnor": "~^",
}
_DIVISIONS = {"$div": "/", "$divfloor": "/", "$mod": "%", "$modfloor": "%"}
_ARITHMETIC = {"$add": "+", "$sub": "-", "$mul": "*", **_DIVISIONS}
SHIFTS = {
    "$shl": "<<",
    "$sshl": "<<",
    "$shr": ">>",
    "$sshr": ">>>",
    "$shift": ">>",
    "$shiftx": ">>",
}


def operands_of(cell: Cell, low: int, width: int) -> list[Bits]:
    """The bits that each operand of an operator is written with, for ``width`` bits of its result
    from bit ``low`` up.

    Raises:
        ValueError: if plain Verilog has no such operator.
    """
    ports = cell.ports

    def part(bits: Bits, is_signed: bool) -> Bits:
        return extended(bits, low + width, is_signed)[low:]

    operands: list[Bits] = []
    a_signed = bool(cell.parameter("A_SIGNED"))
    if cell.type == "$mux":
        operands = [ports["S"], part(ports["B"], False), part(ports["A"], False)]
    elif cell.type == "$pmux":
        whole = len(cell.output)
        for n, select in enumerate(ports["S"]):
            operands += [[select], part(ports["B"][n * whole : (n + 1) * whole], False)]
        operands.append(part(ports["A"], False))
    elif cell.type in BITWISE or cell.type == "$neg":
        both = cell.signed
        operands = [part(ports[p], both) for p in "AB" if p in ports]
    elif cell.type in _ARITHMETIC:
        if cell.type in _DIVISIONS and cell.signed:
            raise ValueError(f"The signed division {cell.name} has no plain Verilog operator")
        widths = _arithmetic_widths(cell, width)
        operands = [extended(ports[p], w, cell.signed) for p, w in widths]
    elif cell.type in SHIFTS:
        if cell.parameter("B_SIGNED"):
            raise ValueError(f"The shift {cell.name} has a signed amount, which Verilog lacks")
        operands = [extended(ports["A"], width, a_signed), ports["B"]]
    elif cell.type in _COMPARISONS:
        wide = max(len(ports["A"]), len(ports["B"]))
        operands = [extended(ports[p], wide, cell.signed) for p in "AB"]
    else:
        operands = [ports[p] for p in "AB" if p in ports]
    return operands


def folds(signal: Signal, text: Text) -> bool:
    """Whether an anonymous result is short enough, and used once, to stand inside its user."""
    assert signal.cell is not None
    user = signal.user.cell if signal.user else None
    chained = user and user.type == signal.cell.type and text.op in ("&", "|", "^")
    longest = _LONGEST_CHAIN if chained else _LONGEST
    if not signal.whole or len(text.text) > longest or text.depth > _DEEPEST:
        return False
    if signal.cell.type in _ARITHMETIC | SHIFTS and not _self_sized(signal):
        return False
    return signal.uses == 1 or (text.op == "~x" and text.depth == 1 and text.args[0].op == "")


def parts_text(parts: Sequence[Part], style: str = "") -> Text:
    """Signals, slices and constants side by side, lowest first."""
    if len(parts) > 1:
        style = ""
    return vt.concat([_part(part, style) for part in reversed(parts)])


def _part(part: Part, style: str) -> Text:
    match part:
        case Constant(bits):
            return vt.constant(bits, style)
        case Repeat(signal, index, count):
            return vt.repeat(count, slice_text(signal, index, 1))
        case Slice(signal, low, width):
            return slice_text(signal, low, width)


def slice_text(signal: Signal, low: int, width: int) -> Text:
    """Some bits of a signal, or the expression that stands for it."""
    if not signal.name:
        assert signal.text is not None
        return signal.text
    if width == len(signal.bits):
        return Text(signal.name)
    if width == 1:
        return Text(f"{signal.name}[{low}]")
    return Text(f"{signal.name}[{low + width - 1}:{low}]")


def expression(signal: Signal) -> Text:
    """What an operator computes, as wide as its signal."""
    cell = signal.cell
    assert cell is not None
    kind = cell.type
    if kind in _ARITHMETIC:
        return _arithmetic(signal, cell)
    if kind in _COMPARISONS:
        return _comparison(signal, cell)
    args = [parts_text(operand) for operand in signal.operands]
    if kind in _CHAINS:
        return vt.binary(_CHAINS[kind], args)
    if kind == "$xnor":
        return vt.invert(vt.binary("^", args), len(signal.bits) == 1)
    if kind == "$not":
        return vt.invert(args[0], len(signal.bits) == 1)
    if kind == "$neg":
        return vt.unary("-", args[0])
    if kind in ("$mux", "$pmux"):
        result = args[-1]
        for n in reversed(range(0, len(args) - 1, 2)):
            result = vt.mux(args[n], args[n + 1], result)
        return result
    if kind in SHIFTS:
        arithmetic = kind == "$sshr" and cell.parameter("A_SIGNED")
        value = vt.signed(args[0]) if arithmetic else args[0]
        return vt.binary(SHIFTS[kind] if arithmetic else SHIFTS[kind][:2], [value, args[1]])
    widths = [len(cell.ports[p]) for p in "AB" if p in cell.ports]
    if kind == "$logic_not":
        if widths[0] == 1:
            return vt.invert(args[0], True)
        return vt.binary("==", [args[0], vt.constant("0" * widths[0])])
    op = _REDUCTIONS.get(kind, "|")
    bits = [
        (vt.invert(a, True) if op == "~^" else a) if width == 1 else vt.reduce(op, a)
        for a, width in zip(args, widths, strict=True)
    ]
    return bits[0] if len(bits) == 1 else vt.binary("&" if kind == "$logic_and" else "|", bits)


def _comparison(signal: Signal, cell: Cell) -> Text:
    op, operands = _COMPARISONS[cell.type], signal.operands
    order = op not in ("==", "!=")
    if is_constant(operands[0]):
        op, operands = _MIRRORED.get(op, op), operands[::-1]
    return vt.binary(op, [_number(o, cell.signed and order) for o in operands])


def _arithmetic(signal: Signal, cell: Cell) -> Text:
    op, width, fixed = _ARITHMETIC[cell.type], len(signal.bits), _self_sized(signal)
    if fixed and op == "+":
        match signal.operands:
            case [value, [Constant(bits)]] if bits[0] == "1" and width > 1:
                # Adding a number from the upper half is how a subtraction arrives here.
                less = vt.constant(f"{(1 << width) - int(bits, 2):0{width}b}", "number")
                return vt.binary("-", [parts_text(value), less])
    as_signed = cell.signed and not fixed
    args = [_number(operand, as_signed) for operand in signal.operands]
    if not (fixed or as_signed or all(a.atomic for a in args)):
        # What the assignment widens must be no expression, which would widen from within.
        widths = [w for _, w in _arithmetic_widths(cell, width)]
        args = [
            vt.concat([vt.constant("0"), arg]) if w < width else arg
            for arg, w in zip(args, widths, strict=True)
        ]
    return vt.binary(op, args)


def _number(parts: Sequence[Part], as_signed: bool) -> Text:
    text = parts_text(parts, "signed" if as_signed else "number")
    return vt.signed(text) if as_signed and not is_constant(parts) else text


def is_constant(parts: Sequence[Part]) -> bool:
    return len(parts) == 1 and isinstance(parts[0], Constant)


def needed_width(cell: Cell) -> int:
    """The least width of an operator that needs whole operands, however few bits are used."""
    whole = _DIVISIONS.keys() | {"$shr", "$sshr", "$shift", "$shiftx"}
    if cell.type not in whole:
        return 0
    ports = ["A"] + ["B"] * (cell.type in _DIVISIONS) + ["Y"] * cell.parameter("A_SIGNED")
    return max(len(cell.ports[p]) for p in ports)


def _arithmetic_widths(cell: Cell, width: int) -> list[tuple[str, int]]:
    """How wide each operand is written. One bit below the result's width is enough for both
    operands of a sum, and no widening is needed in a product: the assignment does it."""
    a, b = len(cell.ports["A"]), len(cell.ports["B"])
    if cell.type == "$mul":
        return [("A", min(a, width)), ("B", min(b, width))]
    if cell.type in ("$add", "$sub") and max(a, b) == width - 1:
        return [("A", width - 1), ("B", width - 1)]
    return [("A", width), ("B", width)]


def _self_sized(signal: Signal) -> bool:
    """Whether the expression has its width from its operands, not from the assignment."""
    cell, width = signal.cell, len(signal.bits)
    assert cell is not None
    if cell.type == "$sshr":
        return not cell.parameter("A_SIGNED")
    if cell.type not in _ARITHMETIC:
        return True
    return all(w == width for _, w in _arithmetic_widths(cell, width))
