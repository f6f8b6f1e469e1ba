"""Adders are found however they are built, and words are called equal only where they are."""

import itertools
import random

import pytest

from bitwright.gen.generate import generate
from bitwright.verif.equivalence import exhaustion, prove, sums
from bitwright.verif.equivalence.cuts import adders
from bitwright.verif.equivalence.graph import FALSE, TRUE, Graph

WIDTH = 8


def majority(graph: Graph, kind: int, a: int, b: int, c: int) -> int:
    """A carry in one of the ways in which it is built."""
    if kind == 0:
        return graph.choice(graph.difference(a, b), c, a)
    if kind == 1:
        half = graph.conjunction(graph.difference(a, b), c)
        return graph.disjunction(graph.conjunction(a, b), half)
    either = graph.disjunction(a, b)
    return graph.disjunction(graph.conjunction(a, b), graph.conjunction(either, c))


def added(graph: Graph, kind: int, x: list[int], y: list[int], carry: int = FALSE) -> list[int]:
    """Two words, the carries rippling."""
    total: list[int] = []
    for a, b in zip(x, y, strict=True):
        total.append(graph.difference(graph.difference(a, b), carry))
        carry = majority(graph, kind, a, b, carry)
    return total


def saved(graph: Graph, kind: int, rows: list[list[int]]) -> list[int]:
    """Any number of words, three at a time becoming two."""
    rows = list(rows)
    while len(rows) > 2:
        (x, y, z), rows = rows[:3], rows[3:]
        columns = list(zip(x, y, z, strict=True))
        half = [graph.difference(graph.difference(a, b), c) for a, b, c in columns]
        carries = [majority(graph, kind, *column) for column in columns]
        rows += [half, [FALSE, *carries[:-1]]]
    return added(graph, kind, rows[0], rows[1])


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_adders_are_found_and_are_what_they_say(kind):
    graph = Graph()
    inputs = [graph.input() for _ in range(3)]
    signed = [inputs[0], inputs[1] ^ 1, inputs[2]]
    total = graph.difference(graph.difference(signed[0], signed[1]), signed[2])
    rules = adders(graph, [total, carry := majority(graph, kind, *signed)])
    leaves = tuple(literal >> 1 for literal in inputs)
    for literal in (total, carry):
        assert rules[literal >> 1][0] == leaves
        for bits in itertools.product((0, 1), repeat=3):
            value = sum(
                factor
                for chosen, factor in enumerate(rules[literal >> 1][1])
                if all(bit or not chosen >> n & 1 for n, bit in enumerate(bits))
            )
            (want,) = graph.simulate([literal & ~1], dict(zip(inputs, bits, strict=True)), 1)
            assert value == want


def words(seed: int, count: int) -> tuple[Graph, list[list[int]], random.Random]:
    """Words of bits, constants and inverted bits."""
    draw = random.Random(seed)
    graph = Graph()
    bits = [graph.input() for _ in range(count * WIDTH // 2)]
    choices = [*bits, *(bit ^ 1 for bit in bits), FALSE, TRUE]
    return graph, [[draw.choice(choices) for _ in range(WIDTH)] for _ in range(count)], draw


@pytest.mark.parametrize("seed", list(range(6)))
def test_sums_in_any_order_are_equal_and_spoilt_ones_are_not(seed):
    graph, rows, draw = words(seed, 9)
    one = saved(graph, seed % 3, rows)
    draw.shuffle(rows)
    other = added(graph, seed // 3 % 3, saved(graph, 1, rows[:4]), saved(graph, 0, rows[4:]))
    word = list(zip(one, other, strict=True))
    assert sums.equal_words(graph, [word]) == [True]
    for place in range(0, WIDTH, 3):
        spoilt = [(a, b ^ (n == place)) for n, (a, b) in enumerate(word)]
        assert sums.equal_words(graph, [spoilt, word]) == [False, True]
    # One term more, of a single bit that is rarely set.
    rare = graph.conjunction(rows[0][0], graph.conjunction(rows[1][1], rows[2][2]))
    never = exhaustion.exhaust(graph, [2 * n for n in range(1, 37)], [rare]) is None
    more = added(graph, 0, other, [rare, *[FALSE] * (WIDTH - 1)])
    assert sums.equal_words(graph, [list(zip(one, more, strict=True))]) == [never]


def test_what_falls_apart_is_tried_on_all_inputs():
    """Each product read from a table on one side, made of adders on the other."""
    graph = Graph()
    lanes = [[graph.input() for _ in range(4)] for _ in range(5)]
    zero = [FALSE] * WIDTH

    def table(lane: list[int], wrong: int) -> list[int]:
        rows = [
            (graph.any(bit ^ (row >> n & 1) for n, bit in enumerate(lane)) ^ 1, row)
            for row in range(16)
        ]
        return [
            graph.any(hit for hit, row in rows if (row % 4 * (row // 4) ^ (row == wrong)) >> n & 1)
            for n in range(WIDTH)
        ]

    def made(lane: list[int]) -> list[int]:
        first, second = ([graph.conjunction(a, b) for a in lane[:2]] for b in lane[2:])
        return added(graph, 1, [*first, *zero[2:]], [FALSE, *second, *zero[3:]])

    one = saved(graph, 0, [made(lane) for lane in lanes])
    other = saved(graph, 2, [table(lane, -1) for lane in reversed(lanes)])
    assert sums.equal_words(graph, [list(zip(one, other, strict=True))]) == [True]
    for wrong in range(16):
        spoilt = saved(graph, 2, [table(lane, wrong if lane is lanes[3] else -1) for lane in lanes])
        assert sums.equal_words(graph, [list(zip(one, spoilt, strict=True))]) == [False]


def test_what_is_too_wide_is_not_shown():
    graph, rows, _ = words(0, 16)
    total = saved(graph, 0, rows)
    wide = graph.any(bit for row in rows for bit in row)
    assert sums.equal_words(graph, [[(total[0], wide), (total[1], total[2])]]) == [False]
    assert sums.equal_words(graph, [[(bit, bit) for bit in total * 8]]) == [False]


def test_a_booth_tree_is_the_sum_of_the_products():
    """Beyond what SAT can do, and beyond what can be exhausted."""
    texts = {"a": "int8", "b": "int8", "lanes": "5", "o": "exact", "adder": "plain"}
    (proof,) = prove(generate("dot-product", texts), against={"structure": "plain"}, timeout=20)
    assert proof.proven, proof.reason
    assert proof.engine.startswith(sums.NAME)
