"""Multiplication of two floats."""

from typing import Any

from amaranth.hdl import Cat, Module, Value, unsigned

from ..arithmetic.bitheap import Structure
from ..arithmetic.place import negligible_exponent, place
from ..arithmetic.product import multiply
from ..arithmetic.raw import decode
from ..arithmetic.settle import settle
from ..arithmetic.significands import multiply_significands
from ..formats import FloatFormat, Projection, float_format
from ..pipeline import Step, wire
from ..unit import Unit

__all__ = ["FloatMultiplier"]


class FloatMultiplier(Unit):
    """Multiplies two floats, of the same or different formats.

    ``p = project(a * b)``: the exact product, rounded once, saturated and encoded as the
    projection's policies say. NaN operands, and infinity times zero, give NaN; the sign of a zero
    or infinity is the exclusive or of the operands' signs. Subnormals are kept unless ``ftz_in`` or
    ``ftz_out`` says otherwise.

    Without a result format the product comes out exact and unrounded, as
    ``(-1)**negative * significand * 2**(exponent - K)`` with K the sum of both formats' biases and
    mantissa widths. Nothing is normalised: ``significand`` is the product of both significands,
    hidden bits included, and ``exponent`` the sum of both exponent fields, 0 counted as 1 in
    formats with subnormals. With ``nan`` or ``infinite`` set ``significand`` is 0, and with ``nan``
    ``negative`` and ``infinite`` are.

    Latency is ``stages`` cycles, throughput one product a cycle.

    Parameters
    ----------
    a, b
        Formats of the operands.
    o
        Format of the result; None (``exact`` on the command line) for the exact product.
    projection
        Rounding mode, policies for overflow, NaN, infinity, negative zero and subnormals, and the
        width of the random input of stochastic modes. Of an exact product only ``ftz_in`` counts.
    structure
        How the significands are multiplied; no result bit depends on it. The default writes out
        the columns of products of up to 4 bits, which is smallest, and takes a compressor tree for
        wider ones, the fastest; from 11 bits on Booth's recoding is a tenth smaller.
    stages
        Pipeline registers.

    Members
    -------
    i.a, i.b : operands
    i.random : ``random_bits`` bits, uniform, in stochastic modes only
    o.p : result, in the result format
    o.negative : sign of an exact product, where an operand is signed
    o.exponent, o.significand : of an exact product, unsigned
    o.nan, o.infinite : flags of an exact product, where possible

    Raises
    ------
    ValueError
        If NaN can occur where that was asked to be an error, or an exact product is to be rounded
        stochastically.
    """

    reference = (
        "IEEE 754-2019, 5.4.1, 6 and 7; OCP OFP8 v1.0, 5; "
        "IEEE P3109 interim report v4.0, projection"
    )

    def __init__(
        self,
        *,
        a: FloatFormat = float_format("e4m3fn"),
        b: FloatFormat = float_format("e4m3fn"),
        o: FloatFormat | None = float_format("e4m3fn"),
        projection: Projection = Projection(),
        structure: Structure = Structure.AUTO,
        stages: int = 0,
    ) -> None:
        inputs: dict[str, Any] = {"a": a, "b": b}
        if o is None:
            if projection.rounding.stochastic:
                raise ValueError(
                    f"The rounding of an exact product must not be stochastic, "
                    f"as '{projection.rounding}' is: nothing is rounded"
                )
            super().__init__(inputs, _exact_fields(a, b), stages=stages)
            return
        projection.check(o, nan_possible=_nan_possible(a, b))
        if projection.random_bits:
            inputs["random"] = unsigned(projection.random_bits)
        super().__init__(inputs, {"p": o}, stages=stages)

    def steps(self) -> list[Step]:
        if self.parameters.o is None:
            return [Step("decode", self._decode), Step("multiply", self._multiply_exactly)]
        return [
            Step("multiply", self._multiply),
            Step("place", self._place),
            Step("settle", self._settle),
        ]

    def _decode(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """Operands as raw numbers; subnormals normalised if there is something to round."""
        p = self.parameters
        return values | {
            name: decode(
                m, values[name], name, normalize=p.o is not None, flush=p.projection.ftz_in
            )
            for name in ("a", "b")
        }

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        values = self._decode(m, values)
        a, b = values.pop("a"), values.pop("b")
        significand = multiply_significands(
            m, a.significand, b.significand, p.structure, normalized=True
        )
        negligible = negligible_exponent(p.o, p.projection)
        return {**values, "number": multiply(m, a, b, significand, negligible=negligible)}

    def _place(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        return {**values, "number": place(m, values["number"], p.o, p.projection)}

    def _settle(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        return {"p": settle(m, values["number"], p.o, p.projection, values.get("random"))}

    def _multiply_exactly(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        a, b = values["a"], values["b"]
        exponent = wire(m, "exponent_sum", a.exponent + b.exponent)
        significand = multiply_significands(
            m, a.significand, b.significand, self.parameters.structure, normalized=False
        )
        product = multiply(m, a, b, significand, exponent=exponent)
        fields: dict[str, Value | None] = {
            "negative": product.negative,
            "exponent": exponent,
            "significand": significand,
            "nan": product.nan,
            "infinite": product.infinite,
        }
        finite = [~bit for bit in (product.nan, product.infinite) if bit is not None]
        if finite:
            fields["significand"] = significand & Cat(finite).all().replicate(len(significand))
        if product.nan is not None:
            for name in ("negative", "infinite"):
                bit = fields[name]
                fields[name] = None if bit is None else bit & ~product.nan
        return {name: value for name, value in fields.items() if value is not None}


def _nan_possible(a: FloatFormat, b: FloatFormat) -> bool:
    """Whether a product can be NaN: an operand can, or is infinite and the other can be zero."""
    return a.has_nan or b.has_nan or (a.has_infinity and b.zero) or (b.has_infinity and a.zero)


def _exact_fields(a: FloatFormat, b: FloatFormat) -> dict[str, Any]:
    """The output fields of an exact product."""
    fields = {
        "negative": 1 if a.signed or b.signed else None,
        "exponent": max(a.exponent_width, b.exponent_width) + 1,
        "significand": a.precision + b.precision,
        "nan": 1 if _nan_possible(a, b) else None,
        "infinite": 1 if a.has_infinity or b.has_infinity else None,
    }
    return {name: unsigned(width) for name, width in fields.items() if width}
