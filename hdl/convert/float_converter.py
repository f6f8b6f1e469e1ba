"""Conversion of one number format to another."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Module, Value, unsigned

from ..arithmetic.integer import project_integer
from ..arithmetic.place import place
from ..arithmetic.raw import Raw, decode, decode_coarse, decode_integer
from ..arithmetic.settle import settle
from ..formats import FloatFormat, IntegerFormat, NumberFormat, Projection, parse_format
from ..pipeline import Step
from ..unit import Unit

__all__ = ["FloatConverter"]


class FloatConverter(Unit):
    """Converts a float or integer to another float or integer format, rounded once.

    ``p = project(a)``: the exact number that code ``a`` stands for, rounded, saturated and encoded
    as the projection's policies say. Widening conversions are exact and cost a few gates.
    Subnormals are kept unless ``ftz_in`` or ``ftz_out`` says otherwise.

    Latency is ``stages`` cycles, throughput one conversion a cycle.

    Parameters
    ----------
    a, o
        Formats of operand and result.
    projection
        Rounding mode, policies for overflow, NaN, infinity, negative zero and subnormals, and the
        width of the random input of stochastic modes.
    stages
        Pipeline registers.

    Members
    -------
    i.a : operand
    i.random : ``random_bits`` bits, uniform, in stochastic modes only
    o.p : result
    """

    reference = "IEEE P3109 interim report v4.0, projection; OCP OFP8 and MX v1.0, conversions"

    def __init__(
        self,
        *,
        a: NumberFormat = parse_format("fp32"),
        o: NumberFormat = parse_format("e4m3fn"),
        projection: Projection = Projection(),
        stages: int = 0,
    ) -> None:
        nan_possible = isinstance(a, FloatFormat) and a.has_nan
        projection.check(o, nan_possible=nan_possible)
        inputs: dict[str, Any] = {"a": a}
        if projection.random_bits:
            inputs["random"] = unsigned(projection.random_bits)
        super().__init__(inputs, {"p": o}, stages=stages)

    def steps(self) -> list[Step]:
        if isinstance(self.parameters.o, IntegerFormat):
            return [Step("decode", self._decode), Step("round", self._to_integer)]
        return [
            Step("decode", self._decode),
            Step("place", self._place),
            Step("settle", self._settle),
        ]

    def _decode(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        operand = values.pop("a")
        if isinstance(self.parameters.a, IntegerFormat):
            raw = decode_integer(m, Value.cast(operand), self.parameters.a, "a")
        elif (places := self._coarse()) is not None:
            raw = decode_coarse(m, operand, "a", places)
        else:
            gradual, flush = self._subnormals()
            to_float = isinstance(self.parameters.o, FloatFormat)
            raw = decode(m, operand, "a", normalize=to_float and not gradual, flush=flush)
            if gradual or not to_float:
                raw = replace(raw, slack=0, gradual=True)
        return {**values, "number": raw}

    def _coarse(self) -> int | None:
        """By how many places the result's least number is below the smallest normal operand, if
        that is one at most and all that is below becomes that least number; else None."""
        a, o, projection = self.parameters.a, self.parameters.o, self.parameters.projection
        if isinstance(o, IntegerFormat) or o.zero or not a.zero or not a.mantissa_width:
            return None
        if projection.ftz_in or projection.ftz_out:
            return None
        places = a.lsb_exponent + a.mantissa_width - o.lsb_exponent - o.mantissa_width
        return places if places <= 1 else None

    def _subnormals(self) -> tuple[bool, bool]:
        """What may be done with subnormal operands: leave them as they are, since all of them are
        subnormal or less in the result's format too and would only be shifted back; or take them
        as zero, since they end so in any case."""
        a, o, projection = self.parameters.a, self.parameters.o, self.parameters.projection
        if projection.ftz_in or not (isinstance(o, FloatFormat) and o.zero and a.zero):
            return False, projection.ftz_in
        # Of the smallest normal numbers.
        least = a.lsb_exponent + a.mantissa_width
        least_result = o.lsb_exponent + o.mantissa_width
        if projection.ftz_out:
            return False, least < least_result
        return a.mantissa_width > 0 and least <= least_result, False

    def _place(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        raw: Raw = values.pop("number")
        return {**values, "number": place(m, raw, self.parameters.o, self.parameters.projection)}

    def _settle(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        code = settle(
            m, values["number"], self.parameters.o, self.parameters.projection, values.get("random")
        )
        return {"p": code}

    def _to_integer(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        raw: Raw = values["number"]
        return {
            "p": project_integer(
                m, raw, self.parameters.o, self.parameters.projection, values.get("random")
            )
        }
