"""The two ways in which a group's terms are summed."""

from enum import StrEnum

from ..arithmetic.adders import Adder
from ..formats import NumberFormat
from .aligned_format import AlignedFormat
from .aligned_group import AlignedGroup
from .exact_group import ExactGroup
from .weights import Code

__all__ = ["GroupSum", "group_of"]


class GroupSum(StrEnum):
    """How a group's terms are summed."""

    #: Exactly, as fixed point that holds every group.
    EXACT = "exact"
    #: As floating point, the terms of each cycle and the sum so far cut below the largest of them.
    ALIGNED = "aligned"


def group_of(
    how: GroupSum,
    a: NumberFormat,
    code: Code,
    *,
    lanes: int,
    beats: int,
    extra: int,
    bits: int,
    flush: bool,
    adder: Adder,
) -> ExactGroup | AlignedGroup:
    """What sums up groups of terms; ``extra`` and ``bits`` are of aligned sums.

    Raises:
        ValueError: if aligned sums cannot be made of such activations, or of such sizes.
    """
    if how is GroupSum.EXACT:
        return ExactGroup(a, code, lanes=lanes, beats=beats, flush=flush, adder=adder)
    format = AlignedFormat(a, code, lanes=lanes, beats=beats, extra=extra, bits=bits)
    return AlignedGroup(format, lanes=lanes, flush=flush, adder=adder)
