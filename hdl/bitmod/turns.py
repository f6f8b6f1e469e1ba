"""A beat for as many cycles as its weights have terms."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from ..pipeline import serial, wire
from .weights import Code

__all__ = ["shown"]


def shown(
    m: Module, code: Code, values: Mapping[str, Any], valid: Value, ready: Value
) -> tuple[dict[str, Any], Value]:
    """As :func:`serial` does, for as many cycles as weights have terms: by mode 2, 2, 3 or 4."""
    if not code.by_mode:
        return serial(m, code.terms, values, valid, ready)
    mode = values["mode"]
    phase = Signal(2, name="phase")
    begins = wire(m, "phase_first", ~phase.any())
    # The last ones are 1, 1, 2 and 3.
    last = wire(m, "phase_end", Cat(~mode[1] | mode[0], mode[1]))
    ends = wire(m, "phase_last", phase == last)
    with m.If(valid & ready):
        m.d.sync += phase.eq(Mux(ends, 0, phase + 1))
    bounds = {
        "first": values.get("first", Const(1, 1)) & begins,
        "last": values.get("last", Const(1, 1)) & ends,
    }
    # Without a beat, what its mode holds must not show at the input's ready.
    return {**values, "phase": phase, **bounds}, wire(m, "beat_done", valid & ready & ends)
