"""What a datapath is described by: combinational steps, and sums that run over several beats."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amaranth.hdl import Module, Shape, Signal, Value

__all__ = ["Accumulation", "Step", "wire"]


@dataclass(frozen=True)
class Step:
    """One combinational part of a datapath.

    ``compute(m, values)`` adds combinational assignments of whole signals to the module and returns
    what the rest of the datapath needs; the first step finds the inputs by name, the last one
    returns the outputs by name. Registers may come to stand anywhere inside a step.
    """

    name: str
    compute: Callable[[Module, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Accumulation(Step):
    """A step with a register of its own, which sums over the beats of a transaction.

    ``compute`` finds the state so far (zero in a transaction's first beat) as the dictionary
    ``values["so_far"]`` and returns the state with this beat's part added, under the same names.
    The bits ``values["first"]`` and ``values["last"]`` bound a transaction; the state moves on
    after its last beat.

    Of a serial unit whose sum runs over the ``cycles`` of one beat, what is made of operands alone
    stays from the first cycle to the last, and none is missing between; 0 for all other sums.
    """

    state: Mapping[str, Shape] = field(default_factory=dict)
    cycles: int = 0


def wire(m: Module, name: str, value: Any) -> Signal:
    """A named intermediate value, for whoever reads the Verilog or a waveform."""
    value = Value.cast(value)
    signal = Signal(value.shape(), name=name)
    m.d.comb += signal.eq(value)
    return signal
