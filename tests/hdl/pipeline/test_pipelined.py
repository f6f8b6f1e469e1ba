"""Whatever a datapath computes, it computes the same in any number of stages."""

import random

import pytest
from amaranth.back.rtlil import convert
from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, unsigned
from amaranth.sim import Simulator
from simulation import settled, stream

from bitwright.hdl.pipeline import Accumulation, Step, wire
from bitwright.hdl.unit import Unit

WIDTH = 6


def drawn(rng, known):
    """An expression of known ones: every kind that Amaranth has and a datapath may use."""
    a, b, c = (rng.choice(known) for _ in range(3))
    narrow = c[:2].as_unsigned() if len(c) > 2 else c.as_unsigned()
    kinds = [
        lambda: a & b, lambda: a | b, lambda: a ^ b, lambda: ~a, lambda: a + b, lambda: a - b,
        lambda: -a, lambda: a == b, lambda: a != b, lambda: a < b, lambda: a >= b,
        lambda: (a * b)[:WIDTH], lambda: a << narrow, lambda: a >> narrow,
        lambda: Mux(c[0], a, b), lambda: Mux(c, a, b), lambda: a.any(), lambda: a.all(),
        lambda: a.xor(), lambda: a.bool(), lambda: Cat(a, b[0], Const(1, 1)),
        lambda: a[len(a) // 2 :], lambda: Cat(a, b)[len(a) // 2 : len(a) + 1],
        lambda: a.as_signed(), lambda: (~a).as_unsigned(), lambda: b.replicate(2),
        lambda: a.bit_select(narrow, 2), lambda: a.word_select(narrow, 1),
        lambda: a - Const(5, 4), lambda: (a.as_signed() + b).as_unsigned(),
        lambda: Cat((~a).as_signed()[:0], b),
    ]  # fmt: skip
    value = rng.choice(kinds)()
    value = value[: 2 * WIDTH] if len(value) > 2 * WIDTH else value
    return value if len(value) else Const(0, 1)


class Drawn(Unit):
    """A datapath of random expressions, a third of them named."""

    reference = "none"

    def __init__(self, *, seed: int, beats: int = 1, stages: int = 0) -> None:
        fields = {"first": unsigned(1), "last": unsigned(1)} if beats > 1 else {}
        fields |= {"a": unsigned(WIDTH), "b": unsigned(WIDTH)}
        super().__init__(fields, {"p": unsigned(24)}, stages=stages)

    def steps(self):
        steps = [Step("first", self._compute)]
        if self.parameters.beats > 1:
            add = lambda m, v: {"total": wire(m, "total", (v["so_far"]["total"] + v["p"])[:24])}  # noqa: E731
            steps.append(Accumulation("sum", add, state={"total": Shape(24)}))
            steps.append(Step("end", lambda m, v: {"p": v["total"] ^ (v["total"] >> 1)}))
        return steps

    def _compute(self, m, values):
        rng = random.Random(self.parameters.seed)
        known = [values["a"], values["b"]]
        for n in range(40):
            value = drawn(rng, known)
            if rng.random() < 0.3:
                # A signal may be wider or narrower than what it takes.
                signal = Signal(Shape(rng.randint(1, WIDTH), rng.random() < 0.3), name=f"n{n}")
                m.d.comb += signal.eq(value)
                value = signal
            known.append(value)
        return {**values, "p": wire(m, "p", Cat(*known[-8:])[:24])}


def combinational(unit, beats):
    """The same unit's answers without any register."""
    m = Module()
    m.submodules.unit = unit
    code = Signal(2 * WIDTH)
    m.d.comb += [unit.i.payload.eq(code), unit.i.valid.eq(1), unit.o.ready.eq(1)]
    codes = [a | b << WIDTH for *_, a, b in beats]
    return [p for (p,) in settled(m, code, [unit.o.payload.p], codes)]


@pytest.mark.parametrize("stages", [1, 2, 3, 7])
@pytest.mark.parametrize("seed", range(12))
def test_any_number_of_stages_computes_the_same(seed, stages):
    rng = random.Random(f"{seed} {stages}")
    beats = [(rng.getrandbits(WIDTH), rng.getrandbits(WIDTH)) for _ in range(40)]
    want = combinational(Drawn(seed=seed), beats)
    unit = Drawn(seed=seed, stages=stages)
    assert unit.latency == stages
    assert stream(unit, beats, rng) == want, f"seed {seed}, {stages} stages, {beats}"


@pytest.mark.parametrize("stages", [0, 1, 2, 5])
@pytest.mark.parametrize("seed", range(6))
def test_sums_over_beats(seed, stages):
    rng = random.Random(f"sum {seed} {stages}")
    ends = [rng.random() < 0.3 for _ in range(59)] + [True]
    firsts = [True, *ends[:-1]]
    pairs = [(rng.getrandbits(WIDTH), rng.getrandbits(WIDTH)) for _ in ends]
    want, total = [], 0
    for p, first, last in zip(combinational(Drawn(seed=seed), pairs), firsts, ends, strict=True):
        total = (p + (0 if first else total)) % (1 << 24)
        if last:
            want.append(total ^ total >> 1)
    unit = Drawn(seed=seed, beats=9, stages=stages)
    beats = [(f, e, *pair) for f, e, pair in zip(firsts, ends, pairs, strict=True)]
    assert unit.latency == stages + 1
    assert stream(unit, beats, rng) == want, f"seed {seed}, {stages} stages, {beats}"


def test_a_full_pipeline_takes_and_gives_a_beat_every_cycle():
    unit = Drawn(seed=1, stages=4)
    moved = []

    async def bench(ctx):
        ctx.set(unit.i.valid, 1)
        ctx.set(unit.o.ready, 1)
        for _ in range(12):
            *_, i_ready, o_valid = await ctx.tick().sample(unit.i.ready, unit.o.valid)
            moved.append((i_ready, o_valid))

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert moved == [(1, 0)] * 4 + [(1, 1)] * 8


@pytest.mark.parametrize("stages", [0, 1, 2])
def test_an_expression_used_bit_by_bit_is_built_once(stages):
    class Reversed(Unit):
        reference = "none"

        def __init__(self, *, stages: int = 0) -> None:
            super().__init__({"a": unsigned(32)}, {"p": unsigned(32)}, stages=stages)

        def steps(self):
            def compute(m, values):
                a = values["a"]
                mixed = a ^ (a & ~(a >> 3)) ^ (a | (a >> 5))
                return {"p": Cat(reversed([mixed[n] for n in range(32)]))}

            return [Step("reverse", compute)]

    assert convert(Reversed(stages=stages)).count("cell $xor") == 2
