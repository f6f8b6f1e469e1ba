"""Every combination of inputs, bit-parallel: the engine of choice where they are few.

It does not mind multipliers of different structures, which are hard for SAT.
"""

from collections.abc import Sequence

from .graph import TRUE, Graph

__all__ = ["NAME", "cheap", "exhaust", "worthwhile"]

NAME = "every combination of inputs"
_SIDE_BY_SIDE = 17  # variables whose combinations make one long word
_MOST_WORK = 1 << 36  # gates times combinations: some seconds
_LITTLE_WORK = 1 << 30  # less than it takes to begin anything else


def _support(graph: Graph, outputs: Sequence[int], inputs: Sequence[int]) -> list[int]:
    """The inputs that the outputs depend on."""
    needed = graph.support(outputs)
    return [literal for literal in inputs if literal in needed]


def cheap(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> bool:
    """Whether nothing could be quicker."""
    return _work(graph, inputs, outputs) <= min(_LITTLE_WORK, _MOST_WORK)


def worthwhile(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> bool:
    """Whether it takes seconds only."""
    return _work(graph, inputs, outputs) <= _MOST_WORK


def _work(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> int:
    return max(graph.gates(outputs), 1) << len(_support(graph, outputs, inputs))


def exhaust(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> dict[int, int] | None:
    """Values of the inputs that make one of ``outputs`` true; ``None`` if none do."""
    free = _support(graph, outputs, inputs)
    inner, outer = free[:_SIDE_BY_SIDE], free[_SIDE_BY_SIDE:]
    width = 1 << len(inner)
    words = {literal: _alternating(n, width) for n, literal in enumerate(inner)}
    for number in range(1 << len(outer)):
        for n, literal in enumerate(outer):
            words[literal] = (1 << width) - 1 if number >> n & TRUE else 0
        for word in graph.simulate(outputs, words, width):
            if word:
                place = (word & -word).bit_length() - 1
                found = {literal: words[literal] >> place & 1 for literal in free}
                return {literal: found.get(literal, 0) for literal in inputs}
    return None


def _alternating(n: int, width: int) -> int:
    """Zeros and ones in turn, ``2 ** n`` of each: the ``n``-th bit of a counter."""
    period = 2 << n
    word = ((1 << (1 << n)) - 1) << (1 << n)
    while period < width:
        word |= word << period
        period *= 2
    return word
