"""The exact dot product of blocks: integer inner sums, scaled, summed and rounded once."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Const, Module, Value

from ..arithmetic.align import sign_and_magnitude
from ..arithmetic.bitheap import Structure
from ..arithmetic.exceptions import FLAGS, flags_of, merged
from ..arithmetic.place import fraction_bits
from ..arithmetic.raw import Raw, read
from ..arithmetic.result import Result
from ..formats import FloatFormat, IntegerFormat, NumberFormat
from ..formats.dot_semantics import runs_of
from ..pipeline import Step, wire
from .add_raw import add_raw, normalized
from .block_operands import BlockOperands
from .fixed_terms import fixed_point, fixed_terms
from .inner_sum import InnerSum

__all__ = ["ExactSum", "is_fine"]


class ExactSum:
    """The steps of exact semantics.

    One pair of blocks is a number, and with an addend two: they are rounded as they are. More of
    them, and exact results, are summed in fixed point over all exponents that the scales can have.

    Parameters
    ----------
    parameters
        Of the unit.
    operands
        Its operands.

    Attributes
    ----------
    special : tuple of str
        The flags that can be set.
    sum_format : IntegerFormat or None
        Fixed point of the sum, where there is one.
    result : Result
        Its end.

    Raises:
        ValueError: if that would be too wide.
    """

    def __init__(self, parameters: Any, operands: BlockOperands):
        p = self._parameters = parameters
        self._operands = operands
        self._runs = runs_of(p)
        a, b = operands.elements["a"], operands.elements["b"]
        self._inner = [
            InnerSum(
                a,
                b,
                count=run.stop - run.start,
                flush=p.projection.ftz_in,
                structure=p.structure,
            )
            for run in self._runs
        ]
        self.special = self.special_of(p)
        terms = len(self._runs) + (p.c is not None)
        floats = isinstance(p.o, FloatFormat)
        c_floats = p.c is None or isinstance(p.c, FloatFormat)
        self._pair = floats and terms == 2 and p.c is not None and c_floats
        self._single = terms == 1 and p.o is not None
        self.sum_format: IntegerFormat | None = None
        if not (self._pair or self._single):
            self.sum_format = fixed_point(p, self._inner)
        self.result = Result(self.sum_format, self.special, p.o, p.projection)

    @staticmethod
    def special_of(p: Any) -> tuple[str, ...]:
        """Which exceptions a sum with these parameters can be."""
        formats = [p.a.element, p.b.element, p.a.scale, p.b.scale, *([p.c] if p.c else [])]
        floats = [f for f in formats if isinstance(f, FloatFormat)]
        infinite = any(f.has_infinity for f in floats)
        nan = infinite or any(f.has_nan for f in floats)
        return FLAGS[:1] * nan + FLAGS[1:] * infinite

    def steps(self) -> list[Step]:
        steps = [Step("inner", self._inner_sums), Step("scale", self._scale)]
        if self.sum_format:
            steps.append(Step("sum", self._sum))
        elif self._pair:
            steps.append(Step("add", self._add_addend))
        else:
            steps.append(Step("normalize", self._normalize))
        return [*steps, *self.result.steps()]

    def terms(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The terms of a beat and the flags of all, for a sum over several beats."""
        return self._scale(m, self._inner_sums(m, values))

    # The datapath.

    def _inner_sums(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The sum of each run's products, without its scales."""
        scales = self._operands.read_scales(m, values)
        totals, shared, flags = [], [], []
        for k, (run, inner) in enumerate(zip(self._runs, self._inner, strict=True)):
            name = f"run{k}_" if len(self._runs) > 1 else ""
            elements = tuple(self._operands.run_elements(m, values, s, run) for s in "ab")
            total, here = inner.total(m, *elements, adder=self._parameters.adder, name=name)
            totals.append(total)
            scale = self._operands.scale(m, scales, run)
            shared.append(scale)
            flags.append(self._operands.exceptions(m, scale, here, elements, name))
        kept = {name: values[name] for name in ("c", "random") if name in values}
        return {**kept, "totals": totals, "scales": shared, "flags": flags}

    def _scale(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """Each run's sum times its scales, as sign and magnitude; the addend beside them."""
        p = self._parameters
        terms = []
        for k, (total, scale) in enumerate(zip(values["totals"], values["scales"], strict=True)):
            name = f"term{k}"
            negative, magnitude = sign_and_magnitude(m, total, name)
            magnitude = self._inner[k].scaled(
                m, magnitude, scale.significand, adder=p.adder, name=name
            )
            if scale.negative is not None:
                sign: Value = Const(0, 1) if negative is None else negative
                negative = wire(m, f"{name}_sign", sign ^ scale.negative)
            terms.append(
                replace(
                    scale,
                    significand=magnitude,
                    significand_max=None,
                    offset=scale.offset + self._inner[k].sum_format.lsb_exponent,
                    negative=negative,
                    nan=None,
                    infinite=None,
                    zero=None,
                )
            )
        flags = list(values["flags"])
        if p.c is not None:
            c = read(m, values["c"], p.c, "c", flush=p.projection.ftz_in)
            flags.append(flags_of(c))
            terms.append(replace(c, nan=None, infinite=None, zero=None))
        kept = {"random": values["random"]} if "random" in values else {}
        found = merged(flags)
        all_flags = {flag: found.get(flag, Const(0, 1)) for flag in self.special}
        return {**kept, "terms": terms, **all_flags}

    def _sum(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """All terms at one common weight, in one carry-save tree.

        A negative term is a row in one's complement: the signs are counted in the lowest place.
        """
        assert self.sum_format
        heap = fixed_terms(m, values["terms"], self.sum_format)
        structure = self._inner[0].structure
        structure = structure if structure.operators else Structure.COMPRESSOR
        total = heap.sum(m, name="sum", structure=structure, adder=self._parameters.adder)
        return {**_without(values, "terms"), "total": total.as_signed()}

    def _add_addend(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The block's term and the addend, in a window instead of fixed point."""
        p = self._parameters
        term, c = values["terms"]
        total = add_raw(
            m,
            term,
            c,
            precision=p.o.precision,
            fractions=fraction_bits(p.projection),
            y_is_fine=is_fine(p.c, p.o),
            x_zero=wire(m, "term_zero", ~term.significand.any()),
            x_zero_is_late=True,
            adder=p.adder,
        )
        return {**_without(values, "terms"), "number": _positive_zero(m, total)}

    def _normalize(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        (term,) = values["terms"]
        floats = isinstance(self._parameters.o, FloatFormat)
        if term.exponent is not None and floats:
            term = normalized(m, term, "term")
        return {**_without(values, "terms"), "number": _positive_zero(m, term)}


def is_fine(addend: NumberFormat, target: NumberFormat) -> bool:
    """Whether no number of the addend's size is told apart in the target but in the addend, too."""
    assert isinstance(addend, FloatFormat)
    assert isinstance(target, FloatFormat)
    return addend.precision >= target.precision and addend.lsb_exponent <= target.lsb_exponent


def _positive_zero(m: Module, number: Raw) -> Raw:
    """An exact zero is positive, whatever the signs of its factors."""
    if number.negative is None:
        return number
    zero = ~number.significand.any() if number.zero is None else number.zero
    return replace(number, negative=wire(m, "number_sign", number.negative & ~zero))


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k != name}
