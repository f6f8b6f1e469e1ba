"""Units that work on a beat for several cycles."""

import random

import pytest
from amaranth.hdl import Shape, unsigned
from simulation import stream

from bitwright.hdl.pipeline import Accumulation, Step, wire
from bitwright.hdl.unit import Unit

WIDTH = 6


class ShiftAndAdd(Unit):
    """A product, or a sum of products, that takes one bit of ``b`` a cycle from the top down."""

    reference = "none"

    def __init__(self, *, beats: int = 1, cycles: int = WIDTH, stages: int = 0) -> None:
        self.interval = cycles
        fields = {"first": unsigned(1), "last": unsigned(1)} if beats > 1 else {}
        fields |= {"a": unsigned(WIDTH), "b": unsigned(WIDTH)}
        super().__init__(fields, {"p": unsigned(16)}, stages=stages)

    def steps(self):
        return [
            Step("select", self._select),
            Accumulation("add", self._add, state={"total": Shape(16)}),
            Step("end", lambda m, v: {"p": v["total"]}),
        ]

    def _select(self, m, values):
        bit = wire(m, "bit", values["b"].bit_select(values["phase"], 1))
        term = wire(m, "term", (values["a"] & bit.replicate(WIDTH)) << values["phase"])
        return {**values, "term": term}

    def _add(self, m, values):
        total = values["so_far"]["total"] + values["term"]
        return {"total": wire(m, "total", total[:16])}


@pytest.mark.parametrize("stages", [0, 1, 3])
def test_one_beat_a_result(stages):
    rng = random.Random(stages)
    pairs = [(rng.getrandbits(WIDTH), rng.getrandbits(WIDTH)) for _ in range(30)]
    unit = ShiftAndAdd(stages=stages)
    assert (unit.latency, unit.interval, unit.stateless) == (stages + 1, WIDTH, True)
    assert stream(unit, pairs, rng) == [a * b for a, b in pairs], pairs


@pytest.mark.parametrize("stages", [0, 2])
def test_several_beats_a_result(stages):
    rng = random.Random(stages)
    ends = [rng.random() < 0.4 for _ in range(29)] + [True]
    firsts = [True, *ends[:-1]]
    pairs = [(rng.getrandbits(WIDTH), rng.getrandbits(WIDTH)) for _ in ends]
    want, total = [], 0
    for (a, b), first, end in zip(pairs, firsts, ends, strict=True):
        total = a * b + (0 if first else total)
        if end:
            want.append(total % (1 << 16))
    beats = [(f, e, *pair) for f, e, pair in zip(firsts, ends, pairs, strict=True)]
    unit = ShiftAndAdd(beats=8, stages=stages)
    assert not unit.stateless
    assert stream(unit, beats, rng) == want, beats
