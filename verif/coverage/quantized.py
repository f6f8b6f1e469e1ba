"""The exact quotients that a block quantizer rounds: an element is its number over the scale.

The golden model takes short cuts through tables; here each quotient is divided out again, to more
places than any format has, with one more bit that says whether anything was left.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ...hdl.formats import Decoded
from ...hdl.formats.scale_rules import (
    Scaler,
    ScaleRule,
    ScaleSource,
    element_exponent,
    element_top,
    rule_of,
)
from ..golden.observed import Rounded
from .limits import longest
from .possible import Reach

__all__ = ["quotient_reach", "quotients"]

_PLACES = 30


def quotients(
    name: str, parameters: Any, inputs: Mapping[str, np.ndarray], want: Mapping[str, np.ndarray]
) -> Rounded | None:
    """What became of every number of a block; None of other units, and of scaler ``te``."""
    p = parameters
    if name != "block-quantizer" or p.scaler is Scaler.TE:
        return None
    numbers = p.a.decode(inputs["a"])
    scale = p.o.scale.decode(np.asarray(want["p_scale"])[:, None])
    exponent = np.asarray(numbers.exponent)
    if "exponent" in inputs:
        shift = np.asarray(inputs["exponent"])[:, None].astype(np.int64) & 511
        exponent = exponent + np.where(shift > 255, shift - 512, shift)
    significand = np.asarray(numbers.significand)
    if rule_of(p.o, p.rule) is ScaleRule.THREE_QUARTERS:
        significand, exponent = 3 * significand, exponent - 2
    divisor = np.where(scale.significand == 0, 1, scale.significand)
    quotient, rest = np.divmod(significand << _PLACES, divisor)
    # Beside no finite positive scale nothing is divided.
    none = numbers.nan | scale.nan | scale.infinite | (scale.significand == 0)
    exact = Decoded(
        none,
        numbers.infinite & ~none,
        numbers.negative,
        2 * quotient + (rest != 0),
        exponent - scale.exponent - _PLACES - 1,
    )
    return Rounded(exact, p.o.element, p.projection, np.asarray(want["p"]))


def quotient_reach(p: Any) -> Reach:
    """How large quotients get, and how long, by rules that give powers of two."""
    if not rule_of(p.o, p.rule).by_exponent or p.multiplied or p.scale is ScaleSource.GIVEN:
        return Reach()
    rule, factor = rule_of(p.o, p.rule), 1
    limit = Fraction(2) ** (element_exponent(p.o) + 1)
    if rule is ScaleRule.CEIL:
        limit /= 2
    elif rule is ScaleRule.RCEIL:
        limit = element_top(p.o)
    elif rule is ScaleRule.THREE_QUARTERS:
        limit, factor = limit * 3 / 4, 3
    # The limit itself is not reached by rules that take scales down.
    strict = rule not in (ScaleRule.CEIL, ScaleRule.RCEIL)
    largest = p.a.max_value / p.o.scale.max_value
    places = 1200  # more than any format has
    high = int(limit * (1 << places)) - strict
    high = max(high, int(largest * (1 << places)))
    return Reach(-high, high, -places, longest(p.a) * factor, factor=factor)
