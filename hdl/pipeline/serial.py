"""One beat worked on for several cycles, as bit-serial and digit-serial units do."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value

from .step import wire

__all__ = ["serial"]


def serial(
    m: Module, cycles: int, values: Mapping[str, Any], valid: Value, ready: Value
) -> tuple[dict[str, Any], Value]:
    """Show the datapath each beat ``cycles`` times; return what it sees, and the input's ``ready``.

    The beat needs no register of its own: by the rules of the handshake its sender holds it until
    it is taken, which is in its last cycle. The datapath finds the number of the cycle as
    ``values["phase"]``; ``values["first"]`` and ``values["last"]`` bound a sum over the cycles, or,
    where the beat has such bounds of its own, over all cycles of all its beats.

    ``ready`` is the datapath's.
    """
    phase = Signal(range(cycles), name="phase")
    begins = wire(m, "phase_first", phase == 0)
    ends = wire(m, "phase_last", phase == cycles - 1)
    with m.If(valid & ready):
        m.d.sync += phase.eq(Mux(ends, 0, phase + 1))
    bounds = {
        "first": values.get("first", Const(1, 1)) & begins,
        "last": values.get("last", Const(1, 1)) & ends,
    }
    return {**values, "phase": phase, **bounds}, wire(m, "beat_done", ready & ends)
