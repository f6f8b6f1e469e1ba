"""Golden model of the block dot product, in its three semantics."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ....hdl.formats.dot_semantics import DotSemantics, runs_of
from ..exact import bit_length, shift_left, wide
from ..product import multiply
from ..rounding import flush_subnormals, project
from .block_aligned import aligned
from .block_products import Operand, add_up, columns, flags_of, read_operand
from .block_sequential import sequential

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One result per beat: ``a`` and ``b`` have shape (beats, lanes), scales (beats, blocks)."""
    p = parameters
    a, b = (read_operand(p_, n, inputs, p.projection.ftz_in) for p_, n in ((p.a, "a"), (p.b, "b")))
    c = None
    if p.c is not None:
        c = p.c.decode(np.asarray(inputs["c"]))
        if p.projection.ftz_in:
            c = flush_subnormals(c, p.c)
    random = inputs.get("random")
    if p.semantics is DotSemantics.ALIGNED:
        return {"p": aligned(p, a, b, c, random)}
    if p.semantics is DotSemantics.SEQUENTIAL:
        return {"p": sequential(p, a, b, c)}
    total = _exact_sum(p, a, b, c)
    if p.o is not None:
        return {"p": project(total, p.o, p.projection, random)}
    lsb = p.a.element.lsb_exponent + p.b.element.lsb_exponent
    lsb += p.a.scale.lsb_exponent + p.b.scale.lsb_exponent
    lsb = lsb if p.c is None else min(lsb, p.c.lsb_exponent)
    zero = np.asarray(total.significand == 0, bool)
    places = np.where(zero, 0, total.exponent - lsb)
    bits = int((bit_length(np.asarray(total.significand)) + np.maximum(places, 0)).max(initial=0))
    magnitude = shift_left(wide(total.significand, bits + 1), places)
    value = np.where(total.negative & ~total.infinite, -magnitude, magnitude)
    return {"p": value, **{k: v.astype(np.int64) for k, v in flags_of(total).items()}}


def _exact_sum(p: Any, a: Operand, b: Operand, c: Decoded | None) -> Decoded:
    """The exact sum of each beat: of a run's products first, which need no scales yet."""
    terms = []
    for run in runs_of(p):
        lanes = slice(run.start, run.stop)
        x, y = columns(a.elements, lanes), columns(b.elements, lanes)
        scales = columns(a.scales, [run.a]), columns(b.scales, [run.b])
        inner = add_up(multiply(x, y))
        inner = Decoded(*(v[:, None] for v in vars(inner).values()))
        term = multiply(inner, *scales)
        # A scale that is special, or zero beside special elements, speaks to each product.
        rare = scales[0].infinite | scales[1].infinite | inner.infinite
        if rare.any():
            where = np.flatnonzero(rare[:, 0])
            each = add_up(multiply(*(_rows(v, where) for v in (x, y, *scales))))
            for name, values in vars(term).items():
                values = np.array(values)
                values[where, 0] = getattr(each, name)
                object.__setattr__(term, name, values)
        terms.append(term)
    if c is not None:
        terms.append(Decoded(*(v[:, None] for v in vars(c).values())))
    parts = [[getattr(t, name) for t in terms] for name in vars(terms[0])]
    return add_up(Decoded(*(np.concatenate(part, axis=-1) for part in parts)))


def _rows(x: Decoded, where: np.ndarray) -> Decoded:
    return Decoded(*(v[where] for v in vars(x).values()))
