"""BitMoD's processing element: activations times weights, a power of two of each a cycle."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Module, Shape, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.result import Result
from ..formats import IntegerFormat, NumberFormat, Projection, parse_format
from ..pipeline import Accumulation, Step, pipelined
from ..unit import DotUse, Unit, check_positive
from .group_scale import GroupScale, Scaling
from .group_sum import GroupSum, group_of
from .held import Held
from .term_generator import Generation, TermGenerator
from .turns import shown
from .weights import Weights, code_of

__all__ = ["BitmodPe"]


class BitmodPe(Unit):
    """Sums activations times BitMoD's weights over a group, a signed power of two of each a cycle.

    ``p = project(b_scale * sum(a[k] * b[k]))``, the sum over the lanes and beats from ``first`` to
    ``last``, which are a group of weights. The weights are those of :class:`BitmodEncoder`: ``fp3``
    and ``fp4`` with a special value in place of -0, ``int6``, ``int8``, or with ``b=all`` any of
    them in each beat. A beat takes a cycle for each of their terms: 2, 2, 3, and 4. An infinite
    activation or a NaN makes NaN, whatever its weight; a sum of zero is +0.

    With ``accumulation=exact`` all of it is exact, up to the one rounding to ``o``: terms are
    summed as fixed point that holds every group, so neither the order of terms nor that of beats
    matters.

    With ``aligned`` it is floating point, and the order of terms matters, apart from that of lanes:
    a beat's come as :class:`BitmodEncoder` numbers them. In each cycle, with E the largest exponent
    of the terms and of the sum so far, each term's significand gets ``extra`` bits below and is
    shifted right to E; a set bit that is lost there sets the last of them. The terms' sum is
    rounded to the last place of an activation at E. The sum so far, ``accumulator_bits`` and
    ``extra`` bits below, is shifted to E in the same way, and the terms' sum added; the result is
    normalised and rounded to ``accumulator_bits``. Both are rounded to nearest, ties to even. An
    exponent is the leading bit's of a normal activation, plus the term's position; zero activations
    and subnormal ones have that of the smallest normal number. Zero terms and a sum of zero have no
    say in E. A scale multiplies the significand, exactly, and ``o`` is rounded to once more.

    The paper does not tell where extra bits end and how the sum is rounded: that is chosen here. It
    shifts the terms' sum, cut already, to the place of integers' digits; here that is part of their
    exponents, or a large sum so far would leave int8 terms of a high digit only a few bits.

    The paper's scale of a group is an integer of 8 bits, and meets the group's sum by one bit a
    cycle, while the next group is summed; a group of fewer cycles waits. Several groups' results
    are summed outside, and the channel's scale comes last.

    Gates and FO4 of groups of 128 by 4 lanes, exact, for area and for speed; the last column is
    gates, for area, times cycles of one product:

    | unit, activations | weights, scale | cycles | area | FO4 | speed | FO4 | a product |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | bitmod-pe, fp16 | fp3, none | 2 | 2,888 | 140 | 4,383 | 55 | 1,444 |
    | | fp4, none | 2 | 2,987 | 133 | 4,502 | 53 | 1,494 |
    | | fp4, 8 bits | 2 | 4,521 | 126 | 6,365 | 52 | 2,261 |
    | | fp4, 8 bits, ``multiplier`` | 2 | 5,700 | 130 | 8,073 | 49 | 2,850 |
    | | int6, none | 3 | 2,984 | 152 | 4,553 | 58 | 2,238 |
    | | int8, none | 4 | 3,109 | 150 | 4,848 | 57 | 3,109 |
    | dot-product, fp16 | e2m1fn | 1 | 3,494 | 141 | 5,837 | 49 | 874 |
    | | int4 | 1 | 3,851 | 144 | 6,647 | 56 | 963 |
    | | int8 | 1 | 5,584 | 146 | 10,143 | 66 | 1,396 |
    | | fp16 | 1 | 8,541 | 239 | 14,147 | 80 | 2,135 |
    | dot-product, fp16, one lane | fp16 | 1 | 2,992 | 214 | 4,899 | 68 | 2,992 |
    | bitmod-pe, int8 | fp4, none | 2 | 980 | 71 | 1,757 | 39 | 490 |
    | | int6, none | 3 | 777 | 93 | 1,639 | 45 | 583 |
    | | int8, none | 4 | 842 | 96 | 1,763 | 47 | 842 |
    | dot-product, int8 | int4 | 1 | 1,012 | 63 | 1,838 | 35 | 253 |
    | | int8 | 1 | 1,854 | 72 | 3,590 | 39 | 464 |

    So terms do save gates against fp16 weights, 30 % a product in ``fp4``; but a multiplier for the
    few bits of such weights saves more, for in an exact sum each term is shifted as far as a
    product would be, and the shifters, the sum and its register are most of the element. What
    terms buy is one element for all these weights. A bit of scale a cycle saves 1,174 of the
    2,713 gates that a multiplier costs.

    The same with ``o=fp32``, where aligned sums are hardly rounded, and exact ones are:

    | unit, activations | weights, scale | sum | area | FO4 | speed | FO4 | a product |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | bitmod-pe, fp16 | fp4, none | aligned | 2,752 | 259 | 4,883 | 111 | 1,376 |
    | | | aligned, 16 bits | 2,373 | 229 | 4,081 | 110 | 1,187 |
    | | | exact | 3,901 | 194 | 6,035 | 52 | 1,950 |
    | | fp4, 8 bits | aligned | 4,075 | 243 | 6,414 | 112 | 2,038 |
    | | | exact | 5,546 | 215 | 7,946 | 54 | 2,773 |
    | | all, none | aligned | 3,071 | 275 | 5,245 | 116 | 1,536 to 3,071 |
    | | | exact | 4,411 | 216 | 6,890 | 59 | 2,206 to 4,411 |
    | dot-product, fp16 | e2m1fn | exact | 4,449 | 186 | 7,239 | 52 | 1,112 |
    | dot-product, fp16, one lane | fp16 | exact | 4,083 | 229 | 6,239 | 72 | 4,083 |

    Aligned sums save 27 to 29 % for area, and double the path of a cycle, all of which each term
    waits for. Of 4,000 groups of normally distributed numbers their error was 0.12 % of the sums
    (root mean square) in ``fp4`` and 0.17 % in ``int8``, with 24 bits as with 16.

    Latency is ``stages + 1`` cycles from the last cycle of the last beat, and with a serial scale
    as many more as it has bits, and one. Throughput is one beat in as many cycles as its weights
    have terms.

    The authors' repository says that a patent application for BitMoD exists.

    Parameters
    ----------
    a
        Format of the activations, floats or integers.
    b
        How weights are coded.
    special0, special1, special2, special3, special_input
        The special values, as of :class:`BitmodEncoder`; 0 stands for the paper's.
    lanes
        Products a beat.
    beats
        The most beats of a group; the accumulator is sized for them.
    accumulation
        How a group is summed. ``aligned`` takes activations in floats.
    extra
        Of aligned sums: bits below the last place. So many that what all lanes lose in a cycle is
        no more than a half of that place: 3 for 4 lanes.
    accumulator_bits
        Of aligned sums: bits of the significand, from the activations' to 32.
    scale_width
        Bits of a group's integer scale, which is unsigned; 0 where there is none.
    scaling
        ``serial`` multiplies by a bit of the scale a cycle, ``multiplier`` at once. No result bit
        changes; the latency does.
    o
        Format of the result; ``exact`` is the scaled sum itself, as fixed point, with a flag for
        NaN where it can occur (the sum is then 0).
    projection
        Rounding mode and policies of the result.
    generation
        How the terms of float weights are found, as of :class:`BitmodEncoder`.
    adder
        How rows are added. ``plain`` is the choice for FPGAs, which have carry chains. No result
        bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a group, where ``beats`` is above 1
    i.a : activations
    i.b : codes of the weights
    i.mode : kind of the beat's weights, with ``b=all``
    i.selector : which special value the beat's weights have, for ``fp3`` and ``fp4``
    i.special : the special value itself, with ``special_input``
    i.b_scale : scale of the group, with a ``scale_width``; that of the last beat counts
    i.random : ``random_bits`` bits, in stochastic modes only; those of the last beat count
    o.p : result
    o.nan : flag of an exact result, where it can occur
    """

    reference = "BitMoD (arXiv 2411.11745, HPCA 2025), section IV, bit-serial processing element"

    def __init__(
        self,
        *,
        a: NumberFormat = parse_format("fp16"),
        b: Weights = Weights.FP4,
        special0: int = 0,
        special1: int = 0,
        special2: int = 0,
        special3: int = 0,
        special_input: bool = False,
        lanes: int = 4,
        beats: int = 32,
        accumulation: GroupSum = GroupSum.EXACT,
        extra: int = 3,
        accumulator_bits: int = 24,
        scale_width: int = 8,
        scaling: Scaling = Scaling.SERIAL,
        o: NumberFormat | None = None,
        projection: Projection = Projection(),
        generation: Generation = Generation.TABLE,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        check_positive("scale width", scale_width, least=0, most=32)
        own = (special0, special1, special2, special3)
        self.code = code_of(b, own, given=special_input)
        self._generator = TermGenerator(self.code, generation)
        self.interval = self.code.least_terms
        self.fixed_interval = not self.code.by_mode
        how: dict[str, Any] = {"lanes": lanes, "beats": beats, "flush": projection.ftz_in}
        how |= {"extra": extra, "bits": accumulator_bits, "adder": adder}
        self._group = group_of(accumulation, a, self.code, **how)
        self.group_format = self._group.sum
        self._scale = None
        if scale_width:
            self._scale = GroupScale(self.group_format, scale_width, scaling, adder)
            # A group of fewer cycles than the scale has bits waits for the one before it.
            self.fixed_interval &= not self._scale.cycles
        self._scaled = self._scale.format if self._scale else self.group_format
        self.sum_format = self._group.fixed(self._scaled)
        self._result = Result(self.sum_format, self._group.special, o, projection)
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs["a"] = ArrayLayout(a, lanes)
        inputs["b"] = ArrayLayout(unsigned(self.code.width), lanes)
        inputs |= self.code.inputs
        if scale_width:
            inputs["b_scale"] = IntegerFormat(scale_width, False)
        inputs |= self._result.inputs
        super().__init__(inputs, self._result.outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        lanes = 4
        kinds = {"e2m1fn": Weights.FP4, "int6": Weights.INT6, "int8": Weights.INT8}
        kind = next((kind for name, kind in kinds.items() if b == parse_format(name)), None)
        note = "the code of -0 is a special value" if kind is Weights.FP4 else ""
        if kind is None and isinstance(b, IntegerFormat) and b.signed and not b.lsb_exponent:
            kind = Weights.INT6 if b.width < 6 else Weights.INT8 if b.width < 8 else None
            note = f"weights are held as {kind}"
        if kind is None or terms % lanes:
            return ()
        beats = terms // lanes
        job = {"a": str(a), "b": str(kind), "lanes": str(lanes), "beats": str(beats)}
        return (DotUse({**job, "scale_width": "0"}, beats=beats, note=note),)

    @property
    def latency(self) -> int:
        serial_scale = self._scale.cycles if self._scale else 0
        return self.stages + 1 + (serial_scale + 1 if serial_scale else 0)

    def steps(self) -> list[Step]:
        return [*self._before(), *self._behind()]

    def _before(self) -> list[Step]:
        """Up to the group's sum."""
        state = {**self._group.state, **self._result.state}
        if self._scale:
            state["b_scale"] = Shape(self._scale.width)
        return [
            Step("multiply", self._multiply),
            Accumulation("accumulate", self._accumulate, state=state),
        ]

    def _behind(self) -> list[Step]:
        scale = self._scale.steps(self._result, self._group.carried) if self._scale else []
        finish = self._group.finish(self._scaled, self.parameters.o)
        return [*scale, *finish, *self._result.steps()]

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """With a serial scale, two pipelines: a group's sum is scaled while the next is summed."""
        if not self._scale or not self._scale.cycles:
            if not self.code.by_mode:
                return super().connect(m, inputs, valid, ready)
            moves = Signal(name="moves")
            values, taken = shown(m, self.code, inputs, valid, moves)
            outputs, offered, move = pipelined(m, self._steps, self.stages, values, valid, ready)
            m.d.comb += moves.eq(move)
            return outputs, offered, taken
        # Rounding takes longer than a term: it gets the greater half.
        behind = (self.stages + 1) // 2 if self.parameters.o is not None else 0
        moves, sums_taken = Signal(name="moves"), Signal(name="group_taken")
        values, taken = shown(m, self.code, inputs, valid, moves)
        before = self.stages - behind
        sums, offered, move = pipelined(m, self._before(), before, values, valid, sums_taken)
        m.d.comb += moves.eq(move)
        group = Held(m, sums, offered, sums_taken)
        outputs, offered = group.worked_on(
            m, self._scale.cycles, self._behind(), behind, ready
        )
        return outputs, offered, taken

    # The datapath.

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """One term of each weight times its activation, all of them down to one row or two."""
        a, b = ([values[side][k] for k in range(self.parameters.lanes)] for side in "ab")
        codes = [Value.cast(x) for x in b]
        place = values["phase"]
        terms = self._generator.terms(m, codes, values, place, "b")
        found = self._group.multiply(m, a, terms, place)
        used = ("a", "b", "phase", *self.code.inputs)
        kept = {k: v for k, v in values.items() if k not in used}
        return {**kept, **found}

    def _accumulate(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        state = self._group.accumulate(m, values)
        kept = {name: values[name] for name in ("b_scale",) if name in values}
        return {**state, **kept, **self._result.gather(values)}
