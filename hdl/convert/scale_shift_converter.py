"""Conversion of small floats with a power of two: an addition to the exponent."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Cat, Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.place import place
from ..arithmetic.raw import Raw, decode
from ..arithmetic.settle import settle
from ..formats import FloatFormat, IntegerFormat, Projection, float_format
from ..pipeline import Step, wire
from ..unit import Unit, check_positive

__all__ = ["ScaleShiftConverter"]


class ScaleShiftConverter(Unit):
    """Divides floats by a power of two given at run time, and converts them to another format.

    ``p = project(a / 2**shift)``, rounded once.

    With FP4 weights and FP8 activations this is ZeroQuant-FP's cast: the scales of the groups of a
    row are its largest scale over a power of two, and that power goes into the exponents. From
    ``e2m1fn`` to ``e4m3fn`` nothing is rounded up to a shift of 8, and no number but zero becomes
    subnormal up to 5; beyond, numbers are rounded as the projection says. A signed shift is
    LLM-FP4's exponent bias of a channel. The default unit has 49 gates for area and 72 for speed
    (15 and 9 FO4); a table of the same function has 69 and 117 (10 and 7 FO4).

    Latency is ``stages`` cycles, throughput one beat a cycle.

    Parameters
    ----------
    a, o
        Formats of operands and results.
    lanes
        Numbers a beat.
    shift
        Format of the shift; a negative one multiplies.
    per_channel
        Whether each lane has its own shift, or all share one.
    projection
        Rounding mode, policies for overflow, NaN, infinity, negative zero and subnormals, and the
        width of the random input of stochastic modes.
    stages
        Pipeline registers.

    Members
    -------
    i.a : operands
    i.shift : exponent of the power of two
    i.random : random bits, in stochastic modes: those of lane i from ``random_bits * i`` up
    o.p : results
    """

    reference = (
        "ZeroQuant-FP (arXiv 2307.09782); LLM-FP4 (arXiv 2310.16836); "
        "IEEE P3109 interim report v4.0, projection"
    )

    def __init__(
        self,
        *,
        a: FloatFormat = float_format("e2m1fn"),
        o: FloatFormat = float_format("e4m3fn"),
        lanes: int = 1,
        shift: IntegerFormat = IntegerFormat(4, False),
        per_channel: bool = False,
        projection: Projection = Projection(),
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        if shift.fraction or shift.width > 10:
            raise ValueError(
                f"The shift must be an integer of at most 10 bits, without fraction, not '{shift}'"
            )
        projection.check(o, nan_possible=a.has_nan)
        sets = lanes if per_channel else 1
        inputs: dict[str, Any] = {"a": ArrayLayout(a, lanes), "shift": ArrayLayout(shift, sets)}
        if projection.random_bits:
            inputs["random"] = unsigned(projection.random_bits * lanes)
        super().__init__(inputs, {"p": ArrayLayout(o, lanes)}, stages=stages)

    def steps(self) -> list[Step]:
        return [
            Step("decode", self._decode),
            Step("place", self._place),
            Step("settle", self._settle),
        ]

    def _decode(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        shifts = values.pop("shift")
        numbers: list[Raw] = []
        for lane in range(p.lanes):
            name = f"a{lane}"
            view = values["a"][lane]
            raw = decode(m, view, name, normalize=True, flush=p.projection.ftz_in)
            assert raw.exponent is not None
            shift = Value.cast(shifts[lane if p.per_channel else 0])
            exponent = wire(m, f"{name}_shifted", raw.exponent - shift)
            numbers.append(
                replace(
                    raw,
                    exponent=exponent,
                    exponent_min=raw.exponent_min - p.shift.max_integer,
                    exponent_max=raw.exponent_max - p.shift.min_integer,
                    subnormal=None,
                )
            )
        return {**values, "numbers": numbers}

    def _place(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        kept = {"random": values["random"]} if "random" in values else {}
        return {**kept, "numbers": [place(m, n, p.o, p.projection) for n in values["numbers"]]}

    def _settle(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p, bits = self.parameters, self.parameters.projection.random_bits
        codes = []
        for lane, number in enumerate(values["numbers"]):
            random = values["random"][lane * bits : (lane + 1) * bits] if bits else None
            codes.append(settle(m, number, p.o, p.projection, random))
        return {"p": Cat(codes)}
