"""One question answered: by random patterns where they tell, else in full; always checked."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ..netlist.solver import ContradictionError
from . import exhaustion, sums, sweep
from .graph import Graph

__all__ = ["ContradictionError", "Found", "find", "random_values"]

_PATTERNS = 1024


@dataclass(frozen=True)
class Found:
    """Values of the inputs at which some pair differs; ``None`` with a reason, or without one.

    Without one there are no such values.
    """

    values: dict[int, int] | None
    engine: str
    reason: str = ""


def random_values(inputs: Sequence[int], seed: int, width: int = _PATTERNS) -> dict[int, int]:
    """Patterns side by side for each input."""
    draw = random.Random(seed)
    return {literal: draw.getrandbits(width) for literal in inputs}


def find(
    graph: Graph,
    inputs: Sequence[int],
    pairs: Sequence[tuple[int, int]],
    timeout: float,
    *,
    seed: int = 0,
    patterns: bool = True,
    words: Sequence[Sequence[tuple[int, int]]] = (),
) -> Found:
    """Values at which a pair of literals differs, sought for ``timeout`` seconds by the solver.

    Without ``patterns`` none are tried that are random, so that what answers is what proves.
    ``words`` are those of the pairs that are bits of one number, which may be a sum.

    Raises:
        ContradictionError: if the solver says what simulation shows to be false.
    """
    outputs = [graph.difference(a, b) for a, b in pairs]
    if patterns:
        drawn = random_values(inputs, seed)
        for bits in graph.simulate(outputs, drawn, _PATTERNS):
            if bits:
                place = (bits & -bits).bit_length() - 1
                values = {name: value >> place & 1 for name, value in drawn.items()}
                return Found(values, "random patterns")
    if not any(outputs):  # literals that all are the constant false
        return Found(None, "equal structure")
    if exhaustion.cheap(graph, inputs, outputs):
        return Found(exhaustion.exhaust(graph, inputs, outputs), exhaustion.NAME)
    last = exhaustion.worthwhile(graph, inputs, outputs)
    name, rest = sweep.NAME, pairs
    answer = sweep.solve(graph, inputs, pairs, timeout, seed, rounds=1 if last or words else None)
    if answer.differ is None and last:
        return Found(exhaustion.exhaust(graph, inputs, outputs), exhaustion.NAME)
    if answer.differ is None and words:
        equal = sums.equal_words(graph, words)
        shown = [word for word, holds in zip(words, equal, strict=True) if holds]
        known = {pair for word in shown for pair in word}
        rest = [pair for pair in pairs if pair not in known]
        name = f"{sums.NAME}; {sweep.NAME}" if shown else sweep.NAME
        answer = sweep.solve(graph, inputs, rest, timeout, seed)
    if answer.differ is None:
        return Found(None, name, answer.reason)
    if not answer.differ:
        return Found(None, name)
    values = dict(answer.values)
    if not any(graph.simulate(outputs, values, 1)):
        raise ContradictionError("The solver gave a counterexample that is none")
    return Found(values, name)
