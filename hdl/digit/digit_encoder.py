"""Radix-4 digits of integers, as a unit of its own."""

from typing import Any

from amaranth.hdl import Cat, Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.recoding import Recoding, digit_count, recode
from ..formats import IntegerFormat
from ..pipeline import Step
from ..unit import Unit, check_positive

__all__ = ["DigitEncoder"]


class DigitEncoder(Unit):
    """Recodes integers to radix-4 digits from -2 to 2, for units that multiply by digits.

    ``a = sum(p[k] * 4**k)``. Of ``n`` bits there are ``(n + 1) // 2`` digits, of an unsigned
    operand ``n // 2 + 1``.

    Latency is ``stages`` cycles, throughput one beat a cycle.

    Measured of int8, smallest and fastest, in gate equivalents and FO4 delays: ``booth`` 28, and
    43 at 4.5; ``fewest`` 50, and 108 at 8.0; ``ent`` 71, and 155 at 10.7, for it negates first.

    Parameters
    ----------
    a
        Format of the operands.
    lanes
        Operands a beat.
    recoding
        ``booth``: each digit from three neighbouring bits (MacSorley, 1961). ``ent``: digits of the
        magnitude from -1 to 2, times the sign. ``fewest``: as few non-zero digits as there can be;
        of int8 codes 2.78 on average, ``ent`` has 2.92 and ``booth`` 3.00.
    stages
        Pipeline registers.

    Members
    -------
    i.a : operands
    o.p : digits, those of lane 0 first, the lowest first
    o.nonzero : one bit a digit
    """

    reference = "arXiv 2503.06342 (HPCA 2025), for EN-T; O. L. MacSorley, Proc. IRE 49 (1961)"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        lanes: int = 1,
        recoding: Recoding = Recoding.FEWEST,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        self.places = digit_count(a.as_shape())
        digits = lanes * self.places
        outputs = {"p": ArrayLayout(IntegerFormat(3), digits), "nonzero": unsigned(digits)}
        super().__init__({"a": ArrayLayout(a, lanes)}, outputs, stages=stages)

    def steps(self) -> list[Step]:
        return [Step("recode", self._recode)]

    def _recode(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        digits = [
            digit
            for k in range(p.lanes)
            for digit in recode(m, Value.cast(values["a"][k]), p.recoding, f"a{k}")
        ]
        return {
            "p": Cat(digit.number for digit in digits),
            "nonzero": Cat(digit.nonzero for digit in digits),
        }
