"""BitMoD's processing element: activations times weights, a power of two of each a cycle."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Module, Shape, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.result import Result
from ..arithmetic.rows import add_rows
from ..formats import IntegerFormat, NumberFormat, Projection, parse_format
from ..pipeline import Accumulation, Step, pipelined, serial, wire
from ..unit import DotUse, Unit, check_positive
from .group_scale import GroupScale, Scaling
from .term_generator import Generation, TermGenerator
from .term_sum import TermSum
from .weights import Weights, code_of

__all__ = ["BitmodPe"]


class BitmodPe(Unit):
    """Sums activations times BitMoD's weights over a group, a signed power of two of each a cycle.

    ``p = project(b_scale * sum(a[k] * b[k]))``, the sum over the lanes and beats from ``first`` to
    ``last``, which are a group of weights. The weights are those of :class:`BitmodEncoder`: ``fp3``
    and ``fp4`` with a special value in place of -0, which ``i.selector`` chooses, ``int6``, and
    ``int8``. A beat takes a cycle for each of their terms: 2, 2, 3, and 4.

    All of it is exact, up to the one rounding to ``o``: terms are summed as fixed point that holds
    every group, so neither the order of terms nor that of beats matters. The paper rounds each
    cycle's sum at the largest exponent, in a way it does not tell; that is not made here. An
    infinite activation or a NaN makes NaN, whatever its weight; an exact zero is +0.

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

    Latency is ``stages + 1`` cycles from the last cycle of the last beat, and with a serial scale
    as many more as it has bits, and one. Throughput is one beat in as many cycles as weights have
    terms.

    The authors' repository says that a patent application for BitMoD exists.

    Parameters
    ----------
    a
        Format of the activations, floats or integers.
    b
        How weights are coded.
    special0, special1, special2, special3
        The special values, as of :class:`BitmodEncoder`; 0 stands for the paper's.
    lanes
        Products a beat.
    beats
        The most beats of a group; the accumulator is sized for them.
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
    i.selector : which special value the beat's weights have, for ``fp3`` and ``fp4``
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
        lanes: int = 4,
        beats: int = 32,
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
        self.code = code_of(b, (special0, special1, special2, special3))
        self._generator = TermGenerator(self.code, generation)
        self.interval = self.code.terms
        lsb = self.code.lsb_exponent + a.lsb_exponent
        self._terms = TermSum(a, self.code, flush=projection.ftz_in, adder=adder)
        # The sum wraps around within a group, and is right in the end.
        largest = max(a.max_integer, -a.min_integer)
        most = largest * max(-self.code.least, self.code.most) * lanes * beats
        self.group_format = IntegerFormat.holding(-most, most, lsb)
        self._scale = None
        if scale_width:
            self._scale = GroupScale(self.group_format, scale_width, scaling, adder)
            # A group of fewer cycles than the scale has bits waits for the one before it.
            self.fixed_interval = not self._scale.cycles
        self.sum_format = self._scale.format if self._scale else self.group_format
        self._result = Result(self.sum_format, self._terms.special, o, projection)
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs["a"] = ArrayLayout(a, lanes)
        inputs["b"] = ArrayLayout(unsigned(self.code.width), lanes)
        if self.code.special:
            inputs["selector"] = unsigned(2)
        if scale_width:
            inputs["b_scale"] = IntegerFormat(scale_width, False)
        inputs |= self._result.inputs
        super().__init__(inputs, self._result.outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        lanes = 4
        kinds = {"e2m1fn": Weights.FP4, "int6": Weights.INT6, "int8": Weights.INT8}
        kind = next((kind for name, kind in kinds.items() if b == parse_format(name)), None)
        if kind is None or terms % lanes:
            return ()
        beats = terms // lanes
        job = {"a": str(a), "b": str(kind), "lanes": str(lanes), "beats": str(beats)}
        return (DotUse({**job, "scale_width": "0"}, beats=beats),)

    @property
    def latency(self) -> int:
        serial_scale = self._scale.cycles if self._scale else 0
        return self.stages + 1 + (serial_scale + 1 if serial_scale else 0)

    def steps(self) -> list[Step]:
        return [*self._before(), *self._behind()]

    def _before(self) -> list[Step]:
        """Up to the group's sum."""
        state = {"total": Shape(self.group_format.width), **self._result.state}
        if self._scale:
            state["b_scale"] = Shape(self._scale.width)
        return [
            Step("multiply", self._multiply),
            Accumulation("accumulate", self._accumulate, state=state),
        ]

    def _behind(self) -> list[Step]:
        scale = self._scale.steps(self._result) if self._scale else []
        return [*scale, *self._result.steps()]

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """With a serial scale, two pipelines: a group's sum is scaled while the next is summed."""
        if not self._scale or not self._scale.cycles:
            return super().connect(m, inputs, valid, ready)
        # Rounding takes longer than a term: it gets the greater half.
        behind = (self.stages + 1) // 2 if self.parameters.o is not None else 0
        moves, group_taken = Signal(name="moves"), Signal(name="group_taken")
        values, taken = serial(m, self.interval, inputs, valid, moves)
        sums, offered, move = pipelined(
            m, self._before(), self.stages - behind, values, valid, group_taken
        )
        m.d.comb += moves.eq(move)
        held = {n: Signal(len(x), name=f"group_{n}", reset_less=True) for n, x in sums.items()}
        full, scaled = Signal(name="group_valid"), Signal(name="group_scaled")
        m.d.comb += group_taken.eq(~full | scaled)
        with m.If(group_taken):
            m.d.sync += full.eq(offered)
            with m.If(offered):
                m.d.sync += [register.eq(sums[n]) for n, register in held.items()]
        scale_moves = Signal(name="scale_moves")
        values, done = serial(m, self._scale.cycles, held, full, scale_moves)
        outputs, offered, move = pipelined(m, self._behind(), behind, values, full, ready)
        m.d.comb += [scale_moves.eq(move), scaled.eq(done)]
        return outputs, offered, taken

    # The datapath.

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """One term of each weight times its activation, all of them down to one row or two."""
        a, b = ([values[side][k] for k in range(self.parameters.lanes)] for side in "ab")
        codes = [Value.cast(x) for x in b]
        place = values["phase"]
        terms = self._generator.terms(m, codes, values.get("selector"), place, "b")
        rows, flags = self._terms.rows(m, a, terms, place, self.group_format.width)
        kept = {k: v for k, v in values.items() if k not in ("a", "b", "selector", "phase")}
        return {**kept, **flags, "rows": rows}

    def _accumulate(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        rows = [*values["rows"], values["so_far"]["total"]]
        total = add_rows(m, rows, self.group_format.width, adder=self.parameters.adder)
        kept = {name: values[name] for name in ("b_scale",) if name in values}
        return {"total": wire(m, "total", total), **kept, **self._result.gather(values)}
