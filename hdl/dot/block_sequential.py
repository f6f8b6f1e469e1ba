"""A chain of fused multiply-adds over the elements of blocks, each rounded."""

from dataclasses import replace
from functools import partial
from typing import Any

from amaranth.hdl import Const, Module, Mux, Value

from ..arithmetic.place import fraction_bits
from ..arithmetic.product import multiply
from ..arithmetic.project import project
from ..arithmetic.raw import Raw, either, read
from ..arithmetic.significands import multiply_significands
from ..formats import IntegerFormat, Rounding
from ..formats.dot_semantics import Run, runs_of
from ..pipeline import Step, wire
from .add_raw import add_raw
from .block_exact import ExactSum, is_fine
from .block_operands import BlockOperands

__all__ = ["SequentialSum"]


class SequentialSum:
    """The steps of sequential semantics: one a lane.

    Attributes
    ----------
    special, sum_format
        As of :class:`ExactSum`.
    """

    sum_format: IntegerFormat | None = None

    def __init__(self, parameters: Any, operands: BlockOperands):
        self._parameters = parameters
        self._operands = operands
        self.special = ExactSum.special_of(parameters)

    def steps(self) -> list[Step]:
        steps = [Step("scales", self._scales)]
        for k, run in enumerate(runs_of(self._parameters)):
            for lane in range(run.start, run.stop):
                steps.append(Step(f"lane{lane}", partial(self._lane, run, k, lane)))
        return [*steps, Step("finish", lambda m, values: {"p": values["so_far"]})]

    def _scales(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self._parameters
        read_scales = self._operands.read_scales(m, values)
        runs = runs_of(p)
        scales = [self._operands.scale(m, read_scales, run) for run in runs]
        elements = [
            tuple(self._operands.run_elements(m, values, side, run) for side in "ab")
            for run in runs
        ]
        return {"scales": scales, "elements": elements, "so_far": values.get("c")}

    def _lane(
        self, run: Run, place_of_run: int, lane: int, m: Module, values: dict[str, Any]
    ) -> dict[str, Any]:
        """One multiply-add: the exact scaled product, added to the sum so far, rounded."""
        scale = values["scales"][place_of_run]
        a, b = (side[lane - run.start] for side in values["elements"][place_of_run])
        term = self._product(m, a, b, scale, f"lane{lane}")
        code = self._multiply_add(m, term, values["so_far"], lane)
        return {**values, "so_far": code}

    def _product(self, m: Module, a: Any, b: Any, scale: Raw, name: str) -> Raw:
        """A lane's scaled product; an infinity and a zero among the factors make NaN."""
        p = self._parameters
        flush = p.projection.ftz_in
        x, y = (
            read(m, e, self._operands.elements[s], f"{name}_{s}", flush=flush)
            for s, e in (("a", a), ("b", b))
        )
        significand = multiply_significands(
            m, x.significand, y.significand, p.structure, normalized=False
        )
        product = replace(multiply(m, x, y, significand), slack=None)
        factors_zero = wire(m, f"{name}_zero", ~x.significand.any() | ~y.significand.any())
        if not isinstance(scale.significand, Const):
            significand = multiply_significands(
                m, significand, scale.significand, p.structure, normalized=False
            )
        term = multiply(
            m,
            replace(product, zero=factors_zero),
            scale,
            significand,
        )
        zero = either(factors_zero, scale.zero)
        return replace(term, slack=None, significand_max=None, zero=zero)

    def _multiply_add(self, m: Module, term: Raw, so_far: Any, lane: int) -> Value:
        p = self._parameters
        name = f"sum{lane}"
        format = p.o if lane or p.c is None else p.c
        if so_far is None:
            so_far = format.const(0)
        elif lane:
            so_far = format(so_far)
        flush = p.projection.ftz_in and lane == 0
        c = read(m, so_far, format, f"{name}_so_far", flush=flush)
        assert term.zero is not None
        total = add_raw(
            m,
            replace(term, nan=None, infinite=None, zero=None),
            replace(c, nan=None, infinite=None, zero=None),
            precision=p.o.precision,
            fractions=fraction_bits(p.projection),
            y_is_fine=is_fine(format, p.o),
            x_zero=term.zero,
            adder=p.adder,
            name=name,
        )
        signs = [Const(0, 1) if x.negative is None else x.negative for x in (term, c)]
        assert total.zero is not None
        assert total.negative is not None
        # A zero of two zeros of one sign keeps it (IEEE 754-2019, 6.3).
        minus: Value = term.zero & signs[0] & signs[1]
        if p.projection.rounding is Rounding.RD:
            minus = ~(term.zero & ~signs[0] & ~signs[1])
        negative = Mux(total.zero, minus, total.negative)
        infinite = either(term.infinite, c.infinite)
        nan = either(term.nan, c.nan)
        if infinite is not None:
            infinities = [Const(0, 1) if x.infinite is None else x.infinite for x in (term, c)]
            nan = either(nan, infinities[0] & infinities[1] & (signs[0] ^ signs[1]))
            negative = Mux(infinite, Mux(infinities[0], signs[0], signs[1]), negative)
        raw = replace(total, negative=wire(m, f"{name}_sign", negative), nan=nan, infinite=infinite)
        return project(m, raw, p.o, p.projection)
