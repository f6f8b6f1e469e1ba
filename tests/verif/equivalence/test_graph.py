"""Graphs against Python's own logic, and the two engines against each other."""

import itertools
import random
from types import SimpleNamespace

import pytest

from bitwright.verif.equivalence import exhaustion, sweep
from bitwright.verif.equivalence.graph import FALSE, TRUE, Graph

OPERATIONS = {
    "conjunction": lambda a, b: a & b,
    "disjunction": lambda a, b: a | b,
    "difference": lambda a, b: a ^ b,
}


def drawn(seed: int, inputs: int = 5, gates: int = 30):
    """A graph of random gates, and the same functions as tables of Python's integers."""
    draw = random.Random(seed)
    graph = Graph()
    width = 1 << inputs
    literals = [graph.input() for _ in range(inputs)]
    tables = [
        sum(1 << row for row in range(width) if row >> n & 1) for n in range(inputs)
    ]
    pool = [(FALSE, 0), (TRUE, (1 << width) - 1), *zip(literals, tables, strict=True)]
    for _ in range(gates):
        (a, left), (b, right), (c, select) = (draw.choice(pool) for _ in range(3))
        kind = draw.choice([*OPERATIONS, "choice"])
        if kind == "choice":
            table = select & left | ~select & right & ((1 << width) - 1)
            pool.append((graph.choice(c, a, b), table))
        else:
            pool.append((getattr(graph, kind)(a, b), OPERATIONS[kind](left, right)))
        if draw.random() < 0.3:
            literal, table = pool[-1]
            pool.append((literal ^ 1, table ^ ((1 << width) - 1)))
    return graph, literals, tables, pool


@pytest.mark.parametrize("seed", list(range(20)))
def test_gates_are_what_they_say(seed):
    graph, literals, tables, pool = drawn(seed)
    words = graph.simulate(
        [literal for literal, _ in pool], dict(zip(literals, tables, strict=True)), 32
    )
    assert words == [table for _, table in pool]


def test_equal_logic_is_one_node():
    graph = Graph()
    a, b = graph.input(), graph.input()
    assert graph.conjunction(a, b) == graph.conjunction(b, a)
    assert graph.difference(a, b) == graph.difference(b, a)
    assert graph.conjunction(a, a ^ 1) == FALSE
    assert graph.conjunction(a, TRUE) == a
    assert graph.gates([graph.conjunction(a, b)]) == 1
    assert graph.support([graph.conjunction(a, b)]) == {a, b}


def test_any_is_a_disjunction_of_all():
    graph = Graph()
    literals = [graph.input() for _ in range(5)]
    some = graph.any(literals)
    for values in itertools.product((0, 1), repeat=5):
        assert graph.simulate([some], dict(zip(literals, values, strict=True)), 1) == [any(values)]
    assert graph.any([]) == FALSE


@pytest.mark.parametrize("side_by_side", [2, 17])
@pytest.mark.parametrize("seed", list(range(10)))
def test_exhaustion_finds_what_there_is(monkeypatch, seed, side_by_side):
    monkeypatch.setattr(exhaustion, "_SIDE_BY_SIDE", side_by_side)
    graph, literals, _, pool = drawn(seed)
    for literal, table in pool[-10:]:
        values = exhaustion.exhaust(graph, literals, [literal])
        assert (values is None) == (table == 0)
        if values is not None:
            assert graph.simulate([literal], values, 1) == [1]


def test_one_combination_of_many_is_found():
    graph = Graph()
    literals = [graph.input() for _ in range(20)]
    wanted = 0b1011_0010_1110_0101_1101
    hit = graph.conjunction(TRUE, TRUE)
    for n, literal in enumerate(literals):
        hit = graph.conjunction(hit, literal ^ (1 - (wanted >> n & 1)))
    values = exhaustion.exhaust(graph, literals, [hit])
    assert values == {literal: wanted >> n & 1 for n, literal in enumerate(literals)}
    answer = sweep.solve(graph, literals, [(hit, FALSE)], 60)
    assert (answer.differ, answer.values) == (True, values)


def product(graph: Graph, a: list[int], b: list[int]) -> list[int]:
    """The rows of an array multiplier, one after the other."""
    total = [FALSE] * (len(a) + len(b))
    for n, bit in enumerate(b):
        carry = FALSE
        for k, other in enumerate([*a, FALSE]):
            x, y = total[n + k], graph.conjunction(bit, other)
            half = graph.difference(x, y)
            total[n + k] = graph.difference(half, carry)
            carry = graph.disjunction(graph.conjunction(x, y), graph.conjunction(half, carry))
    return total


