"""Dot product of two vectors, summed exactly and rounded once."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder, add
from ..arithmetic.align import sign_and_magnitude
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.integer import project_integer
from ..arithmetic.place import place
from ..arithmetic.raw import Raw
from ..arithmetic.settle import settle
from ..formats import (
    IntegerFormat,
    NumberFormat,
    Projection,
    parse_format,
)
from ..formats.lmul_policy import Semantics
from ..pipeline import Accumulation, Step, wire
from ..unit import Unit, check_positive
from .inner_sum import InnerSum
from .terms import Product

__all__ = ["DotProduct"]


class DotProduct(Unit):
    """Sums the products of N pairs exactly, and rounds once at the end.

    ``p = project(sum(a[k] * b[k]))``. The products are summed as fixed-point integers that hold
    every product of the formats exactly and cannot overflow, so the result does not depend on the
    order of the terms, bit for bit, nor on how they are split over lanes and beats. An exact sum of
    zero is +0. A NaN, infinity times zero, or infinities of both signs make NaN.

    With ``beats`` above 1 the sum runs on over several beats: ``first`` starts it and ``last`` ends
    it, and one result leaves per ``last``.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a, b
        Formats of the two vectors' elements.
    lanes
        Products a beat.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    o
        Format of the result; ``exact`` is the sum itself, as fixed point, with flags for NaN and
        infinities where they can occur (the sum is then 0).
    product
        ``exact``, or ``lmul``: the approximate product of L-Mul on float formats, not saturated
        and not flushed.
    semantics
        Of L-Mul products: ``packed`` adds exponents and mantissas as one integer, ``formula``
        normalises the mantissas' sum.
    offset
        Of L-Mul products: the constant added, in units of the last mantissa place; -1 is the
        paper's, 0 Mitchell's logarithm.
    projection
        Rounding mode and policies of the result.
    structure
        ``compressor`` or ``booth`` (integers only) make one carry-save tree of all lanes,
        ``plain`` leaves the operators to synthesis, ``auto`` is ``booth`` for integers of 6 bits
        or more and ``compressor`` otherwise. No result bit changes.
    adder
        How the tree's last two rows are added. ``plain`` is the choice for FPGAs, which have carry
        chains. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum, where ``beats`` is above 1
    i.a, i.b : the vectors' elements
    i.random : ``random_bits`` bits, in stochastic modes only; those of the last beat count
    o.p : result
    o.nan, o.plus_infinity, o.minus_infinity : flags of an exact result, where they can occur
    """

    reference = "IEEE P3109 interim report v4.0, dot product with one projection; Kulisch, 2008"

    def __init__(
        self,
        *,
        a: NumberFormat = parse_format("e4m3fn"),
        b: NumberFormat = parse_format("e4m3fn"),
        lanes: int = 8,
        beats: int = 1,
        o: NumberFormat | None = parse_format("fp32"),
        product: Product = Product.EXACT,
        semantics: Semantics = Semantics.PACKED,
        offset: int = -1,
        projection: Projection = Projection(),
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        self._inner = InnerSum(
            a,
            b,
            count=lanes * beats,
            product=product,
            semantics=semantics,
            offset=offset,
            flush=projection.ftz_in,
            structure=structure,
        )
        self.sum_format, self._special = self._inner.sum_format, self._inner.special
        if o is not None:
            projection.check(o, nan_possible=bool(self._special))
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {"a": ArrayLayout(a, lanes), "b": ArrayLayout(b, lanes)}
        if projection.random_bits:
            inputs["random"] = unsigned(projection.random_bits)
        outputs: dict[str, Any] = {"p": o or self.sum_format}
        if o is None:
            outputs |= {flag: unsigned(1) for flag in self._special}
        super().__init__(inputs, outputs, stages=stages)

    def steps(self) -> list[Step]:
        steps = [Step("compress", self._compress)]
        if self.parameters.beats > 1:
            shapes = {"total": Shape(self.sum_format.width)} | {f: Shape(1) for f in self._special}
            if self.parameters.projection.random_bits:
                shapes["random"] = Shape(self.parameters.projection.random_bits)
            steps.append(Accumulation("add", self._add, state=shapes))
        else:
            steps.append(Step("add", self._add))
        if self.parameters.o is None:
            return [*steps[:-1], *self._exact_end(steps[-1])]
        if isinstance(self.parameters.o, IntegerFormat):
            return [*steps, Step("round", self._to_integer)]
        return [*steps, Step("place", self._place), Step("settle", self._settle)]

    # The datapath.

    def _compress(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """All products of all lanes on one heap, down to two rows."""
        p = self.parameters
        a, b = ([values[side][k] for k in range(p.lanes)] for side in "ab")
        rows, flags = self._inner.rows(m, a, b)
        kept = {k: v for k, v in values.items() if k not in ("a", "b")}
        return {**kept, **flags, "rows": rows}

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The rows, and the sum so far, in one carry-propagating addition."""
        rows = list(values["rows"])
        so_far = values.get("so_far", {})
        width = self.sum_format.width
        if "total" in so_far:
            rows.append(so_far["total"])
        if self._inner.structure.operators:
            total: Value = sum(rows[1:], start=Value.cast(rows[0]))[:width]
        else:
            if len(rows) > 2:
                heap = BitHeap(width)
                for row in rows:
                    heap.add(row)
                rows = list(heap.compress(m, name="accumulate"))
            total = add(m, rows[0], rows[1], adder=self.parameters.adder, name="carry")
        result = {"total": wire(m, "total", total)}
        for flag in self._special:
            result[flag] = values[flag] | so_far[flag] if flag in so_far else values[flag]
        if "random" in values:
            result["random"] = values["random"]
        return result

    def _exact_end(self, add_step: Step) -> list[Step]:
        """An exact result needs no step of its own: the sum, zero where a flag is set."""

        def finish(m: Module, values: dict[str, Any]) -> dict[str, Any]:
            flags = [values[flag] for flag in self._special]
            total = values["total"]
            if flags:
                special = wire(m, "special", Cat(*flags).any())
                total = total & (~special).replicate(len(total))
            nan = self._nan(values)
            result = {"p": total}
            for flag in self._special:
                result[flag] = nan if flag == "nan" else values[flag] & ~nan
            return result

        if isinstance(add_step, Accumulation):
            return [add_step, Step("finish", finish)]

        def add_and_finish(m: Module, values: dict[str, Any]) -> dict[str, Any]:
            return finish(m, self._add(m, values))

        return [Step("add", add_and_finish)]

    def _nan(self, values: dict[str, Any]) -> Value:
        plus, minus = (values.get(f, Const(0, 1)) for f in ("plus_infinity", "minus_infinity"))
        return values.get("nan", Const(0, 1)) | (plus & minus)

    def _raw(self, m: Module, values: dict[str, Any]) -> Raw:
        """The sum as sign and magnitude, with its exceptions."""
        total = values["total"]
        total = total.as_signed() if self.sum_format.signed else total
        negative, magnitude = sign_and_magnitude(m, total, "sum")
        raw = Raw(significand=magnitude, offset=self.sum_format.lsb_exponent, negative=negative)
        if not self._special:
            return raw
        infinite = None
        if "plus_infinity" in self._special:
            plus, minus = values["plus_infinity"], values["minus_infinity"]
            infinite = wire(m, "sum_infinite", plus | minus)
            negative = Mux(infinite, minus, Const(0, 1) if negative is None else negative)
        return Raw(
            significand=magnitude,
            offset=raw.offset,
            negative=negative,
            nan=wire(m, "sum_nan", self._nan(values)),
            infinite=infinite,
        )

    def _place(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        kept = {"random": values["random"]} if "random" in values else {}
        return {"number": place(m, self._raw(m, values), p.o, p.projection), **kept}

    def _settle(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        return {"p": settle(m, values["number"], p.o, p.projection, values.get("random"))}

    def _to_integer(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        raw = self._raw(m, values)
        return {"p": project_integer(m, raw, p.o, p.projection, values.get("random"))}
