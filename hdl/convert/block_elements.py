"""The elements of a block, given the code of its scale."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Cat, Module, Value

from ..arithmetic.place import fraction_bits
from ..arithmetic.raw import Raw, decode
from ..formats import FloatFormat, FloatView, IntegerFormat
from ..formats.scale_rules import (
    BlockSpecials,
    ScaleOverflow,
    ScaleRule,
    ScaleSource,
    element_exponent,
    rule_of,
)
from ..pipeline import wire
from .block_amax import EXPONENT, BlockAmax
from .block_lane import (
    decode_number,
    divided,
    encode,
    quotient_bits,
    scaled,
    three_quarters,
)
from .e2m1_lane import code_by_distance, is_e2m1

__all__ = ["BlockElements"]


class BlockElements:
    """What the lanes of a block quantizer have in common.

    Parameters
    ----------
    parameters
        Of the unit.
    amax
        How the scale is found, which says what numbers over it can be.
    """

    def __init__(self, parameters: Any, amax: BlockAmax):
        p = parameters
        self.parameters = p
        self._amax = amax
        self._given = p.scale is ScaleSource.GIVEN
        self._rule = rule_of(p.o, p.rule)
        self._lanes = p.o.size * p.o.rows
        # No element is beyond the largest but for rounding, and none needs its own exception.
        self._by_distance = (
            is_e2m1(p.o.element, p.projection)
            and self._rule.by_exponent
            and self._rule is not ScaleRule.THREE_QUARTERS
            and amax.most == element_exponent(p.o) + p.a.bias - p.o.scale.bias
            and (p.o.scale.bias <= p.a.bias or amax.normalized)
            and p.specials is BlockSpecials.SCALE_NAN
            and not self._given
            and not p.multiplied
        )

    def codes(self, m: Module, values: dict[str, Any]) -> list[Value]:
        """The code of each element; ``values`` has ``scale``, and the numbers in ``a``."""
        p = self.parameters
        scale = self._decode_scale(m, values)
        assert scale.exponent is not None
        below = scale.exponent
        if self._by_distance:
            # Two less than what the exponent of a number worth the scale is.
            below = wire(m, "scale_below", below + (scale.offset + p.a.bias - 2))
        codes = []
        for n in range(self._lanes):
            name = f"lane{n}"
            raw = self._lane(m, values["a"][n], scale, name)
            random = values["random"][n] if "random" in values else None
            if self._by_distance:
                code = code_by_distance(m, raw, below, p.projection, name)
            else:
                most = 1 - scale.exponent_min if raw.slack is None else None
                code = encode(m, raw, p.o.element, p.projection, random, name, most)
            code = Value.cast(code)
            if scale.zero is not None:
                code = code & (~scale.zero).replicate(len(code))
            codes.append(code)
        return codes

    def _decode_scale(self, m: Module, values: dict[str, Any]) -> Raw:
        """The scale, less the numbers' common exponent; ``zero`` where no element counts."""
        p = self.parameters
        format: FloatFormat = p.o.scale
        view = format(values["scale"])
        raw = decode(m, view, "scale", normalize=True)
        dead = [raw.zero] if format.zero else []
        if (
            self._given
            or p.specials is BlockSpecials.SCALE_NAN
            or p.scale_overflow is not (ScaleOverflow.SAT)
        ):
            dead += [raw.nan, raw.infinite]
        known = [bit for bit in dead if bit is not None]
        exponent, least, most = raw.exponent, raw.exponent_min, raw.exponent_max
        assert exponent is not None
        if "exponent" in values:
            exponent = wire(
                m, "scale_over_multiplier", exponent - Value.cast(values["exponent"]).as_signed()
            )
            least, most = least - EXPONENT.max_integer, most - EXPONENT.min_integer
        return Raw(
            significand=raw.significand,
            exponent=exponent,
            offset=raw.offset,
            exponent_min=least,
            exponent_max=most,
            negative=raw.negative if self._given else None,
            zero=wire(m, "no_scale", Cat(*known).any()) if known else None,
        )

    def _lane(self, m: Module, view: FloatView, scale: Raw, name: str) -> Raw:
        """One number over the scale."""
        p = self.parameters
        a, o, projection = p.a, p.o, p.projection
        tripled = self._rule is ScaleRule.THREE_QUARTERS
        by_division = len(scale.significand) > 1
        precision = quotient_bits(o.element, projection)
        kept = precision - 1
        if by_division:
            kept = precision + len(scale.significand) - 1
        # The last bit of a subnormal number that the smallest scale leaves for the rounder to see.
        subnormal = (
            1 - a.bias - o.scale.lsb_exponent - o.element.lsb_exponent + fraction_bits(projection)
        ) + (EXPONENT.max_integer if p.multiplied else 0)
        if tripled or self._amax.normalized:
            kept, subnormal = a.mantissa_width, a.mantissa_width
        integer = isinstance(o.element, IntegerFormat) and not by_division and not tripled
        unnormalized = (integer or self._by_distance) and not self._amax.normalized
        raw = decode_number(
            m,
            view,
            name,
            kept=kept,
            subnormal=subnormal,
            flush=projection.ftz_in,
            normalize=not unnormalized,
        )
        if p.specials is BlockSpecials.SCALE_NAN:
            raw = replace(raw, nan=None, infinite=None)  # the scale says it
        if tripled:
            raw = three_quarters(m, raw, name)
        assert scale.exponent is not None
        low, high = raw.exponent_min - scale.exponent_max, raw.exponent_max - scale.exponent_min
        if self._rule.by_exponent and not self._given and not p.multiplied:
            high = self._amax.most
            if raw.slack is None:
                high = max(high, 1 - scale.exponent_min)
        if scale.negative is not None and raw.negative is not None:
            negative = wire(m, f"{name}_negative", raw.negative ^ scale.negative)
            raw = replace(raw, negative=negative)
        if self._by_distance:
            return raw
        raw = scaled(m, raw, scale.exponent, scale.offset, (low, high), name)
        return divided(m, raw, scale.significand, precision, name) if by_division else raw
