"""Verilog expressions as text: constants, operators, parentheses, line breaks.

Every expression built here has a width of its own, equal to the width it is used at: its operands
are already as wide as its result. Verilog's context-determined widths and signs then have nothing
left to change, except where a whole assignment is meant to widen a sum or a product.
"""

from collections.abc import Sequence
from itertools import groupby

__all__ = [
    "Text",
    "binary",
    "concat",
    "constant",
    "declaration",
    "invert",
    "mux",
    "reduce",
    "repeat",
    "signed",
    "unary",
]

COLUMNS = 100
_ASSOCIATIVE = {"&", "|", "^", "+"}
_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_NEGATED_REDUCTION = {"|": "~|", "~|": "|", "&": "~&", "~&": "&", "^": "~^", "~^": "^"}


class Text:
    """An expression: its text on one line, its operator and operands, and how deep it nests."""

    __slots__ = ("args", "depth", "op", "text")

    def __init__(self, text: str, op: str = "", args: Sequence["Text"] = ()):
        self.text = text
        self.op = op  # "" for what needs no parentheses anywhere
        self.args = tuple(args)
        self.depth = 1 + max((a.depth for a in args), default=-1)

    @property
    def atomic(self) -> bool:
        return self.op in ("", "{}")


def constant(bits: str, style: str = "") -> Text:
    """A sized constant; ``bits`` has its most significant bit first.

    ``style`` is "number" for an operand of arithmetic, "signed" for one of signed arithmetic,
    and empty for a pattern of bits.
    """
    width, value = len(bits), int(bits, 2)
    if style == "signed":
        value -= (value >> (width - 1)) << width
        if value == -1 << (width - 1):
            # Its magnitude has no code of this width: extended, a minus before it would undo it.
            return Text(f"{width}'sh{-value:x}")
        return Text(f"{'-' * (value < 0)}{width}'sd{abs(value)}")
    if width == 1:
        return Text(f"1'b{bits}")
    if style == "number" or not value:
        return Text(f"{width}'d{value}")
    if width <= 4:
        return Text(f"{width}'b{bits}")
    return Text(f"{width}'h{value:0{(width + 3) // 4}x}")


def concat(parts: Sequence[Text]) -> Text:
    """Parts side by side, the most significant first; equal neighbours are written once."""
    runs = [list(run) for _, run in groupby(parts, key=lambda part: part.text)]
    parts = [run[0] if len(run) == 1 else repeat(len(run), run[0]) for run in runs]
    if len(parts) == 1:
        return parts[0]
    return Text("{" + ", ".join(p.text for p in parts) + "}", "{}", parts)


def repeat(count: int, part: Text) -> Text:
    inner = part.text if part.op == "{}" else "{" + part.text + "}"
    return Text("{" + str(count) + inner + "}", "", (part,))


def signed(part: Text) -> Text:
    return Text(f"$signed({part.text})", "", (part,))


def unary(op: str, part: Text) -> Text:
    """``~`` or ``-`` in front of an operand."""
    return Text(op + (part.text if part.atomic else f"({part.text})"), op + "x", (part,))


def reduce(op: str, part: Text) -> Text:
    """All bits of an operand joined by ``&``, ``|`` or ``^``, perhaps inverted."""
    return Text(op + (part.text if part.atomic else f"({part.text})"), "reduce" + op, (part,))


def invert(part: Text, one_bit: bool) -> Text:
    """``~part``; a one-bit comparison or reduction is negated in place."""
    if part.op == "~x":
        return part.args[0]
    if one_bit and part.op in _NEGATED:
        return binary(_NEGATED[part.op], part.args)
    if part.op.startswith("reduce"):
        return reduce(_NEGATED_REDUCTION[part.op[6:]], part.args[0])
    return unary("~", part)


def binary(op: str, parts: Sequence[Text]) -> Text:
    """Operands joined by one operator; equal associative operators become one chain."""
    args: list[Text] = []
    for part in parts:
        args += part.args if part.op == op and op in _ASSOCIATIVE else (part,)
    return Text(f" {op} ".join(map(_operand, args)), op, args)


def mux(select: Text, one: Text, zero: Text) -> Text:
    if select.op == "~x":
        select, one, zero = select.args[0], zero, one
    result = Text(f"{_operand(select)} ? {_branch(one)} : {zero.text}", "?:", (select, one, zero))
    # A chain of choices is read from the top down: it is no deeper than its deepest branch.
    result.depth = max(1 + select.depth, 1 + one.depth, zero.depth)
    return result


def declaration(head: str, value: Text, columns: int = COLUMNS) -> list[str]:
    """Lines of ``head value;``, broken where the outermost operators are."""
    line = f"{head} {value.text};"
    if len(line) <= columns:
        return [line]
    indent = " " * (len(head) - len(head.lstrip()))
    inner = indent + "    "
    if value.op == "?:":
        lines, rest = [head], value
        while rest.op == "?:":
            select, one, zero = rest.args
            lines += _broken(f"{inner}{_operand(select)} ? ", one, _branch(one), " :", columns)
            rest = zero
        return [*lines, *_broken(inner, rest, rest.text, ";", columns)]
    if value.op == "{}":
        return _broken(f"{head} ", value, value.text, ";", columns)
    if value.op.startswith("reduce") and value.args[0].op == "{}":
        inside = value.args[0]
        return _broken(f"{head} {value.op[6:]}", inside, inside.text, ";", columns)
    if value.op and len(value.args) > 1:
        # Each operator stands under the sign of the assignment.
        left = " " * (len(head) - len(value.op))
        first, *others = map(_operand, value.args)
        lines = [f"{head} {first}", *(f"{left}{value.op} {other}" for other in others)]
        if max(map(len, lines)) < columns:
            return [*lines[:-1], lines[-1] + ";"]
        # Operands that need lines of their own start on a new one.
        lines, last = [head], len(value.args) - 1
        for n, arg in enumerate(value.args):
            start = f"{inner}{value.op} " if n else inner
            lines += _broken(start, arg, _operand(arg), ";" if n == last else "", columns)
        return lines
    return [head, f"{inner}{value.text};"]


def _broken(start: str, value: Text, text: str, end: str, columns: int) -> list[str]:
    """A part of an expression: on one line, or a concatenation with as many parts a line as fit."""
    if value.op != "{}" or len(start + text + end) <= columns:
        return [start + text + end]
    outer = " " * (len(start) - len(start.lstrip()))
    first, *others = (part.text for part in value.args)
    lines = [start + "{", f"{outer}    {first}"]
    for part in others:
        lines[-1] += ","
        if len(lines[-1]) + len(part) + 2 <= columns:
            lines[-1] += " " + part
        else:
            lines.append(f"{outer}    {part}")
    return [*lines, f"{outer}}}{end}"]


def _operand(part: Text) -> str:
    return part.text if part.atomic or part.op in ("~x", "-x") else f"({part.text})"


def _branch(part: Text) -> str:
    return f"({part.text})" if part.op == "?:" else part.text
