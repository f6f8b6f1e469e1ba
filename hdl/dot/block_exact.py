"""The exact dot product of blocks: integer inner sums, scaled, summed and rounded once."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.adders import add
from ..arithmetic.align import sign_and_magnitude
from ..arithmetic.bitheap import Structure
from ..arithmetic.integer import project_integer
from ..arithmetic.long_place import place_long, suits_long
from ..arithmetic.partial_products import multiply
from ..arithmetic.place import fraction_bits, place
from ..arithmetic.raw import Raw
from ..arithmetic.settle import settle
from ..formats import FloatFormat, IntegerFormat, NumberFormat
from ..formats.dot_semantics import runs_of
from ..pipeline import Step, wire
from .add_raw import add_raw, normalized
from .block_fixed import fixed_point, fixed_terms
from .block_operands import FLAGS, BlockOperands, flags_of, merge_flags, read
from .inner_sum import InnerSum
from .long_terms import chunk_of

__all__ = ["ExactSum", "is_fine"]

_LONG = 64  # below this width a sum is rounded as any other: no chunk of it is looked for first


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
        if self._parameters.o is None:
            return [*steps, Step("finish", self._finish)]
        if isinstance(self._parameters.o, IntegerFormat):
            return [*steps, Step("round", self._to_integer)]
        if self._single:
            steps.append(Step("normalize", self._normalize))
        return [*steps, Step("place", self._place), Step("settle", self._settle)]

    # The datapath.

    def _inner_sums(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The sum of each run's products, without its scales."""
        scales = self._operands.read_scales(m, values)
        totals, shared, flags = [], [], []
        for k, (run, inner) in enumerate(zip(self._runs, self._inner, strict=True)):
            name = f"run{k}_" if len(self._runs) > 1 else ""
            elements = tuple(self._operands.run_elements(m, values, s, run) for s in "ab")
            rows, here = inner.rows(m, *elements, name=name)
            total: Value = rows[0]
            if len(rows) == 2:
                total = add(m, *rows, adder=self._parameters.adder, name=f"{name}inner")
            signed = inner.sum_format.signed
            totals.append(wire(m, f"{name}total", total.as_signed() if signed else total))
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
            if not isinstance(scale.significand, Const):
                structure = self._inner[k].structure
                structure = structure if structure.operators else Structure.COMPRESSOR
                product = multiply(
                    m, magnitude, scale.significand, structure=structure, adder=p.adder, name=name
                )
                magnitude = wire(m, f"{name}_scaled", product)
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
        return {**kept, "terms": terms, **merge_flags(m, flags)}

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

    def _finish(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """An exact result: zero where a flag is set."""
        total: Value = values["total"].as_unsigned()
        flags = [values[f] for f in ("nan", "sum_infinite") if f in values]
        if flags:
            total = total & (~wire(m, "special", Cat(*flags).any())).replicate(len(total))
        result = {"p": total}
        if "nan" in self.special:
            result["nan"] = values["nan"]
        if "plus_infinity" in self.special:
            infinite = values["sum_infinite"] & ~values["nan"]
            result["plus_infinity"] = infinite & ~values["minus_infinity"]
            result["minus_infinity"] = infinite & values["minus_infinity"]
        return result

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
        return {**_without(values, "terms"), "number": total}

    def _normalize(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        (term,) = values["terms"]
        if term.exponent is None:
            return {**_without(values, "terms"), "number": term}
        return {**_without(values, "terms"), "number": normalized(m, term, "term")}

    def _raw(self, m: Module, values: dict[str, Any]) -> Raw:
        """The sum with its exceptions."""
        if "total" in values:
            assert self.sum_format
            negative, magnitude = sign_and_magnitude(m, values["total"], "sum")
            raw = Raw(magnitude, offset=self.sum_format.lsb_exponent, negative=negative)
        else:
            raw = values["number"] if "number" in values else values["terms"][0]
        infinite = values.get("sum_infinite")
        negative = raw.negative
        if negative is not None and "total" not in values:
            # An exact zero is positive, whatever the signs of its factors.
            zero = ~raw.significand.any() if raw.zero is None else raw.zero
            negative = wire(m, "number_sign", negative & ~zero)
        if infinite is not None:
            sign: Value = Const(0, 1) if negative is None else negative
            negative = wire(m, "sign", Mux(infinite, values["minus_infinity"], sign))
        return replace(raw, negative=negative, nan=values.get("nan"), infinite=infinite)

    def _place(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self._parameters
        kept = {"random": values["random"]} if "random" in values else {}
        format = self.sum_format
        if format is None or format.width <= _LONG or not suits_long(
            format.width, format.lsb_exponent, p.o
        ):
            return {"number": place(m, self._raw(m, values), p.o, p.projection), **kept}
        negative, infinite = values["total"][-1], values.get("sum_infinite")
        if infinite is not None:
            negative = wire(m, "sign", Mux(infinite, values["minus_infinity"], negative))
        number = place_long(
            m,
            values["total"],
            format.lsb_exponent,
            p.o,
            p.projection,
            chunk=chunk_of(format.width),
            nan=values.get("nan"),
            infinite=infinite,
            negative=negative,
        )
        return {"number": number, **kept}

    def _settle(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self._parameters
        return {"p": settle(m, values["number"], p.o, p.projection, values.get("random"))}

    def _to_integer(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self._parameters
        raw = self._raw(m, values)
        return {"p": project_integer(m, raw, p.o, p.projection, values.get("random"))}


def is_fine(addend: NumberFormat, target: NumberFormat) -> bool:
    """Whether no number of the addend's size is told apart in the target but in the addend, too."""
    assert isinstance(addend, FloatFormat)
    assert isinstance(target, FloatFormat)
    return addend.precision >= target.precision and addend.lsb_exponent <= target.lsb_exponent


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k != name}
