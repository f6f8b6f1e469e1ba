"""A multiply-accumulate element whose number format is chosen beat by beat."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from amaranth.hdl import Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap
from ..arithmetic.result import Result
from ..arithmetic.rows import rows_of
from ..formats import IntegerFormat, NumberFormat, Projection, parse_format, product_range
from ..pipeline import Step, wire
from ..unit import DotUse, Unit, check_positive
from .word_products import WordProducts

__all__ = ["MixedPrecisionMac", "Mode"]


class Mode(IntEnum):
    """What a word of eight bits is, as in the field ``mode``."""

    #: One number of int8.
    INT8 = 0
    #: Two numbers of int4.
    INT4 = 1
    #: One number of e4m3fn.
    FP8 = 2
    #: Two numbers of e2m1fn.
    FP4 = 3


_FORMATS: dict[Mode, tuple[NumberFormat, int, int]] = {
    # Format, numbers a word, weight of their products in the array.
    Mode.INT8: (parse_format("int8"), 1, 0),
    Mode.INT4: (parse_format("int4"), 2, 4),
    Mode.FP8: (parse_format("e4m3fn"), 1, 0),
    Mode.FP4: (parse_format("e2m1fn"), 2, 4),
}


_NARROWEST_FIRST = (Mode.INT4, Mode.INT8, Mode.FP4, Mode.FP8)


def _takes(mode: Mode, a: NumberFormat, b: NumberFormat) -> bool:
    """Whether the mode's format has all numbers of both."""
    format = _FORMATS[mode][0]
    if not isinstance(format, IntegerFormat):
        return a == b == format
    return all(
        isinstance(x, IntegerFormat)
        and not x.lsb_exponent
        and format.min_integer <= x.min_integer
        and x.max_integer <= format.max_integer
        for x in (a, b)
    )


class MixedPrecisionMac(Unit):
    """Multiplies and accumulates words that are one int8 or e4m3fn, or two int4 or e2m1fn.

    ``p = sum(a[k] * b[k])`` over the numbers in all words of all beats from ``first`` to ``last``,
    exact. ``mode`` says what a word is: 0 one number of int8, 1 two of int4, 2 one of e4m3fn, 3 two
    of e2m1fn; the number of a mode that was left out stands for int8. A word of two has the first
    one of ``a`` in the low half, and the first one of ``b`` in the **high** half: numbers at
    opposite ends meet, so that both products have one weight in the array and no shifter is needed.
    Weights are stored so beforehand, at no cost.

    The sum is an integer in units of 1 (int8), 2**-4 (int4), 2**-18 (e4m3fn) or 2**-6 (e2m1fn),
    as the attribute ``units`` has them by mode: the scale that follows takes the unit in. The mode
    may change from beat to beat; integers of different units are then added as they are. Where any
    number of an FP8 beat is NaN, so is the sum: ``nan`` is set and ``p`` is 0.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    All modes use one array of four products of four by four bits, and one accumulator. Measured in
    gate equivalents, smallest, with the delay in FO4, fastest, of one lane and 256 beats; beside
    them the dot products of the formats, a unit each, which those modes replace:

    ====================  =============  =======================  ======
    modes                 this unit      separate units           saved
    ====================  =============  =======================  ======
    int8                  737, 29.4      700                      -5 %
    int8, int4            785, 29.4      700 + 444                31 %
    int8, e2m1fn          901, 34.2      700 + 456                22 %
    int8, int4, e2m1fn    944, 35.8      700 + 444 + 456          41 %
    int8, e4m3fn          1,521, 52.4    700 + 1,108              16 %
    all four              1,686, 52.7    700 + 444 + 1,108 + 456  38 %
    ====================  =============  =======================  ======

    So two products of int4 for one of int8 cost 7 % more than int8 alone. FP8 is what costs: the
    exact sum of e4m3fn needs 45 bits instead of 24, and a shifter by up to 28; against the widest
    single unit, that of e4m3fn, all four modes take 52 % more, and 17 % more time. Of other
    structures with all modes, one multiplier for each mode before the common accumulator was 24 %
    larger and 12 % slower, significands of FP8 in a multiplier of their own 5 % larger and as fast.

    With eight lanes there is less of an accumulator to share: int8 and int4 take 4,182 instead of
    5,531, 24 % less, all four modes 8,753 instead of 12,377, 29 % less, but 75.8 FO4 instead of the
    59.0 of e4m3fn; with a multiplier for each mode they are 11,740.

    Parameters
    ----------
    int4, fp8, fp4
        Whether the mode exists. What is left out costs nothing.
    lanes
        Words a beat.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    adder
        How the tree's last two rows are added. ``plain`` is the choice for FPGAs, which have carry
        chains. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum, where ``beats`` is above 1
    i.mode : what the words are, where there is a choice
    i.a, i.b : words
    o.p : sum
    o.nan : whether a number was NaN, where FP8 exists
    """

    reference = "arXiv 2410.12168 (COMET) and 2308.03290 (FLIQS), for the modes"

    def __init__(
        self,
        *,
        int4: bool = True,
        fp8: bool = True,
        fp4: bool = True,
        lanes: int = 1,
        beats: int = 256,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        exist = {Mode.INT8: True, Mode.INT4: int4, Mode.FP8: fp8, Mode.FP4: fp4}
        self.modes = tuple(mode for mode, here in exist.items() if here)
        self.units: dict[Mode, int] = {}
        low = high = 0
        for mode in self.modes:
            format, numbers, weight = _FORMATS[mode]
            least, most = product_range(format, format)
            low = min(low, least * numbers << weight)
            high = max(high, most * numbers << weight)
            self.units[mode] = 2 * format.lsb_exponent - weight
        count = lanes * beats
        self.sum_format = IntegerFormat.holding(low * count, high * count, 0)
        special = ("nan",) if fp8 else ()
        self._result = Result(self.sum_format, special, None, Projection())
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        if len(self.modes) > 1:
            inputs["mode"] = unsigned(2)
        inputs |= {side: ArrayLayout(IntegerFormat(8), lanes) for side in "ab"}
        super().__init__(inputs, self._result.outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        mode = next((mode for mode in _NARROWEST_FIRST if _takes(mode, a, b)), None)
        if mode is None:
            return ()
        format, numbers, _ = _FORMATS[mode]
        if terms % numbers:
            return ()
        floats = {name: str(mode in (Mode.FP8, Mode.FP4)).lower() for name in ("fp8", "fp4")}
        job = {**floats, "lanes": "1", "beats": str(terms // numbers)}
        note = "" if a == b == format else f"operands are held as {format}"
        return (DotUse(job, beats=terms // numbers, note=note),)

    def steps(self) -> list[Step]:
        add = self._result.sum_step(self.parameters.beats, adder=self.parameters.adder)
        return [Step("multiply", self._multiply), add, *self._result.steps()]

    # The datapath.

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        lanes = range(self.parameters.lanes)
        on: dict[Mode, Value] = {
            mode: wire(m, f"is_{mode.name.lower()}", values["mode"] == mode)
            for mode in self.modes[1:]
        }
        products = WordProducts(on.get(Mode.INT4), on.get(Mode.FP8), on.get(Mode.FP4))
        heap = BitHeap(self.sum_format.width)
        a, b = ([Value.cast(values[side][k]).as_unsigned() for k in lanes] for side in "ab")
        nan = products.add_to(m, heap, a, b)
        kept = {k: v for k, v in values.items() if k not in ("a", "b", "mode")}
        flags = {} if nan is None else {"nan": nan}
        return {**kept, **flags, "rows": rows_of(m, heap)}
