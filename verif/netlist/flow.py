"""From an operand to its result through a pipeline: the gates, at the moves at which they count.

All stages move together. While they do, some nets are constant, so that no register holds its
value; and what a result depends on, move by move back to the operand, is a netlist without
registers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .clauses import literal, netlist_clauses
from .evaluate import Evaluator
from .frames import Clause, Frame, follows
from .gates import ARITY, GateNetlist, Op
from .pipelines import waits
from .solver import Solver

__all__ = ["HANDSHAKE", "Flow", "find_flow", "moving", "operand_nets"]

HANDSHAKE = ("i_ready", "o_valid")
_ENOUGH = 2_000
_SAMPLES = 64


@dataclass(frozen=True, eq=False)
class Flow:
    """What was found.

    Attributes:
        netlist: The gates between operand and result.
        origin: The number there of each of the unit's gates, at each of the moves.
        still: Nets of the unit that are constant while it moves.
    """

    netlist: GateNetlist
    origin: dict[tuple[int, int], int]
    still: dict[int, int]


def find_flow(netlist: GateNetlist, given: Sequence[Clause], moves: int) -> Flow | None:
    """The way through so many stages, if that is what a netlist can be proven to be.

    Parameters:
        netlist: With a buffer behind each register.
        given: What all inputs keep to.
        moves: How many stages.
    """
    if not moves or not waits(netlist, given) or not _silent(netlist, given, moves):
        return None
    return _way(netlist, _still(netlist, given), moves)


def operand_nets(netlist: GateNetlist) -> list[int]:
    """The bits of an operand and whether it is offered, in the order of the ports."""
    return [n for port, nets in netlist.inputs.items() if port.startswith("i_") for n in nets]


def moving(netlist: GateNetlist) -> list[Clause]:
    """That a result does not wait, and there is no reset."""
    (valid,), (ready,) = netlist.outputs["o_valid"], netlist.inputs["o_ready"]
    awake = [[-literal(net)] for net in netlist.inputs.get("rst", ())]
    return [*awake, [-literal(valid), literal(ready)]]


def _silent(netlist: GateNetlist, given: Sequence[Clause], moves: int) -> bool:
    """Whether nothing is offered until so many moves after a reset, or after the beginning."""
    for reset in (True, False):
        frames = [Frame(netlist, netlist.nets * k) for k in range(moves + reset)]
        with Solver() as solver:
            for k, frame in enumerate(frames):
                solver.add(frame.clauses())
                solver.add(frame.moved(c) for c in given)
                if k:
                    solver.add(follows(frames[k - 1], frame))
                if k or not reset:
                    solver.add(frame.moved(c) for c in moving(netlist))
            if reset and "rst" not in netlist.inputs:
                return False
            if reset:
                solver.add([[k] for k in frames[0].port("rst")])
            else:
                pairs = zip(netlist.state.tolist(), netlist.initial.tolist(), strict=True)
                solver.add([[frames[0](net) * (1 if one else -1)] for net, one in pairs])
            solver.add([[k for frame in frames[reset:] for k in frame.port("o_valid")]])
            if solver.solve([], _ENOUGH) is not False:
                return False
    return True


def _still(netlist: GateNetlist, given: Sequence[Clause]) -> dict[int, int]:
    """Nets that are constant while the pipeline moves: guessed by simulation, and proven."""
    rng = np.random.default_rng(0)
    rows = len(netlist.input_nets) + netlist.registers
    planes = rng.integers(0, 1 << 64, (rows, _SAMPLES), np.uint64)
    planes[netlist.rows("o_ready")] = ~np.uint64(0)
    planes[netlist.rows("rst")] = 0
    values = Evaluator(netlist, watched=np.arange(netlist.nets))(planes)
    found = {}
    with Solver() as solver:
        solver.add(netlist_clauses(netlist))
        solver.add([*given, *moving(netlist)])
        for level, plane in ((0, np.uint64(0)), (1, ~np.uint64(0))):
            for net in np.flatnonzero((values == plane).all(axis=1)).tolist():
                against = literal(net) * (-1 if level else 1)
                if net > 1 and solver.solve([against], _ENOUGH) is False:
                    found[net] = level
    return found


def _way(netlist: GateNetlist, still: dict[int, int], moves: int) -> Flow | None:
    """What a result depends on, back to the operand; None if on a state of before."""
    driver = {net: gate for gate, net in enumerate(netlist.driven.tolist())}
    before = dict(zip(netlist.state.tolist(), netlist.next_state.tolist(), strict=True))
    ops, operands = netlist.op.tolist(), netlist.operands.tolist()
    results = [n for port, nets in netlist.outputs.items() if port not in HANDSHAKE for n in nets]
    ends = [*results, *netlist.outputs["o_valid"]]

    def source(move: int, net: int) -> tuple[int, int]:
        while net in before and move:
            move, net = move - 1, before[net]
        return move, net if move == moves else still.get(net, net)

    def pins(move: int, gate: int) -> list[int | None]:
        """The nets that count at a gate's pins; constants are nets 0 and 1."""
        nets: list[int | None] = list(operands[gate][: ARITY[ops[gate]]])
        if move == moves:
            return nets
        nets = [still.get(net, net) if net is not None else None for net in nets]
        if ops[gate] == Op.MUX and nets[2] in (0, 1):
            nets[1 - int(nets[2] or 0)] = None
        return nets

    places: set[tuple[int, int]] = set()
    gates: set[tuple[int, int]] = set()
    front = [source(moves, net) for net in ends]
    while front:
        move, net = place = front.pop()
        if place in places or net < 2:
            continue
        places.add(place)
        if net in before:
            return None
        if net in driver:
            gates.add((move, driver[net]))
            front += [source(move, n) for n in pins(move, driver[net]) if n is not None]
    number = {(0, net): 2 + k for k, net in enumerate(operand_nets(netlist))}
    operand = tuple(number.values())
    others = sorted(place for place in places - number.keys() if place[1] not in driver)
    number |= {place: 2 + len(number) + k for k, place in enumerate(others)}
    order = sorted(gates)
    first = 2 + len(number)
    number |= {(m, int(netlist.driven[g])): first + k for k, (m, g) in enumerate(order)}

    def net_of(move: int, net: int | None) -> int:
        if net is None:
            return 0
        place = source(move, net)
        return place[1] if place[1] < 2 else number[place]

    table = np.zeros((len(order), 3), np.int32)
    for k, (move, gate) in enumerate(order):
        for pin, net in enumerate(pins(move, gate)):
            table[k, pin] = net_of(move, net)
    made = replace(
        netlist,
        inputs={"operand": operand, "others": tuple(number[place] for place in others)},
        outputs={
            "o": tuple(net_of(moves, net) for net in results),
            "o_valid": tuple(net_of(moves, net) for net in netlist.outputs["o_valid"]),
        },
        op=np.array([ops[gate] for _, gate in order], np.uint8),
        operands=table,
        driven=np.arange(first, first + len(order), dtype=np.int32),
        next_state=np.zeros(0, np.int32),
        state=np.zeros(0, np.int32),
        initial=np.zeros(0, bool),
        nets=first + len(order),
    )
    origin = {(gate, move): k for k, (move, gate) in enumerate(order)}
    return Flow(made, origin, still)
