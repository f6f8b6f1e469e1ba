"""And-inverter graphs: what both sides of a proof become, and the one thing that is solved.

A literal is twice a node's number, plus one where it is inverted; node 0 is the constant false.
Equal nodes are one (structural hashing), so that equal logic on both sides is seen at once. After
A. Kuehlmann et al., "Robust Boolean Reasoning for Equivalence Checking and Functional Property
Verification", IEEE TCAD 21 (2002).
"""

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["FALSE", "TRUE", "Graph"]

FALSE = 0
TRUE = 1


class Graph:
    """A growing graph; literals are made by its methods alone."""

    def __init__(self) -> None:
        self._operands: list[tuple[int, int] | None] = [None]
        self._known: dict[tuple[int, int], int] = {}

    def input(self) -> int:
        """A new free variable."""
        self._operands.append(None)
        return 2 * (len(self._operands) - 1)

    def conjunction(self, a: int, b: int) -> int:
        if a > b:
            a, b = b, a
        if a == FALSE or a == b ^ 1:
            return FALSE
        if a in (TRUE, b):
            return b
        literal = self._known.get((a, b))
        if literal is None:
            self._operands.append((a, b))
            literal = self._known[a, b] = 2 * (len(self._operands) - 1)
        return literal

    def disjunction(self, a: int, b: int) -> int:
        return self.conjunction(a ^ 1, b ^ 1) ^ 1

    def difference(self, a: int, b: int) -> int:
        """Exclusive or."""
        return self.disjunction(self.conjunction(a, b ^ 1), self.conjunction(a ^ 1, b))

    def choice(self, select: int, one: int, zero: int) -> int:
        return self.disjunction(
            self.conjunction(select, one), self.conjunction(select ^ 1, zero)
        )

    def any(self, literals: Iterable[int]) -> int:
        """Their disjunction, as a tree."""
        row = list(literals)
        while len(row) > 1:
            pairs = [self.disjunction(a, b) for a, b in zip(row[::2], row[1::2], strict=False)]
            row = [*pairs, *row[2 * len(pairs) :]]
        return row[0] if row else FALSE

    def operands(self, node: int) -> tuple[int, int] | None:
        """The literals that a node is the conjunction of; none of an input."""
        return self._operands[node]

    def gates(self, literals: Iterable[int]) -> int:
        """How many AND gates the literals depend on."""
        return sum(self._operands[node] is not None for node in self.cone(literals))

    def support(self, literals: Iterable[int]) -> set[int]:
        """The inputs that the literals depend on."""
        return {2 * node for node in self.cone(literals) if node and not self._operands[node]}

    def cone(self, literals: Iterable[int]) -> list[int]:
        """The nodes that literals depend on, operands before what is made of them."""
        waiting = [literal >> 1 for literal in literals]
        seen = set(waiting)
        while waiting:
            pair = self._operands[waiting.pop()]
            for operand in pair or ():
                if operand >> 1 not in seen:
                    seen.add(operand >> 1)
                    waiting.append(operand >> 1)
        return sorted(seen)

    def simulate(
        self, literals: Sequence[int], values: Mapping[int, int], width: int
    ) -> list[int]:
        """The literals' values, ``width`` patterns side by side; inputs without a value are 0."""
        mask = (1 << width) - 1
        at: dict[int, int] = {}
        for node in self.cone(literals):
            pair = self._operands[node]
            if pair is None:
                at[node] = values.get(2 * node, 0) & mask
                continue
            a, b = pair
            left = at[a >> 1] ^ (mask if a & 1 else 0)
            at[node] = left & (at[b >> 1] ^ (mask if b & 1 else 0))
        return [at[literal >> 1] ^ (mask if literal & 1 else 0) for literal in literals]
