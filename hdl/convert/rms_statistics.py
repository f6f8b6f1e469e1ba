"""What a root mean square norm and a scale by the largest number have to know of a vector."""

import struct
from fractions import Fraction
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.maximum import maximum
from ..arithmetic.raw import decode, decode_integer
from ..arithmetic.result import Result
from ..arithmetic.rows import add_rows, rows_of
from ..arithmetic.squares import add_square
from ..formats import FloatFormat, IntegerFormat, NumberFormat, Projection, parse_format
from ..pipeline import Accumulation, Step, wire
from ..unit import Unit, check_positive
from .magnitudes import (
    check_not_flushed,
    check_ordered,
    has_specials,
    magnitude_format,
)

__all__ = ["RmsStatistics"]


class RmsStatistics(Unit):
    """Sums the squares of a vector's numbers exactly, and finds the largest of their magnitudes.

    ``p = project(sum(a[k]**2) + size * eps)`` and ``largest = max(abs(a[k]))`` over the lanes and
    beats from ``first`` to ``last``. The sum is exact and cannot overflow; it is rounded once, to
    ``o``. Then ``p / size`` is the mean square of RMSNorm with its eps, so that ``rms-scale`` makes
    the scale of the normalized and quantized vector of both results, and ``bitlinear-quantizer``
    the codes of ``largest`` alone.

    A NaN or an infinity makes ``p`` NaN; as a magnitude its code is larger than every number.

    Every square has one bit product for each pair of bits, and is even in its exponent: half of
    the multiplication and one level of the shift that a dot product of the vector with itself has
    are not there. ``size * eps`` enters the tree with ``first``, bit by bit; what it has below the
    squares' last place is a constant behind the sum. Gates and FO4 of 8 lanes and 256 beats, for
    area and for speed:

    | unit | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- |
    | fp16 | 11,508 | 199 | 18,165 | 77 |
    | dot-product of fp16, no maximum | 16,874 | 269 | 26,276 | 89 |
    | e5m6 | 8,517 | 186 | 12,101 | 70 |
    | int8 | 3,252 | 84 | 5,066 | 46 |
    | dot-product of int8, no maximum | 3,922 | 120 | 7,174 | 48 |

    Exact sums of squares are as wide as twice the range of the exponents: numbers in bf16 are
    better converted to a format with a smaller exponent first.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a
        Format of the numbers.
    lanes
        Numbers a beat.
    beats
        The most beats of a vector; the accumulator is sized for them.
    size
        Numbers that the mean is over; ``none``: ``lanes`` times ``beats``.
    epsilon
        ``eps`` is ten to the power of minus this number, in binary32 as programs have it: 6 in the
        fused kernel of the MatMul-free language model, 8 in its module, 5 in other norms; ``none``
        for 0.
    gained
        Adds the input ``y``: the numbers, multiplied by the gains of the norm. The largest
        magnitude is that of ``y``, the squares are those of ``a``.
    o
        Format of the sum; ``exact`` is the sum itself, as fixed point, with a flag for NaN where
        it can occur (the sum is then 0).
    projection
        Rounding mode and policies of the sum; ``ftz_in`` must be false.
    structure
        One carry-save tree, or operators left to synthesis. No result bit changes.
    adder
        How a tree's last two rows are added. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a vector, where ``beats`` is above 1
    i.a : numbers
    i.y : numbers times gains, with ``gained``
    i.random : ``random_bits`` bits, in stochastic modes only; those of the last beat count
    o.p : sum of squares
    o.nan : flag of an exact sum, where it can occur
    o.largest : largest magnitude
    """

    reference = (
        "B. Zhang and R. Sennrich, Root Mean Square Layer Normalization (arXiv 1910.07467); "
        "R.-J. Zhu et al., Scalable MatMul-free Language Modeling (arXiv 2406.02528)"
    )

    def __init__(
        self,
        *,
        a: NumberFormat = parse_format("fp16"),
        lanes: int = 8,
        beats: int = 256,
        size: int | None = None,
        epsilon: int | None = 6,
        gained: bool = False,
        o: NumberFormat | None = parse_format("fp32"),
        projection: Projection = Projection(),
        structure: Structure = Structure.COMPRESSOR,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_ordered(a)
        check_not_flushed(projection)
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        count = lanes * beats
        if size is not None:
            check_positive("size", size, most=count)
        if epsilon is not None:
            check_positive("epsilon", epsilon, least=0, most=30)
        if structure not in (Structure.COMPRESSOR, Structure.PLAIN):
            raise ValueError(f"The structure must be compressor or plain, not '{structure}'")
        eps = Fraction(0) if epsilon is None else _in_binary32(Fraction(1, 10**epsilon))
        # What eps adds: so many units of the squares, and so many of a smaller unit.
        lsb = 2 * a.lsb_exponent
        units = eps * (count if size is None else size) / Fraction(2) ** lsb
        self._units = int(units)
        self._below_bits = (units.denominator).bit_length() - 1
        self._below = int((units - self._units) * units.denominator)
        largest = max(a.max_integer, -a.min_integer)
        high = largest**2 * count + self._units
        self._accumulated = IntegerFormat.holding(0, high, lsb)
        high = (high << self._below_bits) + self._below
        self.sum_format = IntegerFormat.holding(0, high, lsb - self._below_bits)
        self._special = has_specials(a)
        smallest = (self._units << self._below_bits) + self._below
        self._result = Result(
            self.sum_format, ("nan",) * self._special, o, projection,
            smallest=smallest, odd=smallest % 2 == 1,
        )  # fmt: skip
        self._key_bits = magnitude_format(a).width - isinstance(a, FloatFormat) * a.signed
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs["a"] = ArrayLayout(a, lanes)
        if gained:
            inputs["y"] = ArrayLayout(a, lanes)
        outputs = {**self._result.outputs, "largest": magnitude_format(a)}
        super().__init__(inputs | self._result.inputs, outputs, stages=stages)

    def steps(self) -> list[Step]:
        add = Step("add", self._add)
        if self.parameters.beats > 1:
            state = {"total": Shape(self._accumulated.width), "key": Shape(self._key_bits)}
            if self._special and self.parameters.gained:
                state["nan"] = Shape(1)
            add = Accumulation("add", self._add, state=state | self._result.kept)
        finish = [Step("append", self._append), *self._result.steps()]
        return [Step("square", self._square), add, *map(self._beside, finish)]

    # The datapath.

    def _square(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The rows of a beat's sum, and its largest magnitude."""
        p = self.parameters
        heap = BitHeap(self._accumulated.width)
        magnitudes = []
        for lane in range(p.lanes):
            square, magnitude = self._lane(m, values["a"][lane], f"a{lane}")
            if p.gained:
                magnitude = self._magnitude(m, values["y"][lane], f"y{lane}")
            if isinstance(square, Value):
                heap.add(square)
            else:
                add_square(heap, square[0])
            magnitudes.append(magnitude)
        if p.beats == 1:
            heap.add_constant(self._units)
        else:
            for place in range(self._units.bit_length()):
                if self._units >> place & 1:
                    heap.add_column(values["first"], weight=place)
        kept = {name: values[name] for name in ("first", "last") if name in values}
        kept |= {name: values[name] for name in self._result.kept}
        if self._special and p.gained:
            above = (values["a"][k].magnitude > p.a.max_magnitude for k in range(p.lanes))
            kept["nan"] = wire(m, "any_special", Cat(above).any())
        rows = rows_of(m, heap, structure=p.structure)
        return {**kept, "rows": rows, "key": wire(m, "key", maximum(m, magnitudes, "larger"))}

    def _lane(self, m: Module, number: Any, name: str) -> tuple[Any, Value]:
        """A square in the sum's units, or in brackets what is to be squared; the magnitude."""
        a = self.parameters.a
        plain = self.parameters.structure.operators
        if isinstance(a, IntegerFormat):
            value = Value.cast(number)
            value = value.as_signed() if a.signed else value
            magnitude = self._magnitude(m, number, name)
            return (wire(m, f"{name}_square", value * value) if plain else [value]), magnitude
        raw = decode(m, number, name, normalize=False)
        significand = raw.significand
        if plain:
            square = significand * significand
        else:
            own = BitHeap(2 * len(significand))
            add_square(own, significand)
            square = own.sum(m, name=f"{name}_square", adder=self.parameters.adder)
        assert raw.exponent is not None
        assert raw.exponent_min == 1
        # The exponent is at least 1, so that two bits below the last place stay 0.
        width = 2 * a.max_integer.bit_length() + 2
        placed = _shift_by_pairs(m, square, raw.exponent, f"{name}_placed", width=width)
        return placed[2:], number.magnitude

    def _magnitude(self, m: Module, number: Any, name: str) -> Value:
        a = self.parameters.a
        if isinstance(a, FloatFormat):
            return number.magnitude
        return decode_integer(m, Value.cast(number), a, name).significand

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The sum so far, and the larger of the two largest."""
        p, so_far = self.parameters, values.get("so_far", {})
        rows, key = values["rows"], values["key"]
        if so_far:
            rows = [*rows, so_far["total"]]
            key = wire(m, "largest_so_far", Mux(key > so_far["key"], key, so_far["key"]))
        width = self._accumulated.width
        total = add_rows(m, rows, width, structure=p.structure, adder=p.adder)
        kept = {name: values[name] for name in self._result.kept}
        if "nan" in values:
            kept["nan"] = values["nan"] | so_far["nan"] if so_far else values["nan"]
        return {**kept, "total": wire(m, "squares", total), "key": key}

    def _append(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """What eps adds below the squares, and the NaN."""
        total = Cat(Const(self._below, self._below_bits), values["total"])
        values = {**values, "total": wire(m, "total", total)}
        if self._special and "nan" not in values:
            # The largest magnitude is it.
            values["nan"] = wire(m, "any_special", values["key"] > self.parameters.a.max_magnitude)
        return values

    def _beside(self, step: Step) -> Step:
        """A step of the sum, with the largest magnitude beside it."""

        def compute(m: Module, values: dict[str, Any]) -> dict[str, Any]:
            key = {name: values[name] for name in ("key", "largest") if name in values}
            return {"largest": values["key"], **key, **step.compute(m, values)}

        return Step(step.name, compute)


def _in_binary32(number: Fraction) -> Fraction:
    return Fraction(struct.unpack("f", struct.pack("f", float(number)))[0])


def _shift_by_pairs(m: Module, value: Value, amount: Value, name: str, *, width: int) -> Value:
    """``value << 2 * amount``, cut to ``width`` bits."""
    for place in range(len(amount)):
        step = 2 << place
        shifted = Cat(Const(0, step), value)[:width]
        kept = Cat(value, Const(0, step))[: len(shifted)]
        value = wire(m, f"{name}_by{step}", Mux(amount[place], shifted, kept))
    return value
