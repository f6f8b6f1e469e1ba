"""Sums of thousands of terms, exact to the last bit: a long accumulator."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, unsigned

from ..arithmetic.adders import Adder
from ..arithmetic.result import Result
from ..arithmetic.segmented_accumulator import SegmentedAccumulator
from ..formats import BlockFormat, NumberFormat, Projection, parse_format
from ..pipeline import Accumulation, Step, wire
from ..unit import Unit, check_positive
from .long_blocks import LongBlocks
from .long_terms import LongTerms

__all__ = ["ExactAccumulator"]

_LONG = 64  # below this width a sum is rounded as any other: no chunk of it is looked for first


class ExactAccumulator(Unit):
    """Sums thousands of numbers or products exactly, and rounds once at the end.

    ``p = project(sum(a[k] * b[k]))`` over all lanes and beats from ``first`` to ``last``; one
    result leaves per ``last``. Nothing is lost and nothing overflows, so the result is the same,
    bit for bit, for any order of the terms and any split over lanes and beats. An exact sum of zero
    is +0. A NaN, infinity times zero, or infinities of both signs make NaN. Between ``first`` and
    ``last`` there must be at most ``terms`` terms; of more, the sum may be wrong.

    The sum has a bit for every weight that a term can have. It is kept in segments: the carry out
    of a segment is a bit of its own, which enters the next segment with the next beat. The path
    from the sum back to itself is one segment's adder, however wide the sum is; the carries are
    resolved behind ``last``. ``stages`` cut everything but that path.

    What ``segment`` is worth: the shortest clock period that the loop allows, in FO4, and the gate
    equivalents of the accumulator alone, without alignment and rounding, by ``estimate``'s recipe
    for speed, for a term of one row and sums of 4096 products (E4M3, FP16, BF16):

    | segment | 49 bits | 93 bits | 535 bits |
    | --- | --- | --- | --- |
    | 0 | 31.0, 999 | 47.8, 1855 | 83.6, 11017 |
    | 32 | 25.0, 1008 | 27.0, 1933 | 31.2, 10887 |
    | 16 | 20.0, 1024 | 19.9, 1954 | 21.5, 11146 |
    | 8 | 16.8, 1059 | 16.5, 2079 | 17.9, 11567 |
    | 1 | 13.2, 1669 | 13.8, 3062 | 15.0, 18049 |

    Full carry-save form, two registers a bit, costs half as much again for the last 3 FO4. Products
    of integers, and several lanes, come as two rows, with a full adder a bit more in the loop: at
    segments of 8, 1 to 2 FO4 and 42 to 52 % of that area.

    Latency is ``stages`` cycles and one more, throughput one beat a cycle.

    Parameters
    ----------
    a
        Format of the terms, or of their first factors: numbers, also fixed point, as exact results
        of dot products are; or blocks with their scales.
    b
        Format of the second factors; None: there are none, the terms are the numbers of ``a``.
    lanes
        Terms a beat; of block formats, pairs of blocks a beat.
    terms
        The most terms of one sum, each product of two elements one of them, over all lanes and
        beats; the accumulator is sized for them.
    o
        Format of the result; ``exact`` is the sum itself, as fixed point, with flags for NaN and
        infinities where they can occur (the sum is then 0).
    projection
        Rounding mode and policies of the result.
    segment
        Bits of a segment of the sum. 0 is one segment, an accumulator that resolves all carries in
        every beat; 1 is full carry-save form. No result bit changes.
    adder
        How a segment adds. ``plain`` is the choice for FPGAs, which have carry chains, with a
        ``segment`` of 32 or more. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a sum
    i.a, i.b : the terms, or their factors
    i.a_scale, i.b_scale : scales of blocks
    i.a_zero, i.b_zero : zero points of blocks that have them
    i.random : ``random_bits`` bits, in stochastic modes only; those of the last beat count
    o.p : result
    o.nan, o.plus_infinity, o.minus_infinity : flags of an exact result, where they can occur
    """

    reference = "U. Kulisch, Computer Arithmetic and Validity, 2008, 8"

    def __init__(
        self,
        *,
        a: NumberFormat | BlockFormat = parse_format("e4m3fn"),
        b: NumberFormat | BlockFormat | None = parse_format("e4m3fn"),
        lanes: int = 1,
        terms: int = 4096,
        o: NumberFormat | None = parse_format("fp32"),
        projection: Projection = Projection(),
        segment: int = 8,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of terms", terms, most=1 << 32)
        check_positive("number of bits of a segment", segment, least=0)
        self._terms = self._kind_of_terms()
        if terms < self._terms.a_beat:
            raise ValueError(
                f"The number of terms must be at least the {self._terms.a_beat} of a beat, "
                f"not {terms}"
            )
        self.beats = terms // self._terms.a_beat
        self.sum_format = self._terms.sum_format
        self._result = Result(self.sum_format, self._terms.special, o, projection)
        self._accumulator = SegmentedAccumulator(self.sum_format.width, segment, adder)
        inputs: dict[str, Any] = {"first": unsigned(1), "last": unsigned(1)}
        inputs |= {**self._terms.fields, **self._result.inputs}
        super().__init__(inputs, self._result.outputs, stages=stages)

    def _kind_of_terms(self) -> LongTerms | LongBlocks:
        p = self.parameters
        if isinstance(p.a, BlockFormat) and isinstance(p.b, BlockFormat):
            return LongBlocks(
                p.a, p.b, blocks=p.lanes, terms=p.terms, projection=p.projection, adder=p.adder
            )
        if isinstance(p.a, BlockFormat) or isinstance(p.b, BlockFormat):
            raise ValueError(
                f"Both factors must be block formats, or none, not '{p.a}' and "
                f"'{'exact' if p.b is None else p.b}'"
            )
        return LongTerms(p.a, p.b, lanes=p.lanes, terms=p.terms, flush=p.projection.ftz_in)

    def steps(self) -> list[Step]:
        state = {**self._accumulator.state, **self._result.state}
        return [
            Step("align", self._align),
            Accumulation("add", self._add, state=state),
            Step("resolve", self._resolve),
            *self._result.steps(),
        ]

    # The datapath.

    def _align(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        rows, carry, flags = self._terms.rows(m, values)
        kept = {k: v for k, v in values.items() if k not in self._terms.fields}
        return {**kept, **flags, "rows": rows, "carry": carry}

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """One segment's adder; a second row goes through a full adder first, in every bit.

        To resolve the two rows ahead of the loop was measured: 1 to 2 FO4 less in the loop, but
        a carry-propagating adder more in front of it: at four lanes of E4M3, 10 % more area without
        stages, and 12 FO4 more delay with three.
        """
        so_far, rows = dict(values["so_far"]), values["rows"]
        row = rows[0]
        if len(rows) == 2:
            total, x = so_far["total"], rows[0]
            both = wire(m, "rows_both", rows[0] ^ rows[1])
            so_far["total"] = wire(m, "row_sum", both ^ total)
            carries = wire(m, "row_carry", (both & total) | (~both & x))
            row = Cat(Const(0, 1), carries)[: len(carries)]
        total = self._accumulator.add(m, so_far, row, values["carry"])
        return {**total, **self._result.gather(values)}

    def _resolve(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        kept = {k: v for k, v in values.items() if k not in ("total", "carries")}
        return {**kept, "total": self._accumulator.resolve(m, values)}
