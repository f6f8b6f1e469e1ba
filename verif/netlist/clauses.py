"""Gates as clauses: what a netlist computes, as a question for a SAT solver.

G. S. Tseitin's transformation: each net is a variable, each gate the clauses that bind its output
to its inputs.
"""

from collections.abc import Callable, Iterator

from .gates import GateNetlist, Op

__all__ = ["gate_clauses", "literal", "netlist_clauses"]

Clause = list[int]


def _and(y: int, a: int, b: int) -> list[Clause]:
    return [[-y, a], [-y, b], [y, -a, -b]]


def _xor(y: int, a: int, b: int) -> list[Clause]:
    return [[-y, a, b], [-y, -a, -b], [y, -a, b], [y, a, -b]]


def _mux(y: int, a: int, b: int, s: int) -> list[Clause]:
    # The last two follow from the others; with them a value is known though the choice is not.
    return [[-s, -b, y], [-s, b, -y], [s, -a, y], [s, a, -y], [-a, -b, y], [a, b, -y]]


_CLAUSES: dict[int, Callable[[int, int, int, int], list[Clause]]] = {
    Op.BUF: lambda y, a, b, s: [[-y, a], [y, -a]],
    Op.NOT: lambda y, a, b, s: [[-y, -a], [y, a]],
    Op.AND: lambda y, a, b, s: _and(y, a, b),
    Op.NAND: lambda y, a, b, s: _and(-y, a, b),
    Op.OR: lambda y, a, b, s: _and(-y, -a, -b),
    Op.NOR: lambda y, a, b, s: _and(y, -a, -b),
    Op.ANDNOT: lambda y, a, b, s: _and(y, a, -b),
    Op.ORNOT: lambda y, a, b, s: _and(-y, -a, b),
    Op.XOR: lambda y, a, b, s: _xor(y, a, b),
    Op.XNOR: lambda y, a, b, s: _xor(-y, a, b),
    Op.MUX: _mux,
}


def gate_clauses(op: int, y: int, a: int, b: int, s: int) -> list[Clause]:
    """``y`` is what the gate makes of the literals ``a``, ``b`` and ``s``."""
    return _CLAUSES[op](y, a, b, s)


def literal(net: int) -> int:
    """The variable of a net; those of the constants are 1 and 2."""
    return net + 1


def netlist_clauses(netlist: GateNetlist) -> Iterator[Clause]:
    """All gates and the constants, over the variables 1 to ``netlist.nets``."""
    yield [-literal(0)]
    yield [literal(1)]
    gates = zip(
        netlist.op.tolist(), (netlist.operands + 1).tolist(), (netlist.driven + 1).tolist(),
        strict=True,
    )  # fmt: skip
    for op, (a, b, s), y in gates:
        yield from gate_clauses(op, y, a, b, s)
