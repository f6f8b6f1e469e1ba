"""One formula answered: by random patterns where they tell, else in full; always checked."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from . import engine, exhaustion
from .graph import Graph

__all__ = ["ContradictionError", "Found", "find", "random_values"]

_PATTERNS = 1024


class ContradictionError(RuntimeError):
    """The solver said what simulation shows to be false."""


@dataclass(frozen=True)
class Found:
    """Values of the inputs for which some output is 1; ``None`` with a reason, or without one.

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
    outputs: Sequence[int],
    timeout: float,
    *,
    seed: int = 0,
    patterns: bool = True,
) -> Found:
    """Values that make one of ``outputs`` true, sought for ``timeout`` seconds by the solver.

    Without ``patterns`` none are tried that are random, so that what answers is what proves.

    Raises:
        YosysError: if the solver cannot be used.
        ContradictionError: if its values do not do what it says.
    """
    if patterns:
        drawn = random_values(inputs, seed)
        for bits in graph.simulate(outputs, drawn, _PATTERNS):
            if bits:
                place = (bits & -bits).bit_length() - 1
                values = {name: value >> place & 1 for name, value in drawn.items()}
                return Found(values, "random patterns")
    if not any(outputs):  # literals that all are the constant false
        return Found(None, "equal structure")
    if exhaustion.worthwhile(graph, inputs, outputs):
        return Found(exhaustion.exhaust(graph, inputs, outputs), exhaustion.NAME)
    answer = engine.solve(graph.blif(inputs, graph.any(outputs)), len(inputs), timeout)
    if answer.differ is None:
        return Found(None, engine.NAME, answer.reason)
    if not answer.differ:
        return Found(None, engine.NAME)
    values = dict(zip(inputs, answer.inputs, strict=True))
    if not any(graph.simulate(outputs, values, 1)):
        raise ContradictionError("The solver gave a counterexample that is none")
    return Found(values, engine.NAME)
