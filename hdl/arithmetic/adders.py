"""Carry-propagating adders, by operator or with their carries as explicit logic.

Where there are no carry chains, the delay of an adder is that of its carries; a parallel prefix
network finds them all in a logarithmic number of levels (P. Kogge and H. Stone, IEEE Trans.
Computers C-22, 1973; J. Sklansky, IRE Trans. EC-9, 1960).
"""

from enum import StrEnum

from amaranth.hdl import Cat, Const, Module, Signal, Value

__all__ = ["Adder", "add"]


class Adder(StrEnum):
    """How two rows are added. The choice changes cost, never a result bit."""

    #: The operator ``+``, left to synthesis: the choice where it has carry chains.
    PLAIN = "plain"
    #: Prefix network of fewest levels with a fan-out that doubles from level to level.
    SKLANSKY = "sklansky"
    #: Prefix network of fewest levels with a fan-out of two, and twice the nodes.
    KOGGE_STONE = "kogge-stone"


def add(
    m: Module, a: Value, b: Value, *, adder: Adder = Adder.SKLANSKY, name: str = "adder"
) -> Value:
    """``a + b`` modulo ``2**len(a)``, for unsigned operands of one width.

    Level k of a prefix network has the vectors ``{name}_g{k}`` (a carry leaves this column if
    none enters its group) and ``{name}_p{k}`` (one that enters the group leaves here); the
    groups double from level to level.
    """
    width = len(a)
    if len(b) != width:
        raise ValueError(f"The operands must have one width, not {width} and {len(b)}")
    if adder is Adder.PLAIN or width < 2:
        return (a + b)[:width]
    # The carry out of the top column is not wanted.
    carries = width - 1
    g, half_sum = Signal(carries, name=f"{name}_g0"), Signal(width, name=f"{name}_p0")
    m.d.comb += [g.eq((a & b)[:carries]), half_sum.eq(a ^ b)]
    p: Value = half_sum[:carries]
    size, level = 1, 1
    while size < carries:
        low_g, low_p = zip(
            *(_group_below(g, p, column, size, adder) for column in range(carries)), strict=True
        )
        next_g = Signal(carries, name=f"{name}_g{level}")
        next_p = Signal(carries, name=f"{name}_p{level}")
        m.d.comb += [next_g.eq(g | (p & Cat(low_g))), next_p.eq(p & Cat(low_p))]
        g, p = next_g, next_p
        size, level = size * 2, level + 1
    return half_sum ^ Cat(Const(0, 1), g)


def _group_below(g: Value, p: Value, column: int, size: int, adder: Adder) -> tuple[Value, Value]:
    """What the group of ``column`` takes over from the one below it; nothing if there is none."""
    if adder is Adder.KOGGE_STONE:
        below = column - size
    else:
        below = column // size * size - 1 if column & size else -1
    if below < 0:
        return Const(0, 1), Const(1, 1)
    return g[below], p[below]
