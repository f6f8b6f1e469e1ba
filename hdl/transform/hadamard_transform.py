"""The Hadamard transform of a block, with signs: what spreads outliers before a quantizer."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.align import sign_and_magnitude
from ..arithmetic.project import project
from ..arithmetic.raw import Raw
from ..formats import FloatFormat, IntegerFormat, NumberFormat, Projection, parse_format
from ..pipeline import Step, pipelined, wire
from ..unit import Unit
from .butterflies import Number, butterflies, conditionally_negated, negated
from .delay_feedback import delay_feedback
from .limits import bounds, checked_lanes, exponent_of_root
from .shared_exponent import align_exactly, align_to_largest, with_exponent

__all__ = ["HadamardTransform"]


class HadamardTransform(Unit):
    """Transforms blocks by Sylvester's Hadamard matrix, with any signs before it.

    ``p[j] = sum((-1)**popcount(i & j) * s[i] * a[i])`` over the block's points ``i``, with
    ``s[i] = -1`` where bit ``i`` of ``signs`` is set and 1 elsewhere. Twice, without signs, it
    gives back the block, times ``points``.

    Integers and fixed point are transformed exactly: the result has log2 of ``points`` more bits,
    and cannot overflow. To be orthonormal the matrix has to be divided by the square root of
    ``points``: with ``normalize``, and 4, 16, 64 or 256 points, that is a binary point further to
    the left. With other numbers of points it is not exact in binary; where both factors of a matrix
    product are transformed, leave out both divisions and divide the product by ``points``.

    Floats become integers of ``width`` bits, sign included, in units of the block's largest
    exponent: lower bits of smaller elements are lost, towards zero. From there on everything is
    exact. With an ``o`` each result is rounded to it once; without one the results are
    ``p * 2**(exponent - bias)``, with the bias of ``a``. A ``width`` of 0 keeps all bits that a
    block can have, for formats of few exponents. A NaN or an infinity anywhere in the block makes
    NaNs of all its results.

    With fewer ``lanes`` than ``points``, integers only, a block comes in ``points / lanes`` beats,
    counted from reset, lowest points first, and its results leave likewise. The butterflies inside
    a beat stand side by side; those across beats keep ``points - lanes`` numbers in all. Results
    wait for no later block.

    Latency is ``stages`` cycles, and one less than the beats of a block more; throughput is one
    beat a cycle.

    Of 16 points of int8, in gate equivalents and FO4 by ``estimate``'s recipe for area: 2958 and 45
    in one beat, 3099 and 110 in four, where the butterflies across beats are chained; one point a
    beat takes 2114. The signs cost nothing in one beat, and an adder a lane where they change from
    beat to beat. Radix-4 kernels on carry-save trees were 78 % larger and no faster.

    Parameters
    ----------
    a
        Format of the points.
    points
        Size of the transform, a power of two from 2 to 256.
    lanes
        Points a beat, a power of two; 0 is all of them.
    signs
        The signs as one integer, bit ``i`` set where point ``i`` is negated. The mask published
        with NVFP4 training, for 16 points, is 0xD7E8, 55272.
    normalize
        Whether to divide by the square root of ``points``.
    width
        Of float points, bits of the integers they become; 0 keeps all.
    o
        Format of the results; ``exact`` is the integers themselves.
    projection
        Rounding mode and policies of the results.
    adder
        How numbers are added. Prefix networks, cut by ``stages``, are faster and need more
        registers: with two, ``sklansky`` takes 19 FO4 for 25 and 48 % more area. No result bit
        changes.
    stages
        Pipeline registers.

    Members
    -------
    i.a : points, or those of a beat
    i.random : ``random_bits`` bits for each result, in stochastic modes only
    o.p : results
    o.exponent : exponent field that exact results of floats share
    o.nan : whether a point was no number, beside exact results
    """

    reference = "J. J. Sylvester, Phil. Mag. 34, 1867; signs: NVIDIA, arXiv 2509.25149"

    def __init__(
        self,
        *,
        a: NumberFormat = parse_format("int8"),
        points: int = 16,
        lanes: int = 0,
        signs: int = 0,
        normalize: bool = False,
        width: int = 0,
        o: NumberFormat | None = None,
        projection: Projection = Projection(),
        adder: Adder = Adder.PLAIN,
        stages: int = 0,
    ) -> None:
        self._lanes = checked_lanes(self.parameters)
        self.beats_together = points // self._lanes
        low, high, lsb = a.min_integer, a.max_integer, a.lsb_exponent
        if width:
            high = (1 << (width - 1)) - 1
            low, lsb = (-high if a.signed else 0), 2 - width
        self._low, self._high = low, high
        self.sum_format = IntegerFormat.holding(
            *bounds(points, signs, low, high), lsb - (normalize and exponent_of_root(points))
        )
        float_format = a if isinstance(a, FloatFormat) else None
        self._special = float_format is not None and (
            float_format.has_nan or float_format.has_infinity
        )
        if o is not None:
            projection.check(o, nan_possible=self._special)
        inputs: dict[str, Any] = {"a": ArrayLayout(a, self._lanes)}
        if projection.random_bits:
            inputs["random"] = ArrayLayout(unsigned(projection.random_bits), self._lanes)
        outputs: dict[str, Any] = {"p": ArrayLayout(o or self.sum_format, self._lanes)}
        if o is None and float_format and width:
            outputs["exponent"] = unsigned(float_format.exponent_width)
        if o is None and self._special:
            outputs["nan"] = unsigned(1)
        super().__init__(inputs, outputs, stages=stages)

    @property
    def latency(self) -> int:
        return self.stages + self.beats_together - 1

    def steps(self) -> list[Step]:
        return [*self._before(), *self._behind()]

    def _before(self) -> list[Step]:
        """What comes ahead of the butterflies across beats."""
        to_integers = Step("align", self._align)
        return [to_integers, Step("transform", self._transform)]

    def _behind(self) -> list[Step]:
        steps = [Step("signs", self._signs)]
        if self.parameters.o is not None:
            steps.append(Step("round", self._round))
        return steps

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        if self.stateless:
            return super().connect(m, inputs, valid, ready)
        beats, p = self.beats_together, self.parameters
        beat = Signal(range(beats), name="beat")
        # Rounding takes longer than the butterflies of a beat: it gets the greater half.
        behind = (self.stages + 1) // 2 if p.o is not None else 0
        across_ready = Signal(name="across_ready")
        values, moving, taken = pipelined(
            m, self._before(), self.stages - behind, {**inputs, "beat": beat}, valid, across_ready
        )
        with m.If(valid & taken):
            m.d.sync += beat.eq(beat + 1)
        numbers = self._numbers(values)
        next_ready: Signal = across_ready
        stride = beats // 2
        while stride:
            before, next_ready = next_ready, Signal(name=f"across{stride}_ready")
            numbers, moving, room = delay_feedback(
                m, numbers, stride, moving, next_ready, f"across{stride}", adder=p.adder
            )
            m.d.comb += before.eq(room)
            stride //= 2
        values, moving, room = pipelined(
            m, self._behind(), behind, self._as_values(numbers), moving, ready
        )
        m.d.comb += next_ready.eq(room)
        return values, moving, taken

    def _as_values(self, numbers: Sequence[Number]) -> dict[str, Value]:
        """Numbers as values; what is known of them while they are described stays here."""
        self._known = [(x.low, x.high, x.negative) for x in numbers]
        return {f"number{k}": x.value for k, x in enumerate(numbers)}

    def _numbers(self, values: dict[str, Any]) -> list[Number]:
        return [Number(values[f"number{k}"], *known) for k, known in enumerate(self._known)]

    # The datapath.

    def _align(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The points as integers, with the signs that are not known beforehand."""
        p = self.parameters
        kept = {k: v for k, v in values.items() if k != "a"}
        points = [values["a"][k] for k in range(self._lanes)]
        if not isinstance(p.a, FloatFormat):
            return {**kept, "integers": [Value.cast(x) for x in points]}
        flush = p.projection.ftz_in
        if p.width:
            integers, exponent, nan = align_to_largest(m, points, p.a, p.width, flush=flush)
            kept["exponent"] = exponent
        else:
            integers, nan = align_exactly(m, points, p.a, flush=flush)
        if nan is not None:
            kept["nan"] = nan
        return {**kept, "integers": integers}

    def _transform(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The butterflies within a beat."""
        adder = self.parameters.adder
        numbers = []
        for lane, integer in enumerate(values["integers"]):
            number = Number(integer, self._low, self._high)
            numbers.append(self._signed(m, number, lane, values.get("beat")))
        numbers = butterflies(m, numbers, "within", adder=adder)
        kept = {k: v for k, v in values.items() if k not in ("integers", "beat")}
        return {**kept, **self._as_values(numbers)}

    def _signed(self, m: Module, x: Number, lane: int, beat: Value | None) -> Number:
        """A point with its sign, which may differ from beat to beat."""
        beats = self.beats_together
        signs = [self.parameters.signs >> (k * self._lanes + lane) & 1 for k in range(beats)]
        if len(set(signs)) == 1 or beat is None:
            return Number(x.value, x.low, x.high, negative=bool(signs[0]))
        minus = wire(m, f"minus{lane}", Cat(beat == k for k, s in enumerate(signs) if s).any())
        return conditionally_negated(m, x, minus, f"signed{lane}", adder=self.parameters.adder)

    def _signs(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The results as codes of the integers' format."""
        numbers, width = self._numbers(values), self.sum_format.width
        results = []
        for k, x in enumerate(numbers):
            value = negated(m, x, f"negated{k}", adder=self.parameters.adder).value
            top = value[-1] if value.shape().signed else Const(0, 1)
            value = Cat(value, top.replicate(max(width - len(value), 0)))[:width]
            results.append(value)
        kept = {k: v for k, v in values.items() if not k.startswith("number")}
        total: Value = Cat(*results)
        if "nan" in values and self.parameters.o is None:
            total = total & (~values["nan"]).replicate(len(total))
        return {**kept, "p": total}

    def _round(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p, width = self.parameters, self.sum_format.width
        codes = []
        for k in range(self._lanes):
            total = values["p"].word_select(k, width)
            total = total.as_signed() if self.sum_format.signed else total
            raw = self._raw(m, values, wire(m, f"total{k}", total), f"result{k}")
            random = values["random"][k] if "random" in values else None
            codes.append(project(m, raw, p.o, p.projection, random))
        return {"p": Cat(*(Value.cast(code) for code in codes))}

    def _raw(self, m: Module, values: dict[str, Any], total: Value, name: str) -> Raw:
        offset, nan = self.sum_format.lsb_exponent, values.get("nan")
        if "exponent" in values:
            offset -= self.parameters.a.bias
            return with_exponent(m, total, values["exponent"], offset, name, nan=nan)
        negative, magnitude = sign_and_magnitude(m, total, name)
        return Raw(significand=magnitude, offset=offset, negative=negative, nan=nan)
