"""What registers never hold together: bounds of counters, one state of several, flags that agree.

A solver that may begin in any state begins in many that never come about: a counter of nine cycles
at twelve, a beat under way that nobody offers. Simulation guesses which values of two bits, of
registers or of the bounds of the stream, never meet. A guess is kept if it holds initially and if,
where all that are kept hold, they hold in the cycle after (temporal induction with as many as can
be kept: C. van Eijk, IEEE Transactions on Computer-Aided Design 19, 2000; the weeding out after
C. Flanagan and K. Leino's Houdini, FME 2001).

The stream's rule is believed: what is offered and not taken is offered still in the next cycle,
unless there is a reset.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from .clauses import literal
from .evaluate import Evaluator
from .frames import Clause, Frame, equal, follows
from .gates import GateNetlist
from .solver import Solver

__all__ = ["find_invariants", "offers_stay"]

_WORDS, _CYCLES, _EVERY = 16, 96, 3
#: Registers beyond which pairs are too many, guesses that are tried, and what a question may cost.
_MOST_BITS, _MOST_GUESSES, _CONFLICTS = 700, 60_000, 20_000
_BOUNDS = ("i_valid", "i_first", "i_last")
_ALL = ~np.uint64(0)


def find_invariants(
    netlist: GateNetlist, given: Sequence[Clause], more: Sequence[Clause] = ()
) -> list[Clause]:
    """Clauses of two literals that all states that can be reached keep to; those with an input, in
    all cycles but those of reset.

    Parameters:
        netlist: Which.
        given: What all inputs keep to.
        more: Guesses of more registers than two.
    """
    inputs = [net for port in _BOUNDS for net in netlist.inputs.get(port, ())]
    nets = [*netlist.state.tolist(), *inputs]
    if not netlist.registers or len(nets) > _MOST_BITS:
        return []
    guesses = [*_guesses(_samples(netlist, nets, given), np.array(nets)), *more]
    own = set(inputs)
    resets = [-literal(net) for net in netlist.inputs.get("rst", ())]
    with_input = [any(abs(k) - 1 in own for k in guess) for guess in guesses]
    kept = np.ones(len(guesses), bool)
    for initially in (True, False):
        if not _weed(netlist, given, guesses, with_input, kept, resets, initially):
            return []
    free = [-k for k in resets]
    return [
        [*guesses[k], *free] if with_input[k] else guesses[k] for k in np.flatnonzero(kept).tolist()
    ]


def offers_stay(before: Frame, after: Frame) -> Iterator[Clause]:
    """What was offered and not taken is offered still, unless there was a reset, or is one."""
    (valid,), (ready,) = before.port("i_valid"), before.port("i_ready")
    free = [-valid, ready, *before.port("rst"), *after.port("rst")]
    yield [*free, *after.port("i_valid")]
    for port in before.netlist.inputs:
        if port.startswith("i_"):
            for a, b in zip(before.port(port), after.port(port), strict=True):
                yield from ([*free, *clause] for clause in equal(a, b))


def _samples(
    netlist: GateNetlist, nets: Sequence[int], given: Sequence[Clause]
) -> np.ndarray:
    """Planes of some nets, from cycles of many machines side by side."""
    rng = np.random.default_rng(0)
    evaluator = Evaluator(netlist)
    reset = np.zeros(_WORDS, np.uint64)
    ins, outs = len(netlist.input_nets), len(netlist.output_nets)
    rows = np.zeros((ins + netlist.registers, _WORDS), np.uint64)
    rows[ins:] = np.where(netlist.initial, _ALL, np.uint64(0))[:, None]
    place = {int(net): k for k, net in enumerate([*netlist.input_nets, *netlist.state])}
    chosen = [place[net] for net in nets]
    # What stands behind the registers' buffers is the same.
    place |= {int(net): ins + k for k, net in enumerate(netlist.driven[: netlist.registers])}
    (ready,) = range(*netlist.rows("i_ready").indices(outs))
    offered = [range(*netlist.rows(p).indices(ins)) for p in netlist.inputs if p.startswith("i_")]
    fields = [row for port in offered for row in port]
    valid = netlist.rows("i_valid").start
    # Those that end with a payload's bit hold if that bit makes them hold.
    carried = {net for p, nets in netlist.inputs.items() if p.startswith("i_") for net in nets}
    mended = [c for c in given if abs(c[-1]) - 1 in carried and len(c) > 1
              and all(abs(k) - 1 in place for k in c)]  # fmt: skip
    found, waits, last = [], np.zeros(_WORDS, np.uint64), rows[chosen]
    for cycle in range(_CYCLES):
        fresh = rng.integers(0, 1 << 64, (ins, _WORDS), np.uint64)
        # Busy, and a reset now and then.
        fresh[valid] |= rng.integers(0, 1 << 64, _WORDS, np.uint64)
        if "rst" in netlist.inputs:
            few = rng.integers(0, 1 << 64, (5, _WORDS), np.uint64)
            reset = np.bitwise_and.reduce(few, axis=0)
            fresh[netlist.rows("rst")] = reset
            waits = waits & ~reset
        fresh[fields] = rows[fields] & waits | fresh[fields] & ~waits
        rows[:ins] = fresh
        for clause in mended:
            *others, (row, one) = ((place[abs(k) - 1], k > 0) for k in clause)
            wrong = np.bitwise_and.reduce([~rows[r] if o else rows[r] for r, o in others]) & ~reset
            rows[row] = rows[row] | wrong if one else rows[row] & ~wrong
        # Nothing is said of cycles of reset.
        last = last & reset | rows[chosen] & ~reset
        if cycle % _EVERY == 0:
            found.append(last)
        out = evaluator(rows)
        rows[ins:] = out[outs:]
        waits = rows[valid] & ~out[ready] & ~reset
    return np.concatenate(found, axis=1)


def _guesses(planes: np.ndarray, nets: np.ndarray) -> list[Clause]:
    """For each pair of values of two nets that never met, or a value that none had, its clause."""
    values = np.concatenate([planes, ~planes])
    literals = np.concatenate([nets + 1, -(nets + 1)])
    ever = values.any(axis=1)
    clauses: list[Clause] = [[-k] for k in literals[~ever].tolist()]
    rows = np.flatnonzero(ever)
    for n, row in enumerate(rows):
        others = rows[n + 1 :]
        never = ~(values[others] & values[row]).any(axis=1)
        # A value and its opposite never meet.
        never &= literals[others] != -literals[row]
        clauses += ([-int(literals[row]), -k] for k in literals[others[never]].tolist())
        if len(clauses) > _MOST_GUESSES:
            return []
    return clauses


def _weed(
    netlist: GateNetlist,
    given: Sequence[Clause],
    guesses: Sequence[Clause],
    with_input: Sequence[bool],
    kept: np.ndarray,
    resets: Sequence[int],
    initially: bool,
) -> bool:
    """Give up guesses that do not hold initially, or in the cycle after one where all hold; whether
    that was decided."""
    frames = [Frame(netlist, 0), Frame(netlist, netlist.nets)]
    spare = 2 * netlist.nets
    with Solver() as solver:
        for frame in frames:
            solver.add(frame.clauses())
            solver.add(frame.moved(clause) for clause in given)
        if initially:
            levels = zip(netlist.state.tolist(), netlist.initial.tolist(), strict=True)
            solver.add([literal(net) if one else -literal(net)] for net, one in levels)
        else:
            solver.add(follows(*frames))
            solver.add(offers_stay(*frames))
        then = frames[0 if initially else 1]
        awake = then.moved(resets)
        assumed, broken = {}, {}
        for k in np.flatnonzero(kept).tolist():
            assumed[k], broken[k] = spare + 1, spare + 2
            spare += 2
            free = [-x for x in resets] if with_input[k] else []
            if not initially:
                solver.add([[-assumed[k], *guesses[k], *free]])
            solver.add([-broken[k], -x] for x in then.moved(guesses[k]))
            if with_input[k]:
                solver.add([-broken[k], x] for x in awake)
        while True:
            left = np.flatnonzero(kept).tolist()
            spare += 1
            solver.add([[-spare, *(broken[k] for k in left)]])
            found = solver.solve([spare, *(assumed[k] for k in left)], _CONFLICTS)
            solver.add([[-spare]])
            if found is not True:
                return found is False
            true = solver.true()
            for k in left:
                if all(x not in true for x in then.moved(guesses[k]) if x > 0) and all(
                    -x in true for x in then.moved(guesses[k]) if x < 0
                ) and not (with_input[k] and any(-x in true for x in awake)):  # fmt: skip
                    kept[k] = False
