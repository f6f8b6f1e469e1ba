"""Graphs against Python's own logic, and the two engines against each other."""

import itertools
import random

import pytest

from bitwright.verif.equivalence import engine, exhaustion
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
    answer = engine.solve(graph.blif(literals, hit), 20, 60)
    assert answer.differ
    assert answer.inputs == tuple(wanted >> n & 1 for n in range(20))


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


def commuted(width: int) -> tuple[Graph, list[int], list[int]]:
    """Where ``a * b`` and ``b * a`` differ."""
    graph = Graph()
    a, b = ([graph.input() for _ in range(width)] for _ in range(2))
    differ = [
        graph.difference(x, y)
        for x, y in zip(product(graph, a, b), product(graph, b, a), strict=True)
    ]
    return graph, [*a, *b], differ


def test_products_commute_by_either_engine():
    graph, inputs, differ = commuted(5)
    assert graph.gates(differ) > 100
    assert exhaustion.worthwhile(graph, inputs, differ)
    assert exhaustion.exhaust(graph, inputs, differ) is None
    assert engine.solve(graph.blif(inputs, graph.any(differ)), 10, 60).differ is False
    differ[7] ^= 1
    assert exhaustion.exhaust(graph, inputs, differ) is not None
    assert engine.solve(graph.blif(inputs, graph.any(differ)), 10, 60).differ is True


def test_a_question_too_hard_is_not_decided():
    graph, inputs, differ = commuted(20)
    assert not exhaustion.worthwhile(graph, inputs, differ)
    answer = engine.solve(graph.blif(inputs, graph.any(differ)), 40, 1)
    assert answer.differ is None
    assert answer.reason == "the solver came to no end within 1 seconds"


def test_a_variable_that_is_no_input_is_refused():
    graph = Graph()
    a, b = graph.input(), graph.input()
    with pytest.raises(ValueError, match="must be among the inputs"):
        graph.blif([a], graph.conjunction(a, b))
