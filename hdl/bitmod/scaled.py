"""A float times a signed power of two, or times nothing: its parts, before it is aligned."""

from dataclasses import replace

from amaranth.hdl import Module, Value

from ..arithmetic.raw import Raw
from ..formats import FloatFormat, NumberFormat
from ..pipeline import wire
from .term_generator import Term

__all__ = ["flags_of_format", "times_term"]


def flags_of_format(a: NumberFormat) -> tuple[str, ...]:
    """``nan``, if numbers can be infinite or none."""
    holds = isinstance(a, FloatFormat) and (a.has_nan or a.has_infinity)
    return ("nan",) if holds else ()


def times_term(m: Module, raw: Raw, term: Term, top: int, name: str) -> tuple[Raw, Value]:
    """The magnitude, its position added to the exponent, and the sign of the product; ``top`` is
    the highest position."""
    gated = raw.significand & term.one.replicate(len(raw.significand))
    if raw.zero is not None:
        gated = gated & (~raw.zero).replicate(len(gated))
    negative = term.negative
    if raw.negative is not None:
        negative = wire(m, f"{name}_negative", negative ^ raw.negative)
    assert raw.exponent is not None
    placed = replace(
        raw,
        significand=wire(m, f"{name}_significand", gated),
        significand_max=None,
        exponent=wire(m, f"{name}_exponent", raw.exponent + term.position),
        exponent_min=0,
        exponent_max=raw.exponent_max + top,
        zero=None,
    )
    return placed, negative
