"""Operands that stand for all others: what they do not show of a unit cannot occur."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...hdl.formats import FloatFormat
from ...hdl.formats.scale_rules import rule_of
from ...hdl.unit import Unit
from ..stimuli.corners import corners

__all__ = ["Inputs", "largest_numbers", "random_ends", "representatives"]

# Operands of at most this width are all tried to find what can occur.
_ALL_BITS = 16

Inputs = Mapping[str, np.ndarray]


def random_ends(parameters: Any, inputs: Inputs) -> list[Inputs]:
    """The same stimuli with the least and the greatest random word: what lies between rounds as one
    of them does."""
    if "random" not in inputs:
        return [inputs]
    bits = parameters.projection.random_bits
    zero = np.zeros_like(inputs["random"])
    return [{**inputs, "random": zero}, {**inputs, "random": zero + (1 << bits) - 1}]


def largest_numbers(unit: Unit, field: str) -> Inputs | None:
    """Every number once, alone in its block: where only the largest of a block decides its scale,
    these are all scales there are."""
    p = unit.parameters
    given = {name for name, _ in unit.i.payload.shape()} - {"a", "first", "last", "random"}
    alone = field == "p_scale" and not given and p.a.width <= _ALL_BITS
    if not alone or rule_of(p.o, p.rule).by_spread:
        return None
    codes = np.arange(1 << p.a.width)
    inputs = {}
    for each, spec in unit.i.payload.shape():
        inputs[each] = np.ones(len(codes), np.int64)
        if each in ("a", "random"):
            inputs[each] = np.zeros((len(codes), spec.shape.length), np.int64)
    inputs["a"][:, 0] = codes
    return inputs


def representatives(name: str, unit: Unit) -> list[Inputs] | None:
    """Of a wide operand one number of each kind that rounds in its own way: of all signs, exponents
    and upper bits of significands, with nothing, little and much below."""
    p = unit.parameters
    if name != "float-converter" or not isinstance(p.a, FloatFormat):
        return None
    upper = p.o.mantissa_width if isinstance(p.o, FloatFormat) else p.o.width
    low = p.a.mantissa_width - (upper + 2)
    if low < 2 or p.a.width - low > _ALL_BITS + 4:
        return None
    # Far outside of the result's range nothing is rounded in a way of its own.
    least = p.o.lsb_exponent - 3 + p.a.bias
    most = p.o.lsb_exponent + p.o.max_integer.bit_length() + 3 + p.a.bias
    fields = np.arange(max(least, 0), min(most, (1 << p.a.exponent_width) - 1))
    upper_bits = p.a.mantissa_width - low
    codes = fields[:, None] << p.a.mantissa_width
    codes = codes | (np.arange(1 << upper_bits) << low)
    signed = [codes.ravel() | sign for sign in (0, p.a.sign_mask)]
    codes = np.concatenate([half | part for half in signed for part in range(3)])
    found = []
    for each in (codes, corners(p.a)):
        inputs = {"a": each}
        if p.projection.rounding.stochastic:
            inputs["random"] = np.zeros(len(each), np.int64)
        found += random_ends(p, inputs)
    return found
