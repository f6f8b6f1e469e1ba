# amaranth: UnusedElaboratable=no
"""Where a datapath is cut: the longest way between registers, and how many registers that takes."""

import re

import pytest
from amaranth.hdl import Cat, Const, Module, Mux, Signal

from bitwright.hdl.pipeline import wire
from bitwright.hdl.pipeline.datapath import Datapath
from bitwright.hdl.pipeline.registers import Registers
from bitwright.hdl.pipeline.schedule import distribute, shortest


def recorded(build):
    datapath = Datapath()
    datapath.close(build(datapath))
    return datapath


def register_bits(datapath, stages):
    """Bits of all registers between stages."""
    (schedule,) = distribute([datapath], stages)
    registers = Registers(Module(), datapath, schedule, 1)
    statements = [s for n in range(1, stages + 1) for s in registers.assignments(n)]
    return sum(len(s.lhs) for s in statements)


def chain(length, width=4):
    """Exclusive ors one after the other: what can be cut anywhere."""

    def build(m):
        a, value = Signal(width, name="a"), Signal(width, name="b")
        for n in range(length):
            value = wire(m, f"v{n}", value ^ Cat(a[n % width :], a[: n % width]))
        return {"p": value}

    return recorded(build)


@pytest.mark.parametrize(("length", "stages"), [(12, 0), (12, 1), (12, 2), (12, 3), (12, 5)])
def test_a_uniform_chain_is_cut_into_equal_parts(length, stages):
    assert shortest(chain(length), stages).longest == length / (stages + 1)


def test_more_stages_are_never_slower():
    def build(m):
        a, b = Signal(8), Signal(8)
        p = wire(m, "p", a * b)
        q = wire(m, "q", (p + a)[:16])
        return {"p": Mux(q[15], q, -q)[:16], "z": ~q.any()}

    datapath = recorded(build)
    longest = [shortest(datapath, stages).longest for stages in range(8)]
    assert longest == sorted(longest, reverse=True)
    assert longest[1] < longest[0]


def test_stages_that_are_of_no_use_become_registers_at_the_output():
    datapath = chain(3)
    (schedule,) = distribute([datapath], 6)
    assert schedule.stages == 6
    registers = Registers(Module(), datapath, schedule, 1)
    assert [len(registers.assignments(n)) for n in range(1, 7)] == [2, 2, 1, 1, 1, 1]


def test_operators_wait_where_their_operands_need_fewer_registers():
    def build(m):
        a, b = Signal(4), Signal(1)
        wide = wire(m, "wide", Cat(*(a ^ n for n in range(8))))  # 32 bits out of 4
        late = wire(m, "late", ((b + a)[:4] + 3)[:4])
        late = wire(m, "later", (late + 5)[:4])
        return {"p": wide ^ Cat(late, late, late, late, late, late, late, late)}

    datapath = recorded(build)
    assert register_bits(datapath, 2) <= 18  # 8 of them `a`, which costs 64 as `wide`


def test_a_name_for_wires_is_not_held_twice():
    def build(m):
        a = Signal(8, name="a")
        low, high = wire(m, "low", a[:4]), wire(m, "high", a[4:])
        same = wire(m, "same", Cat(low, high))
        total = wire(m, "total", (low + high)[:4])
        return {"p": (total + same[:4])[:4], "q": (total ^ high)}

    assert register_bits(recorded(build), 1) <= 13  # 5 of the sum, 8 of `a`


def test_state_that_returns_is_read_in_the_last_stage_only():
    state = Signal(4, name="state")

    def build(m):
        m.late = [state]
        a = Signal(4, name="a")
        early = wire(m, "early", (a * a)[:4])
        return {"p": wire(m, "p", (state + early)[:4])}

    datapath = recorded(build)
    for stages in (1, 2, 3):
        (schedule,) = distribute([datapath], stages)
        assert schedule.stage(state) == stages
        assert schedule.stage(datapath.outputs["p"]) == stages


def test_stages_go_to_the_longer_of_two_datapaths():
    schedules = distribute([chain(4), chain(12)], 4)
    assert [schedule.stages for schedule in schedules] == [1, 3]


@pytest.mark.parametrize("make", [
    lambda a: a[:2].eq(1),
    lambda a: Cat(a, a).eq(1),
])  # fmt: skip
def test_only_whole_signals_are_assigned(make):
    datapath = Datapath()
    with pytest.raises(
        TypeError, match=re.escape("A step must assign whole signals, once each, not ")
    ):
        datapath.d.comb += make(Signal(4))


def test_a_signal_is_assigned_once():
    datapath, a = Datapath(), Signal(4)
    datapath.d.comb += a.eq(1)
    with pytest.raises(TypeError, match="once each"):
        datapath.d.comb += a.eq(2)


def test_what_has_no_delay_is_refused():
    datapath = recorded(lambda m: {"p": wire(m, "p", Signal(4) // Const(3))})
    with pytest.raises(TypeError, match=re.escape("A datapath cannot have the operator '//'")):
        shortest(datapath, 1)


def test_a_loop_is_refused():
    datapath, a, b = Datapath(), Signal(4, name="a"), Signal(4, name="b")
    datapath.d.comb += [a.eq(b), b.eq(a ^ 1)]
    with pytest.raises(
        TypeError, match=re.escape("A step must not make a loop, as it does of 'a'")
    ):
        datapath.close({"p": a})


def test_assignments_may_come_in_any_order():
    datapath, a, b, c = Datapath(), Signal(4), Signal(4), Signal(4)
    datapath.d.comb += [a.eq(b ^ 1), b.eq(c ^ 2)]
    datapath.close({"p": a})
    assert [signal is wanted for (signal, _), wanted in zip(
        datapath.definitions, (b, a), strict=True)] == [True, True]  # fmt: skip
