"""Multiplication of two floats."""

from typing import Any

from amaranth.hdl import Module, unsigned

from ..arithmetic.place import place
from ..arithmetic.product import multiply
from ..arithmetic.raw import decode
from ..arithmetic.settle import settle
from ..formats import FloatFormat, Projection, parse_format
from ..pipeline import Step, wire
from ..unit import Unit

__all__ = ["FloatMultiplier"]


class FloatMultiplier(Unit):
    def __init__(
        self,
        *,
        a: FloatFormat = parse_format("e4m3fn"),
        b: FloatFormat = parse_format("e4m3fn"),
        o: FloatFormat = parse_format("e4m3fn"),
        projection: Projection = Projection(),
        stages: int = 0,
    ) -> None:
        inputs: dict[str, Any] = {"a": a, "b": b}
        if projection.random_bits:
            inputs["random"] = unsigned(projection.random_bits)
        super().__init__(inputs, {"p": o}, stages=stages)

    def steps(self):
        return [Step("multiply", self._multiply, 3), Step("place", self._place, 2), Step("settle", self._settle, 2)]

    def _multiply(self, m, v):
        fl = self.parameters.projection.ftz_in
        a = decode(m, v["a"], "a", normalize=True, flush=fl)
        b = decode(m, v["b"], "b", normalize=True, flush=fl)
        return {**v, "product": multiply(m, a, b, wire(m, "significand_product", a.significand*b.significand))}

    def _place(self, m, v):
        return {**v, "number": place(m, v["product"], self.parameters.o, self.parameters.projection)}

    def _settle(self, m, v):
        return {"p": settle(m, v["number"], self.parameters.o, self.parameters.projection, v.get("random"))}
