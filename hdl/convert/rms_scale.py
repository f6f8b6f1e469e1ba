"""The scale of a vector that is divided by its root mean square and then quantized."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Value

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap
from ..arithmetic.constants import multiple
from ..arithmetic.place import fraction_bits
from ..arithmetic.project import project
from ..arithmetic.raw import Raw, decode, read
from ..arithmetic.squares import add_square
from ..dot.add_raw import normalized
from ..formats import FloatFormat, NumberFormat, Projection, Rounding, parse_format
from ..pipeline import Accumulation, Step, wire
from ..unit import Unit, check_positive
from .magnitudes import (
    check_not_flushed,
    check_ordered,
    has_specials,
    magnitude_format,
)
from .root_layout import RootLayout

__all__ = ["RmsScale"]


class RmsScale(Unit):
    """The largest magnitude over its largest integer times the root mean square, rounded once.

    ``p = project(largest / (top * sqrt(a / size)))``, where ``a`` is a sum of ``size`` squares,
    with or without an eps, and ``largest`` the largest magnitude, both as ``rms-statistics`` makes
    them. The quotient and its square root are exact: bits of both are made until only a rounding is
    left, and what is left of them is known to be zero or not. With ``bitlinear-quantizer``'s codes
    a code times ``p`` is a number over the root mean square.

    Signs are not looked at. Where ``a`` or ``largest`` is zero, ``p`` is zero; where one of them is
    infinite or NaN, ``p`` is NaN.

    It works for a whole vector, so it takes its time: each cycle makes two bits of the quotient
    ``largest**2 * size / (top**2 * a)`` and, from those two, a bit of its root, with three
    subtractions. Operands stay where they are, at the input. Gates and FO4, for area and for speed:

    | unit | cycles | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- | --- |
    | fp16 and fp32 to fp32 | 27 | 2,941 | 288 | 4,731 | 82 |
    | the same, ``top=1`` | 26 | 2,298 | 213 | 3,467 | 70 |
    | fp16 and fp32 to bf16 | 11 | 2,415 | 257 | 3,845 | 75 |

    Logic for what cannot be is not made: to nearest, what is left of quotient and root is not
    looked at where no scale is a tie, as of most formats none is; subnormal sums are not normalised
    where all of their scales overflow; and what is made of the operands alone needs no enable.

    Latency is ``stages`` cycles more than ``interval``, the cycles of one scale.

    Parameters
    ----------
    a
        Format of the sum of squares.
    largest
        Format of the largest magnitude.
    size
        Numbers that the mean is over.
    top
        The largest integer of the codes, by which the scale is divided. 1 leaves that division to
        whoever scales the weights.
    o
        Format of the scale.
    projection
        Rounding mode and policies of the scale; no stochastic mode, and ``ftz_in`` must be false.
    adder
        How the rows of the square and of the constant's product are added. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.a : sum of squares
    i.largest : largest magnitude
    o.p : scale
    """

    reference = "R.-J. Zhu et al., Scalable MatMul-free Language Modeling (arXiv 2406.02528)"

    def __init__(
        self,
        *,
        a: FloatFormat = FloatFormat(8, 23, 127, name="fp32"),
        largest: NumberFormat = parse_format("fp16"),
        size: int = 2048,
        top: int = 127,
        o: FloatFormat = FloatFormat(8, 23, 127, name="fp32"),
        projection: Projection = Projection(),
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_ordered(a)
        check_not_flushed(projection)
        check_ordered(largest)
        check_positive("size", size, most=1 << 32)
        check_positive("largest integer", top, most=(1 << 16) - 1)
        if projection.rounding.stochastic:
            raise ValueError(f"The rounding must not be stochastic, as '{projection.rounding}' is")
        self._special = has_specials(a) or has_specials(largest)
        projection.check(o, nan_possible=self._special)
        field = magnitude_format(largest)
        kept = o.precision + fraction_bits(projection)
        least = o.lsb_exponent + o.mantissa_width
        self._layout = RootLayout(a, field, size, top, kept, least)
        self.interval = self._layout.root_bits
        # To nearest, what is left decides at ties only. Where there are none, and the root has the
        # bits that are kept, nothing more is looked at; with fewer, what is left is no longer.
        self._looks_at_rest = self._layout.ties or projection.rounding is not Rounding.RNE
        self._root_rest_bits = self._layout.root_bits + 1 if self._looks_at_rest else kept
        # The scale of the least magnitude over the least normal sum: larger ones that are wrong by
        # less than a factor of two are no numbers, either.
        tiny = Fraction(2) ** field.lsb_exponent
        normal = Fraction(2) ** (a.lsb_exponent + a.mantissa_width)
        beyond = 2 * o.max_integer * Fraction(2) ** o.lsb_exponent
        self._overflows = tiny**2 * size / (top**2 * normal) > beyond**2
        super().__init__({"a": a, "largest": field}, {"p": o}, stages=stages)

    def steps(self) -> list[Step]:
        layout = self._layout
        state = {
            "rest": Shape(layout.divisor_bits),
            "root_rest": Shape(self._root_rest_bits),
            "root": Shape(layout.root_bits),
            "exponent": Shape.cast(range(layout.exponent_min, layout.exponent_max + 1)),
            "zero": Shape(1),
        }
        if self._special:
            state["nan"] = Shape(1)
        return [
            Step("prepare", self._prepare),
            Accumulation("extract", self._extract, state=state, cycles=self.interval),
            Step("round", self._round),
        ]

    # The datapath.

    def _prepare(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """Dividend, divisor, and the exponent of the result."""
        p, layout = self.parameters, self._layout
        total = self._sum(m, values["a"])
        largest = self._normalized(m, values["largest"])
        assert total.exponent is not None
        assert largest.exponent is not None
        assert total.zero is not None
        assert largest.zero is not None
        nan = [
            wire(m, f"{name}_special", values[name].magnitude > f.max_magnitude)
            for name, f in (("a", p.a), ("largest", p.largest))
            if isinstance(f, FloatFormat) and has_specials(f)
        ]
        # Of the power of two under the root, what is odd goes into the dividend.
        constant = layout.power - total.offset + 2 * largest.offset
        power = wire(m, "power", constant - total.exponent)
        square = BitHeap(2 * len(largest.significand))
        add_square(square, largest.significand)
        dividend: Value = square.sum(m, name="square", adder=p.adder)
        if layout.factor > 1:
            dividend = multiple(m, dividend, layout.factor, "times_size", adder=p.adder)
        dividend = Mux(power[0], Cat(Const(0, 1), dividend), Cat(dividend, Const(0, 1)))
        divisor = total.significand
        if p.top > 1:
            divisor = multiple(m, divisor, p.top**2, "times_top", adder=p.adder)
        up = layout.up
        dividend = wire(m, "dividend", Cat(Const(0, max(-up, 0)), dividend))
        divisor = wire(m, "divisor", Cat(Const(0, max(up, 0)), divisor)[: layout.divisor_bits])
        bounds = {name: values[name] for name in ("first", "last")}
        found = {"nan": wire(m, "nan", Cat(nan).any())} if nan else {}
        return {
            **bounds,
            **found,
            "dividend": dividend,
            "divisor": divisor,
            "exponent": wire(m, "exponent", largest.exponent + power[1:].as_signed()),
            "zero": wire(m, "zero", total.zero | largest.zero),
        }

    def _sum(self, m: Module, number: Any) -> Raw:
        """The sum of squares. Where the scale overflows for each that is subnormal, these need not
        be normalised: with a hidden bit the scale overflows, too."""
        if not self._overflows:
            return decode(m, number, "a", normalize=True)
        raw = decode(m, number, "a", normalize=False)
        return replace(
            raw,
            significand=Cat(number.mantissa, Const(1, 1)),
            exponent=number.exponent,
            exponent_min=0,
            slack=0,
            zero=wire(m, "a_zero", ~raw.significand.any()),
        )

    def _normalized(self, m: Module, number: Any) -> Raw:
        if isinstance(self.parameters.largest, FloatFormat):
            return decode(m, number, "largest", normalize=True)
        raw = read(m, number, magnitude_format(self.parameters.largest), "largest")
        return normalized(m, raw, "largest")

    def _extract(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """Two bits more of the quotient, and one of its root."""
        layout, so_far, divisor = self._layout, values["so_far"], values["divisor"]
        dividend = values["dividend"]
        begin = dividend & values["first"].replicate(len(dividend))
        rest: Value = so_far["rest"] | Cat(begin, Const(0, layout.divisor_bits))[: len(divisor)]
        bits: list[Value] = []
        for place in (1, 0):
            twice = Cat(Const(0, 1), rest)
            less = wire(m, f"less{place}", twice - divisor)
            fits = ~less[len(twice)]
            rest = wire(m, f"rest{place}", Mux(fits, less[: len(rest)], twice[: len(rest)]))
            bits.insert(0, fits)
        root, size = so_far["root"], self._root_rest_bits
        longer = Cat(*bits, so_far["root_rest"])
        less = wire(m, "root_less", longer - Cat(Const(1, 2), root)[: size + 1])
        fits = ~less[len(longer)]
        root_rest = wire(m, "root_rest_next", Mux(fits, less[:size], longer[:size]))
        kept = {name: values[name] for name in ("exponent", "zero", "nan") if name in values}
        root = wire(m, "root_next", Cat(fits, root)[: layout.root_bits])
        return {**kept, "rest": rest, "root_rest": root_rest, "root": root}

    def _round(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p, layout = self.parameters, self._layout
        root, exponent = values["root"], Value.cast(values["exponent"])
        low = layout.exponent_min
        exponent = exponent.as_signed() if low < 0 else exponent
        if layout.zeros > 1:
            small = wire(m, "small", ~root[-2:].any())
            root = wire(m, "root_up", Mux(small, root << 1, root)[: layout.root_bits])
            exponent, low = wire(m, "exponent_down", exponent - small), low - 1
        sticky: Value = Const(1, 1)
        if self._looks_at_rest:
            sticky = wire(m, "inexact", values["rest"].any() | values["root_rest"].any())
        raw = Raw(
            significand=Cat(sticky, root),
            exponent=exponent,
            offset=-layout.root_bits - 1,
            exponent_min=low,
            exponent_max=layout.exponent_max,
            slack=1,
            zero=values["zero"],
            nan=values.get("nan"),
        )
        return {"p": project(m, raw, p.o, p.projection)}
