"""A unit as simple gates and D flip-flops, in arrays: what the netlist engine evaluates."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np

__all__ = ["ARITY", "GateNetlist", "Op"]


class Op(IntEnum):
    """What a gate computes of its inputs ``a``, ``b`` and, for the multiplexer, ``s``."""

    BUF = 0
    NOT = 1
    AND = 2
    OR = 3
    XOR = 4
    NAND = 5
    NOR = 6
    XNOR = 7
    ANDNOT = 8
    """``a & ~b``"""
    ORNOT = 9
    """``a | ~b``"""
    MUX = 10
    """``b`` where ``s``, else ``a``"""


ARITY = np.array([1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3], dtype=np.uint8)
"""Inputs by operation."""


@dataclass(frozen=True, eq=False)
class GateNetlist:
    """Gates in an order in which every gate stands after those that drive it.

    Nets are numbered: 0 and 1 are the constants, then come the bits of the inputs, the outputs of
    the registers, and the outputs of the gates in their order.

    Attributes:
        name: Name of the module.
        inputs: Nets of each input port but the clock, lowest bit first.
        outputs: Nets of each output port, lowest bit first.
        op: ``uint8 (gates,)``, see `Op`.
        operands: ``int32 (gates, 3)``: nets of the inputs ``a``, ``b``, ``s``; unused ones are 0.
        driven: ``int32 (gates,)``: the net each gate drives.
        next_state: ``int32 (registers,)``: the net at each register's data input.
        state: ``int32 (registers,)``: the net each register drives.
        initial: ``bool (registers,)``: values before the first clock.
        nets: How many nets there are.
    """

    name: str
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    op: np.ndarray
    operands: np.ndarray
    driven: np.ndarray
    next_state: np.ndarray
    state: np.ndarray
    initial: np.ndarray
    nets: int

    @property
    def gates(self) -> int:
        return len(self.op)

    @property
    def registers(self) -> int:
        return len(self.state)

    @cached_property
    def input_nets(self) -> np.ndarray:
        """Nets of all input bits, port after port."""
        return np.array([n for nets in self.inputs.values() for n in nets], dtype=np.int32)

    @cached_property
    def output_nets(self) -> np.ndarray:
        """Nets of all output bits, port after port."""
        return np.array([n for nets in self.outputs.values() for n in nets], dtype=np.int32)

    @property
    def wires(self) -> int:
        """Bits of the results that are bits of the operands, without any gate between."""
        operands = {n for port, nets in self.inputs.items() if _carries(port) for n in nets}
        results = (n for port, nets in self.outputs.items() if _carries(port) for n in nets)
        return sum(net in operands for net in results)

    def rows(self, port: str) -> slice:
        """Where a port's bits stand among all input bits, or among all output bits."""
        ports = self.inputs if port in self.inputs else self.outputs
        start = 0
        for name, nets in ports.items():
            if name == port:
                return slice(start, start + len(nets))
            start += len(nets)
        raise KeyError(port)

    def counts(self) -> dict[str, int]:
        """Gates by operation."""
        found = np.bincount(self.op, minlength=len(Op))
        return {op.name: int(found[op]) for op in Op if found[op]}


def _carries(port: str) -> bool:
    """Whether a port is part of a payload."""
    return port not in ("rst", "i_valid", "i_ready", "o_valid", "o_ready")
