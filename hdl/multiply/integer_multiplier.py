"""Multiplication of two integers."""

from typing import Any

from amaranth.hdl import Module, Value

from ..arithmetic.bitheap import Structure
from ..arithmetic.partial_products import multiply
from ..formats import IntegerFormat
from ..pipeline import Step
from ..unit import Unit

__all__ = ["IntegerMultiplier", "product_format"]


def product_format(a: IntegerFormat, b: IntegerFormat) -> IntegerFormat:
    """The smallest format that holds every product of two others.

    A narrow operand never takes its most negative value, which often saves the top bit.
    """
    corners = [
        x * y for x in (a.min_integer, a.max_integer) for y in (b.min_integer, b.max_integer)
    ]
    low, high = min(corners), max(corners)
    width = max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0) + (low < 0)
    return IntegerFormat(max(width, 1), low < 0, a.fraction + b.fraction)


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
        ``b`` in radix 4 first, ``plain`` leaves the operator to synthesis. No result bit changes.
    stages
        Pipeline registers, 0 or 1.

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
        self.product_format = product_format(a, b)
        super().__init__({"a": a, "b": b}, {"p": self.product_format}, stages=stages)

    def steps(self) -> list[Step]:
        return [Step("multiply", self._multiply)]

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        product = multiply(
            m, Value.cast(values["a"]), Value.cast(values["b"]), structure=self.parameters.structure
        )
        return {"p": product[: self.product_format.width]}
