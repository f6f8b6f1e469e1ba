"""BitMoD's term generator, as a unit of its own: weights to signed powers of two."""

from typing import Any

from amaranth.hdl import Cat, Module, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..pipeline import Step
from ..unit import Unit, check_positive
from .term_generator import Generation, TermGenerator
from .weights import Weights, code_of

__all__ = ["BitmodEncoder"]


class BitmodEncoder(Unit):
    """Encodes BitMoD's weights as signed powers of two, the terms that its elements multiply by.

    Each weight is the sum of ``(-1)**negative * one * 2**position`` over its terms, which are 2 of
    ``fp3`` and ``fp4``, 3 of ``int6`` and 4 of ``int8``, in units of its format (of ``fp4`` halves,
    else ones); ``i.place`` says which of them, so an element that shows 0, 1, ... in turn has all.
    Of floats the higher term comes first, and a half alone is the second one; of integers the
    lowest radix-4 digit comes first. A ``place`` that an ``int6`` has not gives zero.

    With ``b=all`` each beat has weights of the kind that ``i.mode`` says, in the lowest bits of
    codes of 8; the unit is then a half for all of them, and a ``place`` that they have not gives
    zero.

    The code of -0, of which ``fp3`` and ``fp4`` have no other use, is the special value that
    ``i.selector`` chooses: of ``fp3`` 3, -3, 6 or -6, of ``fp4`` 5, -5, 8 or -8, if the parameters
    say no others. With ``special_input`` it is ``i.special``, as a register of the array would hold
    it: a sign above the paper's fixed point I3 to I0, and F0 where the unit is a half. Of more than
    two ones the highest and the lowest count.

    One generator serves a whole column of elements.

    Gates and FO4 of 4 lanes, for area and for speed:

    | weights | generation | area | FO4 | speed | FO4 |
    | --- | --- | --- | --- | --- | --- |
    | fp3 | table | 64 | 7 | 66 | 5 |
    | | detector | 70 | 10 | 99 | 6 |
    | fp4 | table | 96 | 11 | 120 | 6 |
    | | detector | 93 | 12 | 124 | 7 |
    | int6 | | 72 | 16 | 133 | 10 |
    | int8 | | 92 | 16 | 181 | 10 |
    | all | table | 369 | 23 | 576 | 12 |
    | | detector | 342 | 22 | 504 | 12 |
    | all, ``special_input`` | table | 316 | 22 | 439 | 12 |
    | | detector | 371 | 25 | 558 | 13 |
    | fp4, ``special_input`` | table | 106 | 16 | 159 | 7 |
    | | detector | 153 | 16 | 303 | 9 |

    Latency is ``stages`` cycles, throughput one term of each lane a cycle.

    The authors' repository says that a patent application for BitMoD exists.

    Parameters
    ----------
    b
        How weights are coded.
    special0, special1, special2, special3
        The special values, whole numbers; 0 stands for the paper's. Each is a sum or a difference
        of two powers of two, 8 at most, as 7 is, or one of these. With ``b=all`` they are those of
        ``fp3`` and ``fp4``.
    special_input
        Whether the special value comes with each beat instead.
    lanes
        Weights a beat.
    generation
        Of float weights: ``table`` makes one truth table of code, selector and place, ``detector``
        a fixed-point magnitude and a leading-one detector for each term, as the paper draws it, for
        special values of two positive powers of two. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.b : codes
    i.mode : kind of the weights, with ``b=all``
    i.selector : which special value, for ``fp3`` and ``fp4``
    i.special : the special value, with ``special_input``
    i.place : number of the term
    o.p : terms of five bits, with ``b=all`` six: sign, one, and the position above them
    """

    reference = "BitMoD (arXiv 2411.11745, HPCA 2025), section IV, bit-serial term generator"

    def __init__(
        self,
        *,
        b: Weights = Weights.FP4,
        special0: int = 0,
        special1: int = 0,
        special2: int = 0,
        special3: int = 0,
        lanes: int = 4,
        special_input: bool = False,
        generation: Generation = Generation.TABLE,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        own = (special0, special1, special2, special3)
        self.code = code_of(b, own, given=special_input)
        self._generator = TermGenerator(self.code, generation)
        inputs: dict[str, Any] = {"b": ArrayLayout(unsigned(self.code.width), lanes)}
        inputs |= self.code.inputs
        inputs["place"] = unsigned((self.code.terms - 1).bit_length())
        outputs = {"p": ArrayLayout(unsigned(2 + self.code.position_bits), lanes)}
        super().__init__(inputs, outputs, stages=stages)

    def steps(self) -> list[Step]:
        return [Step("encode", self._encode)]

    def _encode(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        codes = [Value.cast(values["b"][k]) for k in range(self.parameters.lanes)]
        terms = self._generator.terms(m, codes, values, values["place"], "b")
        return {"p": Cat(term.code for term in terms)}
