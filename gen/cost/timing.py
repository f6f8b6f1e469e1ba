"""Arrival times over a netlist of the project's own cells: one topological pass.

Linear model: a cell's delay is its intrinsic delay plus its output resistance times the gate
capacitance it drives; wires have none. Inputs start at zero behind an inverter of twice unit drive,
whose intrinsic delay belongs to whoever drives it; outputs carry four unit loads. The clock is
ideal, so a path from a register starts with its clock-to-output delay, and one into a register ends
with its setup time.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from .cells import CELLS, FLIP_FLOPS, FO4
from .netlist import Bit, Instance, Netlist

__all__ = ["DRIVER", "GROUPS", "OUTPUT_LOAD", "Path", "Step", "worst_paths"]

DRIVER = "INV_X2"
"""The cell assumed in front of every input."""

OUTPUT_LOAD = 4.0
"""Load on every output, in gate columns: four unit inverters."""

GROUPS = ("input_to_register", "register_to_register", "register_to_output", "input_to_output")


@dataclass(frozen=True)
class Step:
    """A cell on a path, the net it drives, and when that net settles, in tau."""

    cell: str
    net: str
    arrival: float

    @property
    def fo4(self) -> float:
        """The arrival in fan-out-of-four inverter delays."""
        return self.arrival / FO4


@dataclass(frozen=True)
class Path:
    """A path from a port or register to a port or register; ``delay`` in tau."""

    start: str
    end: str
    delay: float
    steps: tuple[Step, ...]

    @property
    def fo4(self) -> float:
        """Delay in fan-out-of-four inverter delays."""
        return self.delay / FO4


@dataclass
class _Arrivals:
    """Latest arrival at each net from one kind of start, with the pin it came through."""

    time: dict[Bit, float] = field(default_factory=dict)
    via: dict[Bit, tuple[Instance, Bit | None]] = field(default_factory=dict)


def _loads(netlist: Netlist) -> dict[Bit, float]:
    loads: dict[Bit, float] = defaultdict(float)
    for instance in netlist.instances:
        pins = (CELLS.get(instance.cell) or FLIP_FLOPS[instance.cell]).pins
        for pin, capacitance in pins.items():
            loads[instance.pins[pin]] += capacitance
    for bit in netlist.outputs.values():
        loads[bit] += OUTPUT_LOAD
    return loads


def _ordered(netlist: Netlist) -> list[Instance]:
    drivers = {i.pins["Y"]: i for i in netlist.instances if i.cell in CELLS}
    before = {
        out: {bit for pin, bit in i.pins.items() if pin != "Y" and bit in drivers}
        for out, i in drivers.items()
    }
    try:
        return [drivers[bit] for bit in TopologicalSorter(before).static_order()]
    except CycleError as error:
        loop = " -> ".join(netlist.name(bit) for bit in error.args[1])
        raise ValueError(f"The unit must be free of combinational loops, not {loop}") from None


def _trace(netlist: Netlist, arrivals: _Arrivals, bit: Bit, end: str, delay: float) -> Path:
    steps: list[Step] = []
    start: Bit | None = bit
    while start is not None and start in arrivals.via:
        instance, source = arrivals.via[start]
        steps.append(Step(instance.cell, netlist.name(start), arrivals.time[start]))
        if source is None:  # a register's output: it is both a step and the start
            break
        start = source
    return Path(netlist.name(start or bit), end, delay, tuple(reversed(steps)))


def worst_paths(netlist: Netlist) -> dict[str, Path]:
    """The worst path of each of ``GROUPS`` that the netlist has.

    Raises:
        ValueError: if the netlist has a combinational loop.
    """
    loads = _loads(netlist)
    flops = [i for i in netlist.instances if i.cell in FLIP_FLOPS]
    clocks = {i.pins["C"] for i in flops}
    inputs, registers = _Arrivals(), _Arrivals()
    for bit in netlist.inputs.values():
        if bit not in clocks:
            inputs.time[bit] = CELLS[DRIVER].resistance * loads[bit]
    for flop in flops:
        kind, bit = FLIP_FLOPS[flop.cell], flop.pins["Q"]
        registers.time[bit] = kind.clock_to_q + kind.resistance * loads[bit]
        registers.via[bit] = (flop, None)
    for instance in _ordered(netlist):
        cell, out = CELLS[instance.cell], instance.pins["Y"]
        loaded = cell.resistance * loads[out]
        for arrivals in (inputs, registers):
            best = -1.0
            for pin, intrinsic in cell.intrinsic.items():
                source = instance.pins[pin]
                if source in arrivals.time and arrivals.time[source] + intrinsic > best:
                    best = arrivals.time[source] + intrinsic
                    arrivals.via[out] = (instance, source)
            if best >= 0:
                arrivals.time[out] = best + loaded
    ends = [(bit, name, 0.0, "output") for name, bit in netlist.outputs.items()]
    for flop in flops:
        kind = FLIP_FLOPS[flop.cell]
        ends += [
            (flop.pins[pin], netlist.name(flop.pins["Q"]), kind.setup, "register")
            for pin in kind.pins
        ]
    found: dict[str, Path] = {}
    for group in GROUPS:
        start, _, end = group.partition("_to_")
        arrivals = inputs if start == "input" else registers
        reached = [
            (arrivals.time[bit] + setup, bit, name)
            for bit, name, setup, kind in ends
            if kind == end and bit in arrivals.time
        ]
        if reached:
            delay, bit, name = max(reached, key=lambda item: item[0])
            found[group] = _trace(netlist, arrivals, bit, name, delay)
    return found
