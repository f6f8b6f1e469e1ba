"""Which parameters of a table look-up go together, and which suit a dot product."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from ..arithmetic.bitheap import Structure
from ..formats import IntegerFormat, NumberFormat
from ..unit import DotUse
from .lookup import Coding

__all__ = ["Schedule", "check_look_up", "look_ups"]

#: Weights of more bits cost more look-ups than a multiplication is worth.
_MOST_BITS = 6


class Schedule(StrEnum):
    """When the bits of the weights are looked up."""

    #: All at once.
    PARALLEL = "parallel"
    #: One plane a cycle.
    SERIAL = "serial"


def check_look_up(p: Any) -> None:
    """Refuse parameters that contradict each other.

    Raises:
        ValueError: saying which.
    """
    ternary = p.coding is Coding.TERNARY
    if p.structure not in (Structure.AUTO, Structure.COMPRESSOR, Structure.PLAIN):
        raise ValueError(f"The structure must be compressor or plain, not '{p.structure}'")
    if p.projection.random_bits:
        raise ValueError(
            f"The rounding must need no random bits, not '{p.projection.rounding}' does"
        )
    if ternary and p.b != IntegerFormat(2, narrow=True):
        raise ValueError(f"With ternary coding the weights must be int2n, not '{p.b}'")
    if not ternary and p.b.width > _MOST_BITS:
        raise ValueError(f"The weights must have at most {_MOST_BITS} bits, not {p.b.width}")
    if p.b.lsb_exponent or (p.b.narrow and not ternary):
        raise ValueError(f"The weights must be integers such as int2 or uint4, not '{p.b}'")
    if p.coding is Coding.BIPOLAR and p.b.signed:
        raise ValueError(f"With bipolar coding the weights must be unsigned codes, not '{p.b}'")
    if p.zero and (p.b.signed or p.coding is not Coding.PLANES):
        raise ValueError("A zero point needs weights of coding planes and an unsigned format")
    if not p.symmetric and (p.remapped or p.table_int8 or ternary):
        which = "remapped" if p.remapped else "table_int8" if p.table_int8 else "ternary coding"
        raise ValueError(f"The tables must be symmetric with {which}")
    if ternary and p.schedule is Schedule.SERIAL:
        raise ValueError("With ternary coding the schedule must be parallel: there are no planes")


def look_ups(a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
    """How 16 columns of weights are summed in one beat by tables of two activations."""
    if not isinstance(b, IntegerFormat) or b.width > _MOST_BITS or b.lsb_exponent or terms % 2:
        return ()
    if b.narrow and b.width != 2:
        return ()
    coding = Coding.TERNARY if b.narrow else Coding.PLANES
    job = {"a": str(a), "b": str(b), "coding": coding.value, "lanes": str(terms)}
    uses = [DotUse({**job, "columns": "16"}, dots=16)]
    if coding is Coding.PLANES and b.width > 1:
        uses.append(DotUse({**job, "columns": "16", "schedule": "serial"}, dots=16))
    return uses
