"""Blocks of elements back to numbers."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Cat, Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.product import multiply
from ..arithmetic.project import project
from ..arithmetic.raw import Raw, decode, decode_integer
from ..arithmetic.shift import leading_zeros, shift_left
from ..formats import (
    BlockFormat,
    FloatFormat,
    IntegerFormat,
    NumberFormat,
    Overflow,
    Projection,
    parse_block,
)
from ..pipeline import Step, wire
from ..unit import Unit

__all__ = ["BlockDequantizer"]


class BlockDequantizer(Unit):
    """Turns a block of elements that share a scale back into numbers.

    ``p[i] = project(scale * (a[i] - zero point))``: the exact product, rounded once; into fp32 it
    mostly is exact already. A NaN scale makes NaNs of all elements, whatever they are; NaN and
    infinite elements stay so (OCP MX v1.0, 5.1); an infinite scale times zero is NaN.

    A beat is one block: ``size`` elements, or ``rows * size`` where rows share the scale. A
    tensor's second scale is not applied.

    Latency is ``stages`` cycles, throughput one block a cycle.

    Parameters
    ----------
    a
        Block format.
    o
        Format of the numbers.
    projection
        Rounding mode and policies of the numbers. By default those beyond the largest become
        infinite.
    stages
        Pipeline registers.

    Members
    -------
    i.a : elements
    i.a_scale : their scale
    i.a_zero : their zero point, where the format has one
    i.random : ``random_bits`` bits a number, in stochastic modes only
    o.p : numbers
    """

    reference = "OCP Microscaling Formats v1.0, 5.1 and 6.1"

    def __init__(
        self,
        *,
        a: BlockFormat = parse_block("mxfp4"),
        o: FloatFormat = FloatFormat(8, 23, 127, name="fp32"),
        projection: Projection = Projection(overflow=Overflow.INF_OR_NAN),
        stages: int = 0,
    ) -> None:
        nan_possible = any(
            isinstance(f, FloatFormat) and (f.has_nan or f.has_infinity)
            for f in (a.element, a.scale)
        )
        projection.check(o, nan_possible=nan_possible)
        self._lanes = a.size * a.rows
        inputs: dict[str, Any] = {"a": ArrayLayout(a.element, self._lanes), "a_scale": a.scale}
        if a.zero_point:
            inputs["a_zero"] = a.element
        if projection.random_bits:
            inputs["random"] = ArrayLayout(unsigned(projection.random_bits), self._lanes)
        super().__init__(inputs, {"p": ArrayLayout(o, self._lanes)}, stages=stages)

    def steps(self) -> list[Step]:
        return [Step("decode", self._decode), Step("multiply", self._multiply)]

    def _decode(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        a, flush = self.parameters.a, self.parameters.projection.ftz_in
        scale = _normalized(m, values["a_scale"], a.scale, "scale", flush)
        elements = []
        for n in range(self._lanes):
            element = values["a"][n]
            if a.zero_point:
                zero = Value.cast(values["a_zero"])
                element = wire(m, f"element{n}", Value.cast(element) - zero)
            elements.append(_normalized(m, element, a.difference, f"element{n}", flush))
        kept = {"random": values["random"]} if "random" in values else {}
        return {"elements": elements, "scale": scale, **kept}

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p, scale = self.parameters, values["scale"]
        codes = []
        for n, element in enumerate(values["elements"]):
            significand = element.significand
            if len(scale.significand) > 1:
                product = significand * scale.significand
                significand = wire(m, f"product{n}", product)
            number = multiply(m, element, scale, significand)
            if len(scale.significand) == 1:
                number = replace(number, slack=0, significand_max=None)
            random = values["random"][n] if "random" in values else None
            codes.append(project(m, number, p.o, p.projection, random))
        return {"p": Cat(*codes)}


def _normalized(m: Module, value: Any, format: NumberFormat, name: str, flush: bool) -> Raw:
    """A number with the top bit of its significand set, unless it is zero."""
    if isinstance(format, FloatFormat):
        return decode(m, value, name, normalize=True, flush=flush)
    assert isinstance(format, IntegerFormat)
    raw = decode_integer(m, Value.cast(value), format, name)
    width = len(raw.significand)
    count, nonzero = leading_zeros(raw.significand)
    count = wire(m, f"{name}_zeros", count)
    significand = shift_left(m, raw.significand, count, f"{name}_up", width=width)
    return replace(
        raw,
        significand=significand,
        exponent=wire(m, f"{name}_exponent", -count),
        exponent_min=1 - width,
        exponent_max=0,
        slack=0,
        zero=wire(m, f"{name}_zero", ~nonzero),
    )
