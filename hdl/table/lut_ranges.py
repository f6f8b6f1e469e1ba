"""Which table a look-up needs, and how large its sums become."""

from typing import Any

from ..formats import IntegerFormat
from .lookup import Coding
from .lut_checks import Schedule
from .table_shape import QUANTIZED, Contents, TableShape, checked_shape

__all__ = ["one_entry_a_cycle", "sum_format", "table_shape", "total_factor"]


def table_shape(p: Any) -> TableShape:
    """The table of each group, of a look-up's parameters."""
    if p.coding is Coding.TERNARY:
        contents = Contents.TERNARY
    else:
        contents = Contents.SIGNED if p.symmetric else Contents.SUBSET
    return checked_shape(p.a, p.group, contents, p.table_int8, p.semantics, p.fraction)


def one_entry_a_cycle(p: Any, shape: TableShape) -> bool:
    """Whether a sum takes one entry a cycle with its sign, and nothing else.

    Such an entry is added whole, with the bit that others are stored without: its negative is its
    complement and a carry into the adder of the sum, which needs no tree.
    """
    serial = p.schedule is Schedule.SERIAL and p.b.width > 1
    one = serial and p.beats > 1 and p.lanes == p.group
    return one and p.coding is Coding.BIPOLAR and shape.halved


def total_factor(p: Any) -> int:
    """How often the activations' own sum is in twice the result, beside the tables' entries.

    With weights as sums of signs times powers of two, ``2 w = sum(2**i sign_i) + factor``.
    """
    if p.coding is not Coding.PLANES:
        return 0
    return -1 if p.b.signed else (1 << p.b.width) - 1


def sum_format(p: Any, shape: TableShape) -> IntegerFormat:
    """A format that holds every sum: the smallest, where tables are made of activations here."""
    a, lsb = shape.a, shape.a.lsb_exponent
    if p.table_int8 and p.coding is Coding.PLANES:
        lsb -= 1  # whole numbers are twice the sums
    groups = p.lanes // p.group * p.beats
    if not p.shared_precompute and not p.table_int8:
        low, high = _weights(p)
        corners = [x * y for x in (low, high) for y in (a.min_integer, a.max_integer)]
        count = groups * p.group
        return IntegerFormat.holding(min(*corners, 0) * count, max(corners) * count, lsb)
    # Tables that are given may hold anything.
    entry = shape.largest_entry
    planes = 1 if p.coding is Coding.TERNARY else (1 << p.b.width) - 1
    zero = planes if p.zero else 0
    if p.table_int8:
        total = p.group * max(abs(a.min_integer), a.max_integer)
        most = entry * planes + QUANTIZED.max_integer * total * (abs(total_factor(p)) + 2 * zero)
    elif shape.contents is Contents.SUBSET:
        most = entry * (planes * (3 if p.coding is Coding.BIPOLAR else 1) + zero)
    elif p.coding is Coding.PLANES:
        most = -(-entry * (planes + abs(total_factor(p)) + 2 * zero) // 2)
    else:
        most = entry * planes
    return IntegerFormat.holding(-most * groups, most * groups, lsb)


def _weights(p: Any) -> tuple[int, int]:
    """The least and the largest weight."""
    match p.coding:
        case Coding.TERNARY:
            return -1, 1
        case Coding.BIPOLAR:
            most = (1 << p.b.width) - 1
            return -most, most
        case _:
            span = p.b.max_integer if p.zero else 0
            return p.b.min_integer - span, p.b.max_integer
