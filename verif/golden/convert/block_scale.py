"""Golden model of the unit that finds the scale of many beats."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats.scale_rules import BlockSpecials
from .block_scales import amax_codes, is_special, scale_codes

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One scale per transaction: ``a`` has shape (beats, numbers)."""
    p = parameters
    amax = amax_codes(inputs["a"], p.a, p.specials)
    if p.beats > 1:
        amax = np.maximum.reduceat(amax, np.flatnonzero(inputs["first"]))
    scales = scale_codes(
        amax,
        p.a,
        p.o,
        p.rule,
        zero_block=p.zero_block,
        overflow=p.scale_overflow,
        flush=p.ftz_in,
    )
    if p.specials is BlockSpecials.SCALE_NAN:
        scales = np.where(is_special(amax, p.a), p.o.scale.nan_code, scales)
    return {"p_scale": scales}
