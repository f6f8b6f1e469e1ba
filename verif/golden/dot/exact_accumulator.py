"""Golden model of the exact accumulator."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from ....hdl.formats import BlockFormat, Decoded
from ....hdl.formats.dot_semantics import DotSemantics
from ..exact import bit_length, wide
from ..exact_sum import ExactSums, sum_lanes
from ..product import multiply
from ..rounding import flush_subnormals
from . import block_dot_product

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per transaction: ``a`` and ``b`` have shape (beats, lanes)."""
    p = parameters
    sums = _blocks if isinstance(p.a, BlockFormat) else _numbers
    return sums(p, inputs).over_beats(inputs).result(p.o, p.projection, inputs)


def _numbers(p: Any, inputs: Mapping[str, np.ndarray]) -> ExactSums:
    """The sum of each beat."""
    lsb = p.a.lsb_exponent + (p.b.lsb_exponent if p.b else 0)
    return sum_lanes(_terms(p, inputs), lsb, p.terms)


def _blocks(p: Any, inputs: Mapping[str, np.ndarray]) -> ExactSums:
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
    return ExactSums(wide(total, bits), lsb, *flags)


def _terms(p: Any, inputs: Mapping[str, np.ndarray]) -> Decoded:
    """All terms, exactly, in shape (beats, lanes)."""
    factors = [(p.a, "a")] if p.b is None else [(p.a, "a"), (p.b, "b")]
    numbers = [format.decode(inputs[name]) for format, name in factors]
    if p.projection.ftz_in:
        numbers = [flush_subnormals(x, f) for x, (f, _) in zip(numbers, factors, strict=True)]
    return numbers[0] if len(numbers) == 1 else multiply(*numbers)