def commuted(width: int) -> tuple[Graph, list[int], list[tuple[int, int]]]:
    """``a * b`` and ``b * a``, bit by bit."""
    graph = Graph()
    a, b = ([graph.input() for _ in range(width)] for _ in range(2))
    pairs = list(zip(product(graph, a, b), product(graph, b, a), strict=True))
    return graph, [*a, *b], pairs


def test_products_commute_by_either_engine():
    graph, inputs, pairs = commuted(5)
    differ = [graph.difference(a, b) for a, b in pairs]
    assert graph.gates(differ) > 100
    assert exhaustion.worthwhile(graph, inputs, differ)
    assert exhaustion.exhaust(graph, inputs, differ) is None
    assert sweep.solve(graph, inputs, pairs, 60).differ is False
    pairs[7] = pairs[7][0], pairs[7][1] ^ 1
    answer = sweep.solve(graph, inputs, pairs, 60)
    assert answer.differ
    left, right = (graph.simulate(side, answer.values, 1) for side in zip(*pairs, strict=True))
    assert left != right


def test_a_question_too_hard_is_not_decided():
    graph, inputs, pairs = commuted(20)
    assert not exhaustion.worthwhile(graph, inputs, [graph.difference(a, b) for a, b in pairs])
    answer = sweep.solve(graph, inputs, pairs, 1)
    assert (answer.differ, answer.values) == (None, {})
    assert answer.reason == "the solver came to no end within 1 seconds"


def test_rounds_end_too():
    graph, inputs, pairs = commuted(9)
    assert sweep.solve(graph, inputs, pairs, 1e9, rounds=1).differ is None


@pytest.mark.parametrize("seed", list(range(25)))
def test_a_sweep_says_what_all_inputs_say(seed):
    """Random logic of few inputs, where many nodes are equal, inverse or constant."""
    graph, literals, tables, pool = drawn(seed, gates=60)
    given = dict(zip(literals, tables, strict=True))
    draw = random.Random(seed)
    for _ in range(20):
        some = [tuple(draw.choice(pool)[0] for _ in range(2)) for _ in range(draw.randint(1, 3))]
        one, other = (graph.simulate(side, given, 32) for side in zip(*some, strict=True))
        answer = sweep.solve(graph, literals, some, 60, seed)
        assert answer.differ == (one != other)
        if answer.differ:
            left, right = (
                graph.simulate(side, answer.values, 1) for side in zip(*some, strict=True)
            )
            assert left != right


@pytest.mark.parametrize("seed", list(range(5)))
def test_equal_logic_of_another_structure_is_equal(seed):
    """Every function of the pool against its table, written out as a sum of minterms."""
    graph, literals, _, pool = drawn(seed)
    pairs = [(literal, minterms(graph, literals, table)) for literal, table in pool]
    answer = sweep.solve(graph, literals, pairs, 60, seed)
    assert answer.differ is False
    literal, table = pool[-1]
    for row in range(0, 32, 5):
        spoilt = [*pairs[:-1], (literal, minterms(graph, literals, table ^ 1 << row))]
        answer = sweep.solve(graph, literals, spoilt, 60, seed)
        assert answer.values == {name: row >> n & 1 for n, name in enumerate(literals)}


def minterms(graph: Graph, literals: list[int], table: int) -> int:
    rows = [row for row in range(1 << len(literals)) if table >> row & 1]
    return graph.any(
        graph.any(name ^ (row >> n & 1) for n, name in enumerate(literals)) ^ 1 for row in rows
    )


def test_the_clock_is_looked_at(monkeypatch):
    graph, inputs, pairs = commuted(6)
    ticks = itertools.count()
    monkeypatch.setattr(sweep, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    assert sweep.solve(graph, inputs, pairs, 10_000).differ is False
    looks = next(ticks)
    assert looks > 20
    assert sweep.solve(graph, inputs, pairs, looks // 2).differ is None
    assert next(ticks) - looks == looks // 2 + 3


def test_a_solver_that_calls_everything_equal_is_found_out(monkeypatch):
    graph, inputs, pairs = commuted(4)
    pairs[5] = pairs[5][0], pairs[4][1]
    monkeypatch.setattr(sweep.Solver, "solve", lambda *_: False)
    with pytest.raises(sweep.ContradictionError, match="calls equal what simulation tells apart"):
        sweep.solve(graph, inputs, pairs, 60)


def test_a_variable_that_is_no_input_is_refused():
    graph = Graph()
    a, b = graph.input(), graph.input()
    with pytest.raises(ValueError, match="must be among the inputs"):
        sweep.solve(graph, [a], [(graph.conjunction(a, b), a)], 60)
