"""Multiplication of two integers."""

from typing import Any

from amaranth.hdl import Module, Value

from ..arithmetic.bitheap import Structure
from ..arithmetic.partial_products import multiply
from ..formats import IntegerFormat, product_range
from ..pipeline import Step
from ..unit import Unit

__all__ = ["IntegerMultiplier"]


class IntegerMultiplier(Unit):
    """Multiplies two integers or fixed-point numbers, exactly.

    ``p = a * b``, in the smallest format that holds every product; nothing is rounded and nothing
    overflows. Operands may have different widths and signs, and different binary points.

    Latency is ``stages`` cycles, throughput one product a cycle.

    Parameters
    ----------
    a, b
        Formats of the operands.
    structure
        ``compressor`` sums the bit products of the AND array (signs after C. R. Baugh and
        B. A. Wooley, IEEE Trans. Computers C-22, 1973) in a carry-save tree, ``booth`` recodes
        ``b`` in radix 4 first, ``plain`` leaves the operator to synthesis, ``dsp`` marks it for a
        DSP block (Yosys takes one of an iCE40 UltraPlus for products of 11 bits and more). No
        result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.a, i.b : operands
    o.p : product
    """

    reference = "Two's complement arithmetic; Baugh and Wooley, IEEE Trans. Computers C-22 (1973)"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        b: IntegerFormat = IntegerFormat(8),
        structure: Structure = Structure.COMPRESSOR,
        stages: int = 0,
    ) -> None:
        low, high = product_range(a, b)
        self.product_format = IntegerFormat.holding(low, high, a.lsb_exponent + b.lsb_exponent)
        super().__init__({"a": a, "b": b}, {"p": self.product_format}, stages=stages)

    def steps(self) -> list[Step]:
        return [Step("multiply", self._multiply)]

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        product = multiply(
            m, Value.cast(values["a"]), Value.cast(values["b"]), structure=self.parameters.structure
        )
        return {"p": product[: self.product_format.width]}
