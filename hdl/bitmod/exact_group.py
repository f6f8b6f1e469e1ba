"""The exact sum of a group, as fixed point that holds every group."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Shape, Value

from ..arithmetic.adders import Adder
from ..arithmetic.rows import add_rows
from ..formats import IntegerFormat, NumberFormat
from ..pipeline import Step, wire
from .term_generator import Term
from .term_sum import TermSum
from .weights import Code

__all__ = ["ExactGroup"]


class ExactGroup:
    """Sums up terms of all lanes, cycles and beats.

    Parameters
    ----------
    a
        Format of the activations.
    code
        Of the weights.
    lanes, beats, flush, adder
        Of the unit.

    Attributes
    ----------
    special : tuple of str
        Flags that can be set.
    sum : IntegerFormat
        Holds every sum, ``total``, which a scale multiplies.
    carried : dict
        Shapes of what else belongs to a sum.
    """

    def __init__(
        self, a: NumberFormat, code: Code, *, lanes: int, beats: int, flush: bool, adder: Adder
    ):
        self._terms = TermSum(a, code, flush=flush, adder=adder)
        self._adder = adder
        self.special = self._terms.special
        # The sum wraps around within a group, and is right in the end.
        largest = max(a.max_integer, -a.min_integer)
        most = largest * max(-code.least, code.most) * lanes * beats
        self.sum = IntegerFormat.holding(-most, most, code.lsb_exponent + a.lsb_exponent)

    def fixed(self, scaled: IntegerFormat) -> IntegerFormat:
        """The fixed point of scaled sums, which are in it already."""
        return scaled

    def finish(self, scaled: IntegerFormat, o: NumberFormat | None) -> list[Step]:
        """What remains to be done with scaled sums before the result."""
        return []

    @property
    def carried(self) -> dict[str, Shape]:
        return {}

    @property
    def state(self) -> dict[str, Shape]:
        return {"total": Shape(self.sum.width)}

    def multiply(
        self, m: Module, a: Sequence[Any], terms: Sequence[Term], place: Value
    ) -> dict[str, Any]:
        """A cycle's terms down to one row or two, and flags."""
        rows, flags = self._terms.rows(m, a, terms, place, self.sum.width)
        return {**flags, "rows": rows}

    def accumulate(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The state after a cycle."""
        rows = [*values["rows"], values["so_far"]["total"]]
        total = add_rows(m, rows, self.sum.width, adder=self._adder)
        return {"total": wire(m, "total", total)}
