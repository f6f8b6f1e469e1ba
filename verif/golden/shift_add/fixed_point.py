"""Fixed point to fixed point, as high-level synthesis has it."""

from typing import Any

import numpy as np

from ....hdl.formats import IntegerFormat

__all__ = ["to_fixed_point"]


def to_fixed_point(
    total: np.ndarray, lsb_exponent: int, o: IntegerFormat, rounding: str, overflow: str
) -> np.ndarray:
    """Codes in ``o`` of integers in units of ``2**lsb_exponent``."""
    kept = _rounded(np.asarray(total).astype(object), o.lsb_exponent - lsb_exponent, rounding)
    if overflow == "sat":
        kept = np.clip(kept, o.min_integer, o.max_integer)
    return kept & ((1 << o.width) - 1)


def _rounded(total: np.ndarray, shift: int, rounding: str) -> Any:
    """``total / 2**shift`` as an integer."""
    if shift <= 0:
        return total << -shift
    unit = 1 << shift
    down, rest = total // unit, total % unit
    match rounding:
        case "floor":
            return down
        case "zero":
            return down + ((total < 0) & (rest != 0))
        case "half_up":
            return down + (2 * rest >= unit)
        case _:
            return down + ((2 * rest > unit) | ((2 * rest == unit) & (down % 2 == 1)))
