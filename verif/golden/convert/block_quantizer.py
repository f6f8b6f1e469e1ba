"""Golden model of the block quantizer."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import (
    BlockFormat,
    Decoded,
    FloatFormat,
    IntegerFormat,
    Projection,
    Rounding,
    parse_format,
)
from ....hdl.formats.scale_rules import (
    BlockSpecials,
    RandomSource,
    ScaleOverflow,
    Scaler,
    ScaleRule,
    ZeroBlock,
    element_exponent,
    rule_of,
)
from ..exact import bit_length, wide
from ..rounding import flush_subnormals, project
from .block_random import draws
from .block_scales import amax_codes, is_special, scale_codes
from .block_spread import spread_codes
from .nvfp4 import quantize_blocks_te
from .quotients import has_table, is_narrow, project_floats, to_floats

__all__ = ["model", "quantize"]

_E8M0 = parse_format("e8m0fnu")
_IN_BINARY32 = tuple(parse_format(name) for name in ("fp32", "bf16", "fp16"))
_EXPONENT = IntegerFormat(9)
_TO_NEAREST = (Rounding.RNE, Rounding.RNA, Rounding.RTZ)
_CHUNK = 1 << 16  # numbers that stay in a processor's second-level cache


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A block a beat: ``a`` has shape (beats, elements)."""
    p = parameters
    if p.scaler is Scaler.TE:
        codes, scales = quantize_blocks_te(inputs["a"], p.a, inputs["tensor_scale"], p.projection)
        return {"p": codes, "p_scale": scales}
    random = inputs.get("random")
    if p.random_source is not RandomSource.INPUT:
        beats, elements = np.shape(inputs["a"])
        random = draws(p.random_source, p.seed, beats, elements, p.projection.random_bits)
    codes, scales = quantize(
        inputs["a"],
        p.a,
        p.o,
        p.rule,
        projection=p.projection,
        specials=p.specials,
        zero_block=p.zero_block,
        scale_overflow=p.scale_overflow,
        spread_bits=p.spread_bits,
        scales=inputs.get("a_scale"),
        exponent=_EXPONENT.integers(inputs["exponent"]) if "exponent" in inputs else 0,
        random=random,
    )
    return {"p": codes, "p_scale": scales}


