"""What an array does when: values some cycles later, and how a product leaves it."""

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value

__all__ = ["delayed", "delayed_all", "drain"]


def delayed(m: Module, value: Value, cycles: int, name: str, *, reset_less: bool = False) -> Value:
    """A value some registers later; those of control bits have a reset."""
    for n in range(cycles):
        held = Signal(value.shape(), name=f"{name}{n + 1}", reset_less=reset_less)
        m.d.sync += held.eq(value)
        value = held
    return value


def delayed_all(m: Module, values: Any, cycles: int, name: str) -> Any:
    """The same for data, in lists and tuples of any depth, which may hold None."""
    if isinstance(values, Value):
        return delayed(m, values, cycles, f"{name}_by", reset_less=True)
    if not isinstance(values, list | tuple):
        return values
    parts = [delayed_all(m, part, cycles, f"{name}_{n}") for n, part in enumerate(values)]
    return type(values)(*parts) if hasattr(values, "_fields") else type(values)(parts)


def drain(
    m: Module, done: Value, ends: Value, draining: Signal, ready: Value, *, turns: int
) -> tuple[Value, Value]:
    """From the last beat until the result is taken; when sums are resolved, and when offered.

    ``ends`` is the last beat's, ``done`` the same when all elements have had it. ``turns`` is how
    many cycles it takes to resolve the sums; ``draining`` becomes the time in which nothing more
    may enter.
    """
    offered = Signal(name="offered")
    resolving: Value = Const(0, 1)
    finished = done
    if turns:
        resolving = Signal(name="resolving")
        turn = Signal(range(turns), name="resolved_row")
        finished = resolving & (turn == turns - 1)
        with m.If(resolving):
            m.d.sync += turn.eq(Mux(finished, 0, turn + 1))
        m.d.sync += resolving.eq(done | (resolving & ~finished))
    taken = offered & ready
    m.d.sync += [
        draining.eq(ends | (draining & ~taken)),
        offered.eq(finished | (offered & ~taken)),
    ]
    return resolving, offered
