"""Golden model of the exact accumulator."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from ....hdl.formats import BlockFormat, Decoded
from ....hdl.formats.dot_semantics import DotSemantics
from ..exact import INT64_BITS, bit_length, wide
from ..product import multiply
from ..rounding import flush_subnormals, project
from . import block_dot_product

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per transaction: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    sums = _blocks if isinstance(p.a, BlockFormat) else _numbers
    beats, lsb, nan, plus, minus = sums(p, inputs)
    starts = np.flatnonzero(inputs["first"])
    total = np.add.reduceat(beats, starts)
    nan, plus, minus = (np.logical_or.reduceat(x, starts) for x in (nan, plus, minus))
    nan = np.asarray(nan | (plus & minus))
    infinite = np.asarray((plus | minus) & ~nan)
    if p.o is None:
        flags = {"nan": nan, "plus_infinity": plus & ~nan, "minus_infinity": minus & ~nan}
        numbers = np.where(nan | infinite, 0, total)
        return {"p": numbers, **{k: np.asarray(v).astype(np.int64) for k, v in flags.items()}}
    negative = np.where(infinite, minus, np.asarray(total < 0, bool))
    numbers = Decoded(nan, infinite, negative, abs(total), np.full(len(total), lsb))
    random = inputs.get("random")
    if random is not None:
        random = random[np.flatnonzero(inputs["last"])]
    return {"p": project(numbers, p.o, p.projection, random)}


_Beats = tuple[np.ndarray, int, np.ndarray, np.ndarray, np.ndarray]


def _numbers(p: Any, inputs: Mapping[str, np.ndarray]) -> _Beats:
    """The sum of each beat in units of the least term's last place, that place's exponent, and
    where there is a NaN, plus infinity, minus infinity."""
    terms = _terms(p, inputs)
    lsb = p.a.lsb_exponent + (p.b.lsb_exponent if p.b else 0)
    places = np.where(terms.significand == 0, 0, terms.exponent - lsb)
    top = int((bit_length(np.asarray(terms.significand)) + places).max(initial=0))
    bits = top + p.terms.bit_length() + 1
    magnitude = wide(terms.significand, bits) << wide(places, bits)
    total = np.where(terms.negative, -magnitude, magnitude).sum(axis=1)
    total = total.astype(np.int64) if bits <= INT64_BITS else total
    infinite = terms.infinite & ~terms.nan
    found = (terms.nan, infinite & ~terms.negative, infinite & terms.negative)
    nan, plus, minus = (np.asarray(x.any(axis=1)) for x in found)
    return total, lsb, nan, plus, minus


def _blocks(p: Any, inputs: Mapping[str, np.ndarray]) -> _Beats:
    """The same of blocks: each beat is a dot product, exact."""
    beat = SimpleNamespace(
        a=p.a,
        b=p.b,
        blocks=p.lanes,
        c=None,
        o=None,
        semantics=DotSemantics.EXACT,
        projection=p.projection,
    )
    found = block_dot_product.model(beat, inputs)
    lsb = sum(x.element.lsb_exponent + x.scale.lsb_exponent for x in (p.a, p.b))
    total = found["p"]
    bits = int(bit_length(np.asarray(abs(total))).max(initial=0)) + p.terms.bit_length()
    flags = (found[flag].astype(bool) for flag in ("nan", "plus_infinity", "minus_infinity"))
    nan, plus, minus = flags
    return wide(total, bits), lsb, nan, plus, minus


def _terms(p: Any, inputs: Mapping[str, np.ndarray]) -> Decoded:
    """All terms, exactly, in shape (beats, lanes)."""
    factors = [(p.a, "a")] if p.b is None else [(p.a, "a"), (p.b, "b")]
    numbers = [format.decode(inputs[name]) for format, name in factors]
    if p.projection.ftz_in:
        numbers = [flush_subnormals(x, f) for x, (f, _) in zip(numbers, factors, strict=True)]
    return numbers[0] if len(numbers) == 1 else multiply(*numbers)