def quantize(
    numbers: Any,
    a: FloatFormat,
    o: BlockFormat,
    rule: ScaleRule = ScaleRule.AUTO,
    *,
    projection: Projection | None = None,
    specials: BlockSpecials = BlockSpecials.SCALE_NAN,
    zero_block: ZeroBlock = ZeroBlock.LEAST,
    scale_overflow: ScaleOverflow = ScaleOverflow.SAT,
    spread_bits: int = 8,
    scales: Any = None,
    exponent: Any = 0,
    random: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of elements, and of a scale for each block.

    Args:
        numbers: codes in ``a``, one block a row.
        scales: codes of given scales; None to find them.
        spread_bits: of the rules that go by the spread: how many bits of a number count.
        exponent: of a power of two, one for all blocks or one each, that numbers count as
            multiplied by.
        random: one integer of ``random_bits`` bits an element, in stochastic modes.
    """
    projection = projection or Projection()
    numbers = np.asarray(numbers)
    assert isinstance(o.scale, FloatFormat)
    if len(numbers) * numbers.shape[-1] > _CHUNK and random is None and np.ndim(exponent) == 0:
        return _in_chunks(
            numbers,
            scales,
            a=a,
            o=o,
            rule=rule,
            projection=projection,
            specials=specials,
            zero_block=zero_block,
            scale_overflow=scale_overflow,
            spread_bits=spread_bits,
            exponent=exponent,
        )
    # Beside the spread, as beside a given scale, a number can be of any size.
    given = scales is not None or rule.by_spread or bool(np.any(exponent))
    if scales is None and rule.by_spread:
        scales = spread_codes(
            numbers,
            a,
            o,
            rule,
            spread_bits,
            zero_block=zero_block,
            overflow=scale_overflow,
            flush=projection.ftz_in,
            exponent=exponent,
        )
    if scales is None:
        scales = scale_codes(
            amax_codes(numbers, a, specials),
            a,
            o,
            rule,
            zero_block=zero_block,
            overflow=scale_overflow,
            flush=projection.ftz_in,
            exponent=exponent,
        )
    scales = np.asarray(scales).astype(np.int64)
    if specials is BlockSpecials.SCALE_NAN:
        bad = is_special(numbers, a).any(axis=-1)
        scales = np.where(bad, o.scale.nan_code, scales)
    values = o.scale.to_float(scales)
    three_quarters = rule_of(o, rule) is ScaleRule.THREE_QUARTERS
    dtype = _dtype(a, o, projection, given or three_quarters, exponent)
    if dtype is None:
        codes = _exact(numbers, a, o, scales, projection, exponent, random, three_quarters)
    else:
        with np.errstate(all="ignore"):
            dividend = to_floats(numbers, a).astype(dtype, copy=False)
            if three_quarters:
                dividend = dividend * 0.75
            divisor = np.ldexp(values, -np.asarray(exponent)).astype(dtype)
            codes = project_floats(dividend / divisor[:, None], o.element, projection)
    # No element counts beside a scale that is zero, infinite or NaN.
    dead = (values == 0) | ~np.isfinite(values)
    if dead.any():
        codes = np.where(dead[:, None], 0, codes)
    return codes, scales


def _in_chunks(
    numbers: np.ndarray, scales: Any, **options: Any
) -> tuple[np.ndarray, np.ndarray]:
    rows = max(_CHUNK // numbers.shape[-1], 1)
    parts = [
        quantize(
            numbers[start : start + rows],
            scales=None if scales is None else scales[start : start + rows],
            **options,
        )
        for start in range(0, len(numbers), rows)
    ]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _dtype(
    a: FloatFormat, o: BlockFormat, projection: Projection, beyond: bool, exponent: Any
) -> type[np.floating] | None:
    """The floats in which division loses nothing that the rounding of an element could see.

    Args:
        beyond: whether quotients may be out of binary32's range, or need more bits.
    """
    assert isinstance(o.scale, FloatFormat)
    if projection.ftz_in or not (is_narrow(a) and is_narrow(o.scale)):
        return None
    # A quotient by a power of two is exact in binary32 unless it is below 2**-126, far below what
    # becomes a nonzero element; by a scale of the block's own it is not far above the largest.
    if (
        o.scale == _E8M0
        and not beyond
        and a in _IN_BINARY32
        and projection.rounding in _TO_NEAREST
        and o.element.lsb_exponent > -100
        and element_exponent(o) < 100
        and has_table(np.float32, o.element, projection)
    ):
        return np.float32
    near = np.abs(exponent).max(initial=0) <= 512
    return np.float64 if near and has_table(np.float64, o.element, projection) else None


def _exact(
    numbers: np.ndarray,
    a: FloatFormat,
    o: BlockFormat,
    scales: np.ndarray,
    projection: Projection,
    exponent: Any,
    random: Any,
    three_quarters: bool,
) -> np.ndarray:
    """The quotient in integers, with a last bit that says whether it is all, projected."""
    x = a.decode(numbers)
    if projection.ftz_in:
        x = flush_subnormals(x, a)
    s = o.scale.decode(scales)
    divisor = np.where(s.significand == 0, 1, s.significand)[:, None]
    power = x.exponent - s.exponent[:, None] + np.asarray(exponent).reshape(-1, 1)
    significand = x.significand * (3 if three_quarters else 1)
    power = power - (2 if three_quarters else 0)
    if not o.power_of_two_scale:
        width = int(bit_length(divisor).max(initial=1))
        element = o.element
        precision = element.precision if isinstance(element, FloatFormat) else element.width
        more = width + precision + projection.random_bits + 3
        dividend = wide(significand, a.precision + more + 1) << more
        divisor = wide(divisor, a.precision + more + 1)
        significand = dividend // divisor * 2 + (dividend % divisor != 0)
        power = power - more - 1
    negative = x.negative ^ s.negative[:, None]
    quotient = Decoded(x.nan, x.infinite, negative, significand, power)
    return project(quotient, o.element, projection, random)
