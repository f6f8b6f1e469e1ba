"""Sums of blocks that are next to a tie, sought among many draws.

Under scales with mantissas a sum's last bits are those of long products. Each of them decides only
where all others are nearly a tie; such sums are not to be made, but of many sums the nearest to
ties are soon found.
"""

from typing import Any

import numpy as np

from ....hdl.formats import FloatFormat
from ....hdl.unit import Unit
from .fields import BlockFields
from .scales import near_scales, plain_sums

__all__ = ["near_ties"]

#: Draws for each one that is kept, and how often there are so many.
_EACH, _ROUNDS = 8, 2


def near_ties(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray], most: int
) -> dict[str, np.ndarray]:
    """Such operands, so many: codes by field; none where scales are powers of two, or there is an
    addend."""
    p = unit.parameters
    fields = BlockFields.of(unit, result)
    if fields is None or not most or p.c is not None:
        return {}
    if all(not scale.mantissa_width for scale in fields.scales.values()):
        return {}
    kept = []
    for _ in range(_ROUNDS):
        pick = rng.integers(0, len(result["a"]), most // _ROUNDS * _EACH)
        drawn = {name: codes[pick] for name, codes in result.items()}
        for side, scale in fields.scales.items():
            name = f"{side}_scale"
            near = near_scales(rng, scale, drawn[name].shape)
            assert near is not None
            drawn[name] = near
        order = np.argsort(_distance(p, fields.result, drawn), kind="stable")
        kept.append({name: codes[order[: most // _ROUNDS]] for name, codes in drawn.items()})
    return {name: np.concatenate([part[name] for part in kept]) for name in result}


def _distance(p: Any, o: Any, drawn: dict[str, np.ndarray]) -> np.ndarray:
    """How far sums are from where they would be rounded the other way, in that step; infinite for
    those that are no number of use."""
    with np.errstate(all="ignore"):
        total = plain_sums(p, drawn)
        place = np.full(len(total), o.lsb_exponent)
        top = np.frexp(np.where(np.isfinite(total), total, 0))[1]
        if isinstance(o, FloatFormat):
            place = np.maximum(top - o.precision, place)
            most = o.lsb_exponent + o.max_integer.bit_length()
        else:
            most = o.lsb_exponent + o.width
        steps = np.ldexp(total, max(p.projection.random_bits, 1) - place)
        away = abs(steps - np.rint(steps))
        usable = np.isfinite(total) & (away > 0) & (top > o.lsb_exponent - 2) & (top <= most)
    return np.where(usable, away, np.inf)
