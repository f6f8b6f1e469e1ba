"""Multiply-accumulate by one non-zero digit a cycle."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Module, Shape, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.recoding import Recoding
from ..formats import IntegerFormat, NumberFormat, product_range
from ..pipeline import Accumulation, Step, pipelined, wire
from ..unit import DotUse, Unit, check_positive
from .digit_core import DigitCore
from .mac_core import SumForm
from .sparse_encoder import DigitSource, Order

__all__ = ["DigitSerialMac"]


class DigitSerialMac(Unit):
    """Multiplies and accumulates integers by the non-zero radix-4 digits of one operand.

    ``p = sum(a[k] * b[k])`` over all pairs of all beats from ``first`` to ``last``, exact. The
    digits of ``a`` that are zero take no cycle. A beat takes as many cycles as the lane with most
    non-zero digits has, at least one; the next beat may then follow at once.

    Each lane works on one digit a cycle, chosen from those of its ``group`` pairs; the lanes' terms
    are added to one accumulator, in carry-save form, which is resolved once behind ``last``.

    Latency is ``stages + 1`` cycles from the last cycle of the last beat. Throughput is by data:
    with 8 bits, 4 pairs and one lane, a product takes on average 2.78 cycles (``fewest``), 2.92
    (``ent``) or 3.00 (``booth``) if all codes are equally frequent, and 2.06, 2.12 or 2.29 if they
    are normal with a standard deviation of 20.

    Measured of int8 and 26 bits, one lane, at its fastest, without handshake, encoder and
    resolution: with order ``place`` 583 gate equivalents at 17.5 FO4 (``carry_save``) or 872 at
    11.9 (``carry_save_full``), with order ``term`` 898 at 16.2 or 922 at 12.5. Gates times delay
    times cycles of a product are then, with ``fewest``, 28.9 thousand (place, full) and 32.0 (term,
    full) where codes are equally frequent, 23.8 of either at a standard deviation of 20; a parallel
    element takes 24.9 (``carry_save_full`` of :class:`CarrySaveMac`), a plain one 38.8. Four lanes
    into one accumulator, place: 1,364 at 19.2, thus 23.8 and 19.2 thousand, as lanes wait for each
    other. The encoder comes on top, so it must be shared by many elements to pay at all.

    Parameters
    ----------
    a
        Format of the operand that is recoded.
    b
        Format of the other.
    lanes
        Digits a cycle, all into one accumulator (OPT4E has four).
    group
        Pairs a beat of each lane.
    beats
        The most beats that one sum takes; the accumulator is sized for them.
    order
        ``term`` takes all digits of a beat in turn, and shifts each product to its place.
        ``place`` is the order of OPT3: ``i.place`` says which digit of every ``a`` counts, so a
        product of vectors takes one transaction for each place, whose results are shifted and added
        outside; nothing is shifted here, but a beat without such a digit takes a cycle each time.
    recoding
        ``booth``; ``ent``, digits of the magnitude (the paper's); ``fewest``, as few non-zero ones
        as possible. Changes the number of cycles, and no bit of ``p``.
    count
        Whether to count the cycles of each sum.
    accumulation
        How the sum is held, as in :class:`CarrySaveMac`. No result bit changes.
    adder
        Of the sum's resolution. ``plain`` is the choice for FPGAs.
    stages
        Pipeline registers, behind the choice of digits.

    Members
    -------
    i.first, i.last : bounds of a sum
    i.place : with order ``place``, number of the digit, the lowest is 0
    i.a, i.b : pairs, those of lane 0 first
    o.p : sum
    o.cycles : cycles that the sum took, where they are counted
    """

    reference = "arXiv 2503.06342 (HPCA 2025), OPT3, OPT4C and OPT4E"
    fixed_interval = False

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        b: IntegerFormat = IntegerFormat(8),
        lanes: int = 1,
        group: int = 4,
        beats: int = 256,
        order: Order = Order.TERM,
        recoding: Recoding = Recoding.FEWEST,
        count: bool = False,
        accumulation: SumForm = SumForm.CARRY_SAVE,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes, most=64)
        check_positive("number of pairs in a group", group, most=64)
        check_positive("number of beats", beats, most=1 << 32)
        self._source = DigitSource(a, group, order, recoding)
        places = self._source.places
        pairs = lanes * group * beats
        if order is Order.TERM:
            low, high = product_range(a, b)
            low, high = min(low, 0) * pairs, high * pairs
        else:
            most = 2 * max(b.max_integer, -b.min_integer) * pairs
            low, high = -most, most
        lsb = b.lsb_exponent + a.lsb_exponent
        self.sum_format = IntegerFormat.holding(low, high, lsb)
        self._core = DigitCore(
            b,
            places=places if order is Order.TERM else 1,
            lanes=lanes,
            low=low,
            high=high,
            form=accumulation,
            adder=adder,
        )
        self.most_cycles = beats * self._source.count
        inputs: dict[str, Any] = {"first": unsigned(1), "last": unsigned(1)}
        if order is Order.PLACE:
            inputs["place"] = unsigned(max((places - 1).bit_length(), 1))
        inputs |= {side: ArrayLayout(f, lanes * group) for side, f in (("a", a), ("b", b))}
        outputs: dict[str, Any] = {"p": self.sum_format}
        if count:
            outputs["cycles"] = IntegerFormat.holding(0, self.most_cycles)
        super().__init__(inputs, outputs, stages=stages)

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        group = 4
        if not isinstance(a, IntegerFormat) or not isinstance(b, IntegerFormat) or terms % group:
            return ()
        beats = terms // group
        # The operand with fewer digits is the one to be recoded.
        job = {"a": str(b), "b": str(a), "group": str(group), "beats": str(beats)}
        return (DotUse(job, beats=beats),)

    def steps(self) -> list[Step]:
        state = dict(self._core.state)
        if self.parameters.count:
            state["cycles"] = Shape(self.most_cycles.bit_length())
        return [
            Step("choose", self._choose),
            Accumulation("accumulate", self._accumulate, state=state),
            Step("resolve", self._resolve),
        ]

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """Show the datapath each beat as often as it has digits, while the sender holds it."""
        moves = Signal(name="moves")
        lanes = range(self.parameters.lanes)
        groups = [self._group(inputs["a"], lane) for lane in lanes]
        names = [f"lane{lane}" for lane in lanes]
        turn = self._source.turn(m, groups, inputs.get("place"), valid & moves, names)
        values = {**inputs, "picks": turn.picks, "digits": turn.digits}
        values["first"] = wire(m, "sum_begins", inputs["first"] & ~turn.running)
        values["last"] = wire(m, "sum_ends", inputs["last"] & turn.ends)
        outputs, offered, move = pipelined(m, self._steps, self.stages, values, valid, ready)
        m.d.comb += moves.eq(move)
        # Without a beat, what its fields hold must not show at the input's ready.
        return outputs, offered, wire(m, "beat_done", valid & move & turn.ends)

    def _group(self, elements: Any, lane: int) -> list[Value]:
        group = self.parameters.group
        return [Value.cast(elements[lane * group + k]) for k in range(group)]

    # The datapath.

    def _choose(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        lanes = range(self.parameters.lanes)
        chosen = [
            self._source.choose(m, values["picks"][k], values["digits"][k], f"lane{k}")
            for k in lanes
        ]
        numbers = [self._group(values["b"], k) for k in lanes]
        kept = {bound: values[bound] for bound in ("first", "last")}
        return {**kept, "chosen": chosen, "numbers": numbers}

    def _accumulate(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        so_far = values["so_far"]
        state = self._core.add(m, so_far, values["chosen"], values["numbers"])
        if "cycles" in so_far:
            state["cycles"] = wire(m, "cycles", (so_far["cycles"] + 1)[: len(so_far["cycles"])])
        return state

    def _resolve(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        result = {"p": self._core.resolve(m, values)}
        if "cycles" in values:
            result["cycles"] = values["cycles"]
        return result
