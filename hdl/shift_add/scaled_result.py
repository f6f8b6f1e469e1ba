"""The end of an exact sum that a float scale multiplies before the one rounding."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Module, Value

from ..arithmetic.adders import Adder
from ..arithmetic.partial_products import multiply
from ..arithmetic.raw import Raw, decode, either
from ..arithmetic.result import Result
from ..dot.add_raw import normalized
from ..formats import FloatFormat, IntegerFormat, NumberFormat, Projection
from ..pipeline import Step, wire

__all__ = ["ScaledResult"]


class ScaledResult(Result):
    """As :class:`Result`, of a sum times ``values["scale"]``.

    Parameters
    ----------
    format, special, o, projection
        As of :class:`Result`.
    scale
        Format of the factor; None where there is none.
    adder
        Of the product with it.

    Raises:
        ValueError: as :class:`Result`, or if a scaled sum is asked for unrounded, or as an integer.
    """

    def __init__(
        self,
        format: IntegerFormat,
        special: tuple[str, ...],
        o: NumberFormat | None,
        projection: Projection,
        scale: FloatFormat | None,
        adder: Adder,
    ):
        self._scale, self._adder = scale, adder
        if scale is not None and not isinstance(o, FloatFormat):
            text = "exact" if o is None else o
            raise ValueError(f"The result of a scaled sum must be a float format, not '{text}'")
        super().__init__(format, special, o, projection)
        if scale is not None:
            assert o is not None
            projection.check(o, nan_possible=bool(special) or scale.has_nan or scale.has_infinity)
            self.inputs = {"scale": scale, **self.inputs}

    def steps(self) -> list[Step]:
        scaling = [] if self._scale is None else [Step("scale", self._scaled)]
        return [*scaling, *super().steps()]

    # The datapath.

    def _raw(self, m: Module, values: dict[str, Any]) -> Raw:
        return super()._raw(m, values) if self._scale is None else values["number"]

    def _scaled(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The sum times its scale, exactly, with its leading one at the top."""
        assert self._scale is not None
        total = super()._raw(m, values)
        view = self._scale(values["scale"])
        scale = decode(m, view, "scale", normalize=False, flush=self._projection.ftz_in)
        magnitude = total.significand
        if self._format is not None and self._format.narrow:
            # Only that of the least integer would need its top bit.
            magnitude = magnitude[: self._format.width - 1]
        product = multiply(m, magnitude, scale.significand, adder=self._adder, name="scaled")
        number = normalized(
            m,
            replace(
                scale,
                significand=wire(m, "scaled", product),
                offset=scale.offset + total.offset,
                nan=None,
                infinite=None,
                zero=None,
            ),
            "number",
        )
        assert number.zero is not None
        negative = either(total.negative, scale.negative)
        if total.negative is not None and scale.negative is not None:
            negative = wire(m, "number_sign", total.negative ^ scale.negative)
        infinite = either(total.infinite, scale.infinite)
        if negative is not None:
            # An exact zero is positive.
            something = ~number.zero if infinite is None else infinite | ~number.zero
            negative = negative & something
        nan = self._scaled_nan(m, total, scale)
        return {**values, "number": replace(number, negative=negative, nan=nan, infinite=infinite)}

    @staticmethod
    def _scaled_nan(m: Module, total: Raw, scale: Raw) -> Value | None:
        """Of either factor, or of infinity times zero."""
        invalid = []
        if scale.infinite is not None:
            nothing = ~total.significand.any()
            nothing = nothing if total.infinite is None else nothing & ~total.infinite
            invalid.append(scale.infinite & nothing)
        if total.infinite is not None:
            nothing = ~scale.significand.any() if scale.zero is None else scale.zero
            invalid.append(total.infinite & nothing)
        nan = either(total.nan, scale.nan, *invalid)
        return None if nan is None else wire(m, "number_nan", nan)
