"""The netlist that is costed, as simple gates for the engine, with the capacitance of each net.

A library cell is a few stages, each a network of transistors: every stage becomes simple gates, of
which only the last one's output is a net of the cell, so that what switches inside a cell of
several stages counts too. A net's capacitance is that of the gate columns that it drives, in units
of one column: of cells' pins, of a cell's own next stage, and at an output the load that timing
assumes. A flip-flop's inside counts with its output and with the clock.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from graphlib import CycleError, TopologicalSorter

import numpy as np

from ...gen.cost.cells import CELLS, FLIP_FLOPS, Cell, FlipFlop
from ...gen.cost.netlist import Bit, Instance, Netlist
from ...gen.cost.stages import Network
from ...gen.cost.timing import OUTPUT_LOAD
from ..netlist import GateNetlist, NetlistError, Op

__all__ = ["CLOCK", "CostedNetlist", "Part", "costed"]

# As in `FlipFlop.clock_to_q`: the clock's first inverter drives the second one and half of four
# clocked pairs, the second one the other half; the clock's own pin comes on top.
_CLOCK_INSIDE = 3.0 + 2.0
# With the output switch the inputs of master inverter, its feedback, slave inverter, its feedback,
# and of the output inverter, which is as large as the drive.
_LATCHES = 4.0
# In front of a flip-flop with enable; it drives the clocked inverter.
_CHOICE, _ENTRY = Cell("MUX2I", 1), 1.0

CLOCK = 2 * (FlipFlop.clock_capacitance + _CLOCK_INSIDE)
"""What a cycle of the clock switches in each flip-flop, in columns: it rises, and it falls."""


class Part(IntEnum):
    """What drives a net."""

    INPUTS = 0
    LOGIC = 1
    REGISTERS = 2


@dataclass(frozen=True, eq=False)
class CostedNetlist:
    """Gates in the engine's form, and what each net weighs.

    Attributes:
        netlist: The gates, with all registers at 0 before the first clock.
        capacitance: ``float64 (nets,)``: columns that switch when the net does.
        part: ``uint8 (nets,)``, see `Part`.
    """

    netlist: GateNetlist
    capacitance: np.ndarray
    part: np.ndarray


class _Builder:
    """Simple gates, one after the other."""

    def __init__(self) -> None:
        self.number: dict[Bit, int] = {"0": 0, "1": 1, "x": 0, "z": 0}
        self.nets = 2
        self.capacitance: dict[int, float] = defaultdict(float)
        self.part: dict[int, Part] = {}
        self.op: list[Op] = []
        self.operands: list[tuple[int, int, int]] = []
        self.driven: list[int] = []

    def net(self, part: Part, bit: Bit | None = None) -> int:
        if bit is not None:
            self.number[bit] = self.nets
        self.part[self.nets] = part
        self.nets += 1
        return self.nets - 1

    def gate(self, op: Op, a: int, b: int = 0, bit: Bit | None = None) -> int:
        self.op.append(op)
        self.operands.append((a, b, 0))
        self.driven.append(self.net(Part.LOGIC, bit))
        return self.driven[-1]

    def network(self, network: Network, pins: Mapping[str, int]) -> int:
        """Whether a network conducts."""
        if not network.parts:
            return pins[network.op]
        nets = [self.network(part, pins) for part in network.parts]
        op = Op.AND if network.op == "*" else Op.OR
        while len(nets) > 1:
            nets = [self.gate(op, nets[0], nets[1]), *nets[2:]]
        return nets[0]

    def cell(self, cell: Cell, pins: Mapping[str, int], bit: Bit | None = None) -> int:
        """The stages of a cell; the net of its output."""
        nodes = dict(pins)
        for node, (stage, _) in cell.stages.items():
            conducts = self.network(stage.network, nodes)
            nodes[node] = self.gate(Op.NOT, conducts, bit=bit if node == "Y" else None)
        for node, load in cell.loads.items():
            self.capacitance[nodes[node]] += load
        return nodes["Y"]

    def next_state(self, flop: FlipFlop, pins: Mapping[str, int], q: int) -> int:
        """The gates that a flip-flop has before its latches."""
        self.capacitance[q] += _LATCHES + flop.drive
        data = pins["D"]
        if "E" in flop.pins:
            chosen = self.cell(_CHOICE, {"A": q, "B": data, "S": pins["E"]})
            self.capacitance[chosen] += _ENTRY
            data = self.gate(Op.NOT, chosen)
        else:
            self.capacitance[data] += flop.pins["D"]
        if "RN" in flop.pins:
            self.capacitance[pins["RN"]] += flop.pins["RN"]
            data = self.gate(Op.AND, pins["RN"], data)
        if "S" in flop.pins:
            self.capacitance[pins["S"]] += flop.pins["S"]
            data = self.gate(Op.OR, pins["S"], data)
        return data


def costed(netlist: Netlist, name: str) -> CostedNetlist:
    """The netlist of library cells, as gates with capacitances.

    Raises:
        NetlistError: if a net is driven by nothing, or cells drive each other in a ring.
    """
    made = _Builder()
    flops = [i for i in netlist.instances if i.cell in FLIP_FLOPS]
    clocks = {i.pins["C"] for i in flops}
    for bit in netlist.inputs.values():
        if bit not in clocks:
            made.net(Part.INPUTS, bit)
    state = [made.net(Part.REGISTERS, i.pins["Q"]) for i in flops]
    for instance in _ordered(netlist, name):
        pins = {pin: _net(made, bit, name) for pin, bit in instance.pins.items() if pin != "Y"}
        made.cell(CELLS[instance.cell], pins, instance.pins["Y"])
    following = []
    for instance, q in zip(flops, state, strict=True):
        flop = FLIP_FLOPS[instance.cell]
        pins = {pin: _net(made, instance.pins[pin], name) for pin in flop.pins}
        following.append(made.next_state(flop, pins, q))
    outputs = _ports(netlist.outputs, made, name)
    for net in (n for nets in outputs.values() for n in nets):
        made.capacitance[net] += OUTPUT_LOAD
    gates = GateNetlist(
        name=name,
        inputs=_ports({n: b for n, b in netlist.inputs.items() if b not in clocks}, made, name),
        outputs=outputs,
        op=np.array(made.op, np.uint8),
        operands=np.array(made.operands, np.int32).reshape(-1, 3),
        driven=np.array(made.driven, np.int32),
        next_state=np.array(following, np.int32),
        state=np.array(state, np.int32),
        initial=np.zeros(len(flops), bool),
        nets=made.nets,
    )
    numbers = range(made.nets)
    return CostedNetlist(
        gates,
        np.array([made.capacitance.get(n, 0.0) if n > 1 else 0.0 for n in numbers]),
        np.array([made.part.get(n, Part.LOGIC) for n in numbers], np.uint8),
    )


def _net(made: _Builder, bit: Bit, name: str) -> int:
    if bit not in made.number:
        raise NetlistError(f"The netlist of {name} has a net that nothing drives")
    return made.number[bit]


def _ports(bits: Mapping[str, Bit], made: _Builder, name: str) -> dict[str, tuple[int, ...]]:
    """Ports of the bits named as in ``a[3]``, which stand side by side."""
    ports: dict[str, list[int]] = {}
    for bit_name, bit in bits.items():
        ports.setdefault(bit_name.partition("[")[0], []).append(_net(made, bit, name))
    return {port: tuple(nets) for port, nets in ports.items()}


def _ordered(netlist: Netlist, name: str) -> list[Instance]:
    drivers = {i.pins["Y"]: i for i in netlist.instances if i.cell in CELLS}
    before = {
        out: [bit for pin, bit in i.pins.items() if pin != "Y" and bit in drivers]
        for out, i in drivers.items()
    }
    try:
        return [drivers[bit] for bit in TopologicalSorter(before).static_order()]
    except CycleError:
        raise NetlistError(f"The netlist of {name} must have no loop, and it has one") from None
