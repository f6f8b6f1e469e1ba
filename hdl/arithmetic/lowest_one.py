"""The lowest one in a row of bits: which is next, of things that wait."""

from amaranth.hdl import Cat, Const, Module, Value

from ..pipeline import wire

__all__ = ["lowest_one", "ones_below"]


def lowest_one(m: Module, bits: Value, name: str = "lowest") -> tuple[Value, Value]:
    """The lowest one alone in a row of zeros, and whether there are others above it."""
    below = ones_below(m, bits, name)
    return wire(m, name, bits & ~below), wire(m, f"{name}_more", (bits & below).any())


def ones_below(m: Module, bits: Value, name: str) -> Value:
    """For each bit, whether there is a one below it: by a prefix network after Sklansky."""
    known, size = bits, 1
    while size < len(bits):
        below = Cat(
            known[k // size * size - 1] if k & size else Const(0, 1) for k in range(len(bits))
        )
        known = wire(m, f"{name}_by{size}", known | below)
        size *= 2
    return Cat(Const(0, 1), known[: len(bits) - 1])
