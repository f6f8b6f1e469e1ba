"""Dot product of complex integers with weights 1, -1, i and -i."""

from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..formats import IntegerFormat
from ..pipeline import Step, wire
from ..unit import Unit, check_positive
from .gated import add_gated, gated
from .sums import Sums, SumStructure, add_all

__all__ = ["ComplexDot", "Scales"]


class Scales(StrEnum):
    """Which sums can be added before they are scaled."""

    #: Real and imaginary parts have scales of their own, of activations or of weights: four sums.
    SEPARATE = "separate"
    #: All have one scale: two sums, the result's real and imaginary part.
    UNIFIED = "unified"


class ComplexDot(Unit):
    """Sums complex integers times 1, -1, i and -i: no multiplier, and not even a zero.

    ``sum(x[k] * b[k])``, or with ``conjugate`` ``sum(conj(x[k]) * b[k])``, over the lanes and beats
    from ``first`` to ``last``; ``x`` is ``a_re + i a_im``. Every sum is exact and cannot overflow.

    A weight has two bits, from the top: whether it is imaginary, and whether it is negative. This
    is the linear layer of iFairy, which takes the conjugate and whose activations and weights have
    different scales for real and imaginary parts; the sums that need different scales stay apart:

        result_re = rr * re_scale_of_a * re_scale_of_b + ii * im_scale_of_a * im_scale_of_b
        result_im = ri * re_scale_of_a * im_scale_of_b + ir * im_scale_of_a * re_scale_of_b

    The signs of ``ii`` and ``ir`` that ``i * i`` and the conjugate ask for are in them. Where all
    scales are equal, two sums do. Gates and FO4 of 16 lanes of int8, for area and for speed:

    | unit | weight bits | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- | --- |
    | complex-dot, four sums | 32 | 4,402 | 52 | 7,231 | 34 |
    | complex-dot, two sums | 32 | 2,720 | 54 | 5,198 | 33 |
    | two ternary-dots of 32 lanes | 128 | 4,538 | 57 | 8,426 | 36 |

    The last line is the same layer with ternary real and imaginary parts of the weights: two sums
    over all 32 parts.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a
        Format of the real and imaginary parts.
    lanes
        Complex numbers a beat.
    beats
        The most beats that one sum takes; the accumulators are sized for them.
    conjugate
        Whether the conjugates of the numbers are multiplied.
    scales
        Whether there are four sums or two.
    structure
        One carry-save tree a sum, or operators left to synthesis. No result bit changes.
    adder
        How a tree's last two rows are added. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum, where ``beats`` is above 1
    i.a_re, i.a_im : real and imaginary parts of the numbers
    i.b : the weights
    o.rr, o.ii, o.ri, o.ir : four sums, named by the parts of number and weight
    o.re, o.im : two sums, with unified scales
    """

    reference = "iFairy, a language model with weights 1, -1, i and -i (arXiv 2508.05571)"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        lanes: int = 16,
        beats: int = 1,
        conjugate: bool = True,
        scales: Scales = Scales.SEPARATE,
        structure: SumStructure = SumStructure.COMPRESSOR,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        most = max(a.max_integer, -a.min_integer) * lanes * beats
        self.sum_format = IntegerFormat.holding(-most, most, a.lsb_exponent)
        names = ["rr", "ii", "ri", "ir"] if scales is Scales.SEPARATE else ["re", "im"]
        formats: dict[str, IntegerFormat] = dict.fromkeys(names, self.sum_format)
        self._sums = Sums(formats, beats=beats, adder=adder, structure=structure)
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        elements = ArrayLayout(a, lanes)
        inputs |= {"a_re": elements, "a_im": elements, "b": ArrayLayout(unsigned(2), lanes)}
        super().__init__(inputs, formats, stages=stages)

    def steps(self) -> list[Step]:
        return self._sums.steps(self._fill)

    # The datapath.

    def _fill(self, m: Module, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        p = self.parameters
        codes = [Value.cast(values["b"][k]) for k in range(p.lanes)]
        negative, axis = (
            wire(m, f"b_{name}", Cat(code[k] for code in codes))
            for k, name in enumerate(("negative", "axis"))
        )
        real, imaginary = (
            [Value.cast(values[name][k]) for k in range(p.lanes)] for name in ("a_re", "a_im")
        )
        # i * i is -1; of a conjugate, all products of the imaginary part change their signs.
        minus_ii, minus_ir = (negative, ~negative) if p.conjugate else (~negative, negative)
        if p.scales is Scales.SEPARATE:
            terms = {
                "rr": (real, ~axis & ~negative, ~axis & negative),
                "ii": (imaginary, axis & ~minus_ii, axis & minus_ii),
                "ri": (real, axis & ~negative, axis & negative),
                "ir": (imaginary, ~axis & ~minus_ir, ~axis & minus_ir),
            }
        else:
            minus_re = wire(m, "re_minus", (axis & minus_ii) | (~axis & negative))
            minus_im = wire(m, "im_minus", (axis & negative) | (~axis & minus_ir))
            terms = {
                "re": (_chosen(m, axis, imaginary, real, "re"), ~minus_re, minus_re),
                "im": (_chosen(m, axis, real, imaginary, "im"), ~minus_im, minus_im),
            }
        return {name: self._sum(m, name, *gates) for name, gates in terms.items()}, {}

    def _sum(self, m: Module, name: str, lanes: list[Value], plus: Value, minus: Value) -> Any:
        p = self.parameters
        if p.lanes == 1 or p.structure is SumStructure.PLAIN:
            each = enumerate(zip(lanes, plus, minus, strict=True))
            terms = [gated(m, x, y, z, f"{name}_term{k}") for k, (x, y, z) in each]
            return add_all(m, terms, name)
        heap = self._sums.heap(name)
        add_gated(m, heap, lanes, plus, minus, name=name)
        return heap


def _chosen(
    m: Module, axis: Value, crossed: list[Value], straight: list[Value], name: str
) -> list[Value]:
    """Each lane's part of the activation, by its weight's axis."""
    return [
        wire(m, f"{name}_chosen{k}", Mux(here, x, y))
        for k, (here, x, y) in enumerate(zip(axis, crossed, straight, strict=True))
    ]
