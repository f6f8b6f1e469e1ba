"""Where a graph adds: its nodes that are outputs of half and full adders, however they are built.

A cut of a node is a set of nodes that it is a function of. Cuts of up to three leaves are found
from the inputs on, with the functions (A. Mishchenko, S. Chatterjee and R. Brayton, "DAG-Aware AIG
Rewriting", DAC 2006); an exclusive or and a carry over the same leaves are an adder.
"""

from collections.abc import Iterable, Sequence
from functools import cache

from .graph import Graph

__all__ = ["Rule", "adders"]

Leaves = tuple[int, ...]

Rule = tuple[Leaves, tuple[int, ...]]
"""A node as a polynomial of leaves: a coefficient for each set of them, as bits of its index."""

_LEAVES, _CUTS = 3, 12


def adders(graph: Graph, roots: Iterable[int]) -> dict[int, Rule]:
    """The outputs of adders among the nodes that ``roots`` depend on."""
    cuts = _cuts(graph, roots)
    sums: dict[Leaves, list[int]] = {}
    carries: dict[Leaves, list[int]] = {}
    for node, functions in cuts.items():
        for leaves, table in functions.items():
            if table in _TABLES[0][len(leaves)]:
                sums.setdefault(leaves, []).append(node)
            elif table in _TABLES[1][len(leaves)]:
                carries.setdefault(leaves, []).append(node)
    rules: dict[int, Rule] = {}
    for width in (3, 2):
        for leaves in (leaves for leaves in sums if len(leaves) == width):
            # Of three leaves only whole adders; of two, a carry may have been dropped.
            if leaves in carries or width == 2:
                for node in (*sums[leaves], *carries.get(leaves, ())):
                    rules.setdefault(node, (leaves, _polynomial(cuts[node][leaves], width)))
    return rules


def _cuts(graph: Graph, roots: Iterable[int]) -> dict[int, dict[Leaves, int]]:
    """For each node the functions of its cuts, as truth tables."""
    cuts: dict[int, dict[Leaves, int]] = {}
    for node in graph.cone(roots):
        operands = graph.operands(node)
        found: dict[Leaves, int] = {}
        if operands is not None:
            a, b = operands
            for left, one in cuts[a >> 1].items():
                for right, other in cuts[b >> 1].items():
                    leaves = tuple(sorted({*left, *right}))
                    if len(leaves) <= _LEAVES and leaves not in found:
                        mask = (1 << (1 << len(leaves))) - 1
                        x = _expanded(one, left, leaves) ^ (mask if a & 1 else 0)
                        found[leaves] = x & (
                            _expanded(other, right, leaves) ^ (mask if b & 1 else 0)
                        )
        best = sorted(found, key=lambda leaves: (len(leaves), leaves))[:_CUTS]
        cuts[node] = {(node,): 0b10, **{leaves: found[leaves] for leaves in best}}
    return cuts


def _expanded(table: int, leaves: Leaves, wider: Leaves) -> int:
    if leaves == wider:
        return table
    return _over(table, tuple(wider.index(leaf) for leaf in leaves), len(wider))


@cache
def _over(table: int, places: Sequence[int], width: int) -> int:
    """A truth table over more variables, its own being at ``places``."""
    return sum(
        (table >> sum((row >> place & 1) << n for n, place in enumerate(places)) & 1) << row
        for row in range(1 << width)
    )


@cache
def _polynomial(table: int, width: int) -> tuple[int, ...]:
    """The multilinear polynomial with integer coefficients that is the function at 0 and 1."""
    values = [table >> row & 1 for row in range(1 << width)]
    for bit in range(width):
        for row in range(1 << width):
            if row >> bit & 1:
                values[row] -= values[row ^ 1 << bit]
    return tuple(values)


def _table(width: int, carry: bool, inverted: int) -> int:
    """A sum or a carry of ``width`` bits, some of which may be inverted."""
    return sum(
        (((row ^ inverted).bit_count() >= 2) if carry else row.bit_count() & 1) << row
        for row in range(1 << width)
    )


def _all_tables(carry: bool) -> dict[int, set[int]]:
    """By width, with inverted inputs and outputs."""
    return {1: set()} | {
        width: {
            _table(width, carry, inverted) ^ output
            for inverted in range(1 << width)
            for output in (0, (1 << (1 << width)) - 1)
        }
        for width in (2, 3)
    }


_TABLES = _all_tables(carry=False), _all_tables(carry=True)
