"""Sums of different shapes, which no sweep can compare: they have no inner points that are equal.

A word of outputs is a number. From the outputs on, each output of an adder is replaced by what the
adder says of it, ``s = a + b + c - 2 m`` with ``m`` its carry, and carries cancel: what remains is
a polynomial of the bits that were summed, modulo two to the word's width. The difference of both
sides falls apart into polynomials of inputs of their own, one for each product of a dot product;
each is tried on all of its inputs. So the tree is proven by algebra and the products are exhausted.
After M. Ciesielski et al., "Understanding Algebraic Rewriting for Arithmetic Circuit Verification",
IEEE TCAD 39 (2020).
"""

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

import numpy as np

from .cuts import Rule, adders
from .graph import TRUE, Graph

__all__ = ["NAME", "equal_words"]

NAME = "adders rewritten, products exhausted"
_WIDEST = 63  # bits of a word, so that its numbers are machine words
_MOST_TERMS = 100_000
_MOST_INPUTS = 16  # of one part of the difference, so that its values are few

Pair = tuple[int, int]
Polynomial = dict[tuple[int, ...], int]
"""Coefficients of products of nodes; that of the constant has no node."""


def equal_words(graph: Graph, words: Sequence[Sequence[Pair]]) -> list[bool]:
    """Whether each word, bits from the lowest on, is shown to be the same number on both sides."""
    rules = adders(graph, [literal for word in words for pair in word for literal in pair])
    return [_equal(graph, rules, word) for word in words]


def _equal(graph: Graph, rules: Mapping[int, Rule], word: Sequence[Pair]) -> bool:
    if len(word) > _WIDEST:
        return False
    modulus = 1 << len(word)
    difference: Polynomial = {}
    for side, sign in enumerate((1, -1)):
        polynomial = _rewritten([pair[side] for pair in word], rules, modulus)
        if polynomial is None:
            return False
        for product, factor in polynomial.items():
            difference[product] = (difference.get(product, 0) + sign * factor) % modulus
    total = difference.pop((), 0)
    parts = _parts(graph, {product: f for product, f in difference.items() if f})
    if any(len(inputs) > _MOST_INPUTS for inputs, _ in parts):
        return False
    for inputs, part in parts:
        values = _values(graph, inputs, part) % modulus
        if (values != values[0]).any():
            return False
        total += int(values[0])
    return total % modulus == 0


def _rewritten(
    literals: Sequence[int], rules: Mapping[int, Rule], modulus: int
) -> Polynomial | None:
    """The number that literals are, as far from the outputs as adders reach; none if too large."""
    found: Polynomial = {}
    waiting: list[int] = []

    def add(product: tuple[int, ...], factor: int) -> None:
        if product not in found:
            found[product] = 0
            if len(product) == 1:
                heappush(waiting, -product[0])
        found[product] = (found[product] + factor) % modulus

    for weight, literal in enumerate(literals):
        if literal & TRUE:
            add((), 1 << weight)
        if literal > TRUE:
            add((literal >> 1,), -(1 << weight) if literal & 1 else 1 << weight)
    while waiting:  # the newest node first, so that each is replaced once
        node = -heappop(waiting)
        if node not in rules:
            continue
        factor = found.pop((node,))
        leaves, coefficients = rules[node]
        for chosen, coefficient in enumerate(coefficients):
            if coefficient and factor:
                product = tuple(leaf for n, leaf in enumerate(leaves) if chosen >> n & 1)
                add(product, factor * coefficient)
        if len(found) > _MOST_TERMS:
            return None
    return found


def _parts(graph: Graph, polynomial: Polynomial) -> list[tuple[list[int], Polynomial]]:
    """Polynomials of which no two depend on the same input, with the inputs of each."""
    support: dict[int, frozenset[int]] = {}
    for node in graph.cone(2 * node for product in polynomial for node in product):
        operands = graph.operands(node)
        own = frozenset() if operands else frozenset({node})
        support[node] = own.union(*(support[literal >> 1] for literal in operands or ()))
    leader: dict[int, int] = {}

    def leads(node: int) -> int:
        while leader.setdefault(node, node) != node:
            leader[node] = node = leader[leader[node]]
        return node

    for product in polynomial:
        first, *others = (n for node in product for n in support[node])
        for other in others:
            leader[leads(other)] = leads(first)
    parts: dict[int, tuple[set[int], Polynomial]] = {}
    for product, factor in polynomial.items():
        inputs = set[int]().union(*(support[node] for node in product))
        part = parts.setdefault(leads(min(inputs)), (set(), {}))
        part[0].update(inputs)
        part[1][product] = factor
    return [(sorted(inputs), part) for inputs, part in parts.values()]


def _values(graph: Graph, inputs: Sequence[int], part: Polynomial) -> np.ndarray:
    """A polynomial's values, modulo two to the 64, at all values of its inputs."""
    width = max(1 << len(inputs), 8)
    counter = np.arange(width, dtype=np.uint32)
    given = {2 * node: _packed(counter >> n & 1) for n, node in enumerate(inputs)}
    nodes = sorted({node for product in part for node in product})
    simulated = graph.simulate([2 * node for node in nodes], given, width)
    words = dict(zip(nodes, simulated, strict=True))
    total = np.zeros(width, np.uint64)
    for product, factor in part.items():
        word = (1 << width) - 1
        for node in product:
            word &= words[node]
        data = np.frombuffer(word.to_bytes(width // 8, "little"), np.uint8)
        bits = np.unpackbits(data, bitorder="little").astype(np.uint64)
        total += bits * np.uint64(factor % (1 << 64))
    return total


def _packed(bits: np.ndarray) -> int:
    data = np.packbits(bits.astype(np.uint8), bitorder="little")
    return int.from_bytes(data.tobytes(), "little")
