"""A group's sum times the group's integer scale, exactly: bit by bit, or at once."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Shape, Value

from ..arithmetic.adders import Adder
from ..arithmetic.partial_products import multiply
from ..arithmetic.result import Result
from ..formats import IntegerFormat
from ..pipeline import Accumulation, Step, wire
from ..planes.schedule import ShiftedSum, Turns

__all__ = ["GroupScale", "Scaling"]


class Scaling(StrEnum):
    """How a sum is multiplied by its scale. The choice changes cost and time, never a result
    bit."""

    #: One bit of the scale a cycle.
    SERIAL = "serial"
    #: By one multiplier.
    MULTIPLIER = "multiplier"


class GroupScale:
    """Multiplies sums by unsigned integers.

    Parameters
    ----------
    group
        Holds the sums.
    width
        Bits of the scale.
    scaling
        With one bit, both are an AND gate a bit of the sum, and take one cycle.
    adder
        Of the serial sum, or of the multiplier's last two rows.

    Attributes
    ----------
    format : IntegerFormat
        Holds every scaled sum.
    cycles : int
        Cycles that a serial multiplication takes, 0 where it takes none of its own.
    """

    def __init__(self, group: IntegerFormat, width: int, scaling: Scaling, adder: Adder):
        self._group, self.width, self._adder = group, width, adder
        most = max(group.max_integer, -group.min_integer) * ((1 << width) - 1)
        least = -most if group.signed else 0
        self.format = IntegerFormat.holding(least, most, group.lsb_exponent)
        self.cycles = width if scaling is Scaling.SERIAL and width > 1 else 0
        self._sum = ShiftedSum(group, Turns(range(width), None, range(1, width)), self.format)

    def steps(self, result: Result, carried: Mapping[str, Shape]) -> list[Step]:
        """The steps between a group's sum ``total`` with its ``b_scale``, and what ``result`` does.

        A serial one finds the number of the cycle as ``phase``. ``carried`` are the shapes of
        values that go with the sum.
        """
        if not self.cycles:
            return [Step("scale", self._at_once)]

        def add(m: Module, values: dict[str, Any]) -> dict[str, Any]:
            bit = Cat(
                values["b_scale"][k] & (values["phase"] == k) for k in range(self.width)
            ).any()
            group = Value.cast(values["total"])
            term = group & bit.replicate(len(group))
            term = wire(m, "scale_term", term.as_signed() if self._group.signed else term)
            turns = {**values, "heavier": Const(1, 1)}
            state = self._sum.add(m, turns, term, None, self._adder)
            kept = {name: values[name] for name in carried}
            return {**state, **kept, **result.gather(values)}

        state = {**self._sum.state, **carried, **result.state}
        return [Accumulation("scale", add, state=state), Step("join", self._join)]

    def _join(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The two parts of a serial sum."""
        kept = {k: v for k, v in values.items() if k not in self._sum.state}
        return {**kept, "total": self._sum.result(values)}

    def _at_once(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        group = Value.cast(values["total"])
        group = group.as_signed() if self._group.signed else group.as_unsigned()
        scale = Value.cast(values["b_scale"]).as_unsigned()
        product = multiply(m, group, scale, adder=self._adder, name="scaled")
        kept = {k: v for k, v in values.items() if k != "b_scale"}
        return {**kept, "total": wire(m, "dequantized", product[: self.format.width])}
