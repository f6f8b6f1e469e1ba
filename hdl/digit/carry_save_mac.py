"""Multiply-accumulate whose loop carries no carry."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import Structure
from ..formats import IntegerFormat, NumberFormat
from ..pipeline import Accumulation, Step
from ..unit import DotUse, Unit, check_positive
from .mac_core import MacCore, Reduction, SumForm

__all__ = ["CarrySaveMac"]


class CarrySaveMac(Unit):
    """Multiplies and accumulates integers in carry-save form, and resolves the sum once at its end.

    ``p = sum(a[k] * b[k])`` over the lanes of all beats from ``first`` to ``last``, exact; with a
    ``width`` of your own, modulo ``2**width``. One result leaves per ``last``.

    Latency is ``stages + 1`` cycles from the last beat, throughput one beat a cycle.

    Measured of int8 and 32 bits, in gate equivalents and FO4 delays, as the whole unit and as what
    an array has at each place (the loop alone, without handshake and resolution):

    ================  ==============  =================  ==============  =================
    accumulation      unit, smallest  unit, fastest      loop, smallest  loop, fastest
    ================  ==============  =================  ==============  =================
    plain             831             1,285 at 31.5      764             1,219 at 31.8
    carry_save        1,122           1,557 at 21.4      866             1,281 at 20.4
    carry_save_full   1,175           1,483 at 22.4      933             1,369 at 18.2
    ================  ==============  =================  ==============  =================

    So ``plain`` is the smallest up to its own clock, and carry-save form buys 1.5 to 1.75 times
    that clock; twice is not reached by it, and by pipelining neither, whose registers cost more
    than they save: one stage makes ``plain`` 1,309 at 27.9. Of 16 lanes ``weight`` is 13 % larger
    and 20 % slower than ``together`` (loop, fastest: 12,821 at 43.7, not 11,353 at 37.3): a heap
    has the bits of one weight side by side already, and resolving them costs an adder a digit.

    Parameters
    ----------
    a, b
        Formats of the operands.
    lanes
        Products a beat.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    width
        Bits of the accumulator, which wraps; 0 sizes it so that it does not.
    accumulation
        ``plain`` resolves every beat's sum; ``carry_save_full`` holds two rows, as OPT1 does;
        ``carry_save`` holds two rows only where products reach, and above them one row that
        carries enter a beat later. No result bit changes.
    reduction
        ``together`` puts the partial products of all lanes on one heap with the accumulator;
        ``weight`` adds those of one digit's weight first, as OPT2 does. No result bit changes.
    structure
        ``booth`` or ``compressor`` make the products on the heap, ``plain`` and ``dsp`` leave them
        to synthesis; ``auto`` is that of the dot product. No result bit changes.
    adder
        Of the sum's resolution. ``plain`` is the choice for FPGAs.
    stages
        Pipeline registers. With one or more, products are made before the loop.

    Members
    -------
    i.first, i.last : bounds of a sum
    i.a, i.b : operands
    o.p : sum
    """

    reference = "arXiv 2503.06342 (HPCA 2025), OPT1 and OPT2; the plain unit beside them"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        b: IntegerFormat = IntegerFormat(8),
        lanes: int = 1,
        beats: int = 1024,
        width: int = 0,
        accumulation: SumForm = SumForm.CARRY_SAVE,
        reduction: Reduction = Reduction.TOGETHER,
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        if width:
            check_positive("width of the accumulator", width, least=2, most=256)
        self._core = MacCore(
            a,
            b,
            lanes=lanes,
            count=lanes * beats,
            width=width,
            form=accumulation,
            reduction=reduction,
            structure=structure,
            adder=adder,
        )
        self._before = bool(stages)
        self.wraps = bool(width)
        self.sum_format = self._core.sum_format
        inputs = {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {"a": ArrayLayout(a, lanes), "b": ArrayLayout(b, lanes)}
        super().__init__(inputs, {"p": self.sum_format}, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        if not (isinstance(a, IntegerFormat) and isinstance(b, IntegerFormat)):
            return ()
        job = {"a": str(a), "b": str(b), "beats": str(terms)}
        forms = (SumForm.PLAIN, SumForm.CARRY_SAVE)
        return [DotUse({**job, "accumulation": form.value}, beats=terms) for form in forms]

    def steps(self) -> list[Step]:
        accumulate = Accumulation("accumulate", self._accumulate, state=self._core.state)
        resolve = Step("resolve", self._resolve)
        if self._before:
            return [Step("multiply", self._multiply), accumulate, resolve]
        return [accumulate, resolve]

    def _operands(self, values: dict[str, Any]) -> tuple[list[Any], list[Any]]:
        lanes = range(self.parameters.lanes)
        return [values["a"][k] for k in lanes], [values["b"][k] for k in lanes]

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        rows = self._core.multiply(m, *self._operands(values))
        return {"first": values["first"], "last": values["last"], "rows": rows}

    def _accumulate(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        if self._before:
            return self._core.add(m, values["so_far"], values["rows"])
        return self._core.multiply_add(m, values["so_far"], *self._operands(values))

    def _resolve(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        return {"p": self._core.resolve(m, values)}
