"""A netlist as instructions over few places: a net's place is used again once nobody reads it."""

from dataclasses import dataclass

import numpy as np

from .gates import ARITY, GateNetlist

__all__ = ["Program", "program"]


@dataclass(frozen=True, eq=False)
class Program:
    """Gates in order, with places for nets. Places 0 and 1 hold the constants.

    A gate's own place is none of those that it reads.

    Attributes:
        op, operands, driven: as in `GateNetlist`, with places.
        inputs: Places of the input bits, then of the registers' outputs.
        outputs: Places of the watched nets.
        places: How many there are: the most nets that live at once, about.
    """

    op: np.ndarray
    operands: np.ndarray
    driven: np.ndarray
    inputs: np.ndarray
    outputs: np.ndarray
    places: int


def program(netlist: GateNetlist, watched: np.ndarray) -> Program:
    """Instructions that leave the values of the ``watched`` nets."""
    last = np.full(netlist.nets, -1)
    for pin in range(3):
        reads = np.flatnonzero(ARITY[netlist.op] > pin)
        np.maximum.at(last, netlist.operands[reads, pin], reads)
    last[watched] = netlist.gates
    last[:2] = netlist.gates
    place = np.zeros(netlist.nets, np.int32)
    sources = np.concatenate([[0, 1], netlist.input_nets, netlist.state])
    place[sources] = np.arange(len(sources))
    dying: list[list[int]] = [[] for _ in range(netlist.gates + 1)]
    for net in np.flatnonzero(last >= 0).tolist():
        dying[last[net]].append(net)
    free: list[int] = []
    used = len(sources)
    for gate, net in enumerate(netlist.driven.tolist()):
        if free:
            place[net] = free.pop()
        else:
            place[net], used = used, used + 1
        free += place[dying[gate]].tolist()
        if last[net] < 0:  # nobody reads it
            free.append(int(place[net]))
    return Program(
        netlist.op,
        np.ascontiguousarray(place[netlist.operands]),
        place[netlist.driven],
        place[sources[2:]],
        place[watched],
        used,
    )
