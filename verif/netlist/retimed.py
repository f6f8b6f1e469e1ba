"""A pipeline without its registers: the gates that one operand meets on its way to its result.

Where all stages move together, a result depends on one operand alone and nothing is fed back, the
registers are wires to whoever follows an operand. So a mutant can be asked about as if the unit had
no clock, which decides it, if nothing but moving and waiting can show it:

* the fault reaches neither the handshake nor a net that is constant while the pipeline moves, so
  that the mutant moves when the unit does, and forgets its state in as many moves as the unit;
* the mutant, like the unit, keeps its state while the result waits;
* so soon after a reset that the state is not forgotten yet, no result is offered.
"""

from collections.abc import Mapping, Sequence

from .clauses import literal
from .detect import CONFLICTS, Answer, Detector
from .faults import OUTPUT, Fault, Kind, fanout, with_fault
from .flow import HANDSHAKE, Flow, find_flow, moving, operand_nets
from .frames import Clause, Frame, follows
from .gates import ARITY, GateNetlist, Op
from .pipelines import all_equal, waiting
from .solver import Solver

__all__ = ["Retimed", "retimed"]

# What a pin must hold to make a gate's output constant, whatever the other one holds.
_FORCING = {
    Op.AND: (0, 0), Op.NAND: (0, 0), Op.OR: (1, 1), Op.NOR: (1, 1),
    Op.ANDNOT: (0, 1), Op.ORNOT: (1, 0),
}  # fmt: skip


class Retimed:
    """Questions about one pipeline.

    Parameters:
        netlist: With a buffer behind each register.
        flow: Its gates without registers.
        given: What all inputs keep to.
    """

    def __init__(self, netlist: GateNetlist, flow: Flow, given: Sequence[Clause]) -> None:
        self._netlist, self._flow, self._still = netlist, flow, flow.still
        places = dict(zip(operand_nets(netlist), flow.netlist.inputs["operand"], strict=True))
        legal = [[literal(places[abs(k) - 1]) * (1 if k > 0 else -1) for k in c] for c in given]
        (valid,) = flow.netlist.outputs["o_valid"]
        seen = {net: [[literal(valid)]] for net in flow.netlist.outputs["o"]}
        self._moving = Detector(flow.netlist, seen, legal)
        self._given = given
        kept = {net: [()] for net in netlist.next_state.tolist()}
        self._waiting = Detector(netlist, kept, [*given, *waiting(netlist)])
        self._starts, self._readers = (part.tolist() for part in fanout(netlist))
        self._following: dict[int, list[int]] = {}
        pairs = zip(netlist.state.tolist(), netlist.next_state.tolist(), strict=True)
        for state, following in pairs:
            self._following.setdefault(following, []).append(state)
        self._handshake = {net for port in HANDSHAKE for net in netlist.outputs[port]}

    @property
    def conflicts(self) -> int:
        """What all questions together have cost."""
        return self._moving.conflicts + self._waiting.conflicts

    def ask(self, fault: Fault, conflicts: int = CONFLICTS) -> Answer:
        """Whether an operand shows the fault, and which: one value for each bit that is offered."""
        gate = fault.gate
        copies = [move for place, move in self._flow.origin if place == gate]
        if len(copies) > 1 or self._disturbs(fault):
            return Answer(None)
        if self._waiting.ask(fault, conflicts).visible is not False and not self._keeps(fault):
            return Answer(None)
        if not copies:
            return Answer(False)
        moved = Fault(self._flow.origin[gate, copies[0]], fault.pin, fault.kind)
        return self._moving.ask(moved, conflicts)

    def _keeps(self, fault: Fault) -> bool:
        """Whether the mutant keeps at least a state that its own move has led to."""
        spoilt = with_fault(self._netlist, fault)
        move, wait = Frame(spoilt, 0), Frame(spoilt, spoilt.nets)
        with Solver() as solver:
            for frame, how in ((move, moving(spoilt)), (wait, waiting(spoilt))):
                solver.add(frame.clauses())
                solver.add(frame.moved(clause) for clause in [*self._given, *how])
            solver.add(follows(move, wait))
            # A register that reads as a constant is kept, whatever is in it.
            stuck = fault.gate if fault.kind != Kind.INVERTED else -1
            pairs = [
                (wait(state), wait(following))
                for register, (state, following) in enumerate(
                    zip(spoilt.state.tolist(), spoilt.next_state.tolist(), strict=True)
                )
                if register != stuck
            ]
            return all_equal(solver, pairs, 2 * spoilt.nets)

    def _disturbs(self, fault: Fault) -> bool:
        """Whether the fault reaches the handshake, or a constant while the pipeline moves."""
        everywhere, _ = self._reached(fault, {})
        if not everywhere.isdisjoint(self._handshake):
            return True
        # Constants stop the fault, as long as it reaches none of those that make them constant.
        reached, relied = self._reached(fault, self._still)
        if reached and fault.pin != OUTPUT:
            reached.add(int(self._netlist.operands[fault.gate, fault.pin]))
        return not reached.isdisjoint(self._still.keys() | relied)

    def _reached(self, fault: Fault, still: Mapping[int, int]) -> tuple[set[int], set[int]]:
        """The nets that a fault can change, now or later; and the constants that were believed."""
        n = self._netlist
        relied: set[int] = set()
        begin = self._stopped(fault.gate, fault.pin, still)
        if begin and fault.pin != OUTPUT:
            return set(), begin
        seen = {int(n.driven[fault.gate])}
        front = list(seen)
        while front:
            net = front.pop()
            after = list(self._following.get(net, ()))
            for gate in self._readers[self._starts[net] : self._starts[net + 1]]:
                stopping = self._stopped(gate, None, still)
                relied |= stopping
                after += [] if stopping else [int(n.driven[gate])]
            for other in after:
                if other not in seen:
                    seen.add(other)
                    front.append(other)
        return seen, relied

    def _stopped(self, gate: int, spoilt: int | None, still: Mapping[int, int]) -> set[int]:
        """Constant pins, but for a spoilt one, that make a gate's output constant by themselves."""
        n = self._netlist
        op = Op(int(n.op[gate]))
        pins = n.operands[gate, : ARITY[op]].tolist()
        held = {k: still[net] for k, net in enumerate(pins) if net in still and k != spoilt}
        if op == Op.MUX:
            chosen = held.get(2)
            return {pins[2], pins[chosen]} if chosen is not None and chosen in held else set()
        for pin, level in held.items():
            if op in _FORCING and _FORCING[op][pin] == level:
                return {pins[pin]}
        return set(pins) if len(held) == len(pins) else set()


def retimed(netlist: GateNetlist, given: Sequence[Clause], moves: int) -> Retimed | None:
    """The pipeline of so many stages that a netlist is, if that can be proven."""
    flow = find_flow(netlist, given, moves)
    return None if flow is None else Retimed(netlist, flow, given)
