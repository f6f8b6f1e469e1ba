"""Classes of results that a unit never gives, by its definition."""

from typing import Any

from ...hdl.formats.dot_semantics import DotSemantics, alignment
from ...hdl.formats.lmul_policy import LMulSpecials, LMulUnderflow, LMulZero
from ...hdl.formats.scale_rules import (
    BlockSpecials,
    ScaleOverflow,
    ScaleRule,
    ScaleSource,
    element_exponent,
    rule_of,
)
from ..stimuli.classes import MAGNITUDES

__all__ = ["unreachable"]


def unreachable(name: str, field: str, parameters: Any) -> set[str]:
    """Classes of results that a field of a unit never has, by its definition."""
    p, found = parameters, set[str]()
    if field == "p_scale":
        return _never_scales(p)
    if getattr(p, "semantics", None) is DotSemantics.ALIGNED:
        # What is narrower than its word has zeros below.
        if alignment(p).result.width < p.o.width:
            found = {f"{s}{n}" for s in "+-" for n in ("least subnormal", "largest subnormal")}
            found |= {"+largest", "-largest", "-zero"}
        return found
    if name != "lmul-multiplier":
        return found
    if p.underflow is LMulUnderflow.FLUSH:
        found |= {f"{s}{n}subnormal" for s in "+-" for n in ("", "least ", "largest ")}
    if p.zero is LMulZero.POSITIVE:
        found.add("-zero")
    if p.specials is not LMulSpecials.IEEE:
        found |= {"+infinity", "-infinity", "nan"}
    return found


def _never_scales(p: Any) -> set[str]:
    """Scales are positive, at most what the largest number asks for, and special for a reason."""
    found = {f"-{name}" for name in MAGNITUDES}
    if p.scale_overflow is not ScaleOverflow.INF_OR_NAN:
        found.add("+infinity")
    if p.specials is BlockSpecials.IGNORE:
        found.add("nan")
    moved = getattr(p, "multiplied", False) or getattr(p, "scale", None) is ScaleSource.GIVEN
    if not moved:
        top = p.a.max_integer.bit_length() + p.a.lsb_exponent
        if rule_of(p.o, p.rule) is not ScaleRule.MAX_ABS:
            top -= element_exponent(p.o)
        if top < p.o.scale.max_integer.bit_length() + p.o.scale.lsb_exponent - 1:
            found.add("+largest")
    return found
