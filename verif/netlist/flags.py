"""Registers that say that others do not matter: what a sum is once it is NaN, nobody sees.

They are guessed from states at random, in which each register in turn is inverted. A register does
not matter under a flag if no output changes, and of the next values only such as do not matter
then. Flags are ordered, and each may stand for others only under those that come before it; so of
registers that do not matter one after the other can be inverted, and none begins to matter.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from .clauses import literal
from .evaluate import Evaluator
from .gates import GateNetlist

__all__ = ["guess_flags"]

_WORDS = 16
#: Registers beyond which it would take long, flags at most, and what one must stand for at least.
_MOST_REGISTERS, _MOST_FLAGS, _LEAST = 600, 8, 2
#: In so many of the states at random a register must matter for its silence to say anything.
_OFTEN = _WORDS * 64 // 32


def guess_flags(
    netlist: GateNetlist, controls: Mapping[int, bool], idle: Mapping[int, Sequence[int]]
) -> dict[int, list[int]]:
    """For the number of a register, literals under which it does not seem to matter.

    Parameters:
        netlist: With a buffer behind each register.
        controls: Registers that always matter.
        idle: What is known to make registers idle.
    """
    count = netlist.registers
    if not 1 < count <= _MOST_REGISTERS:
        return {}
    now, following, matters, reached = _inverted(netlist, idle)
    levels = np.concatenate([now, ~now])
    after = np.concatenate([following, ~following])
    others = np.array([k not in controls for k in range(count)])
    # Of each flag, and level of it, the registers that do not matter then.
    often = _ones(matters | np.bitwise_or.reduce(reached, axis=1)) >= _OFTEN
    stands = ((matters[None] & levels[:, None]) == 0).all(axis=2) & others & often
    stands &= (_ones(levels) >= _OFTEN)[:, None]
    stands[np.arange(2 * count), np.tile(np.arange(count), 2)] = False
    stands[np.flatnonzero(np.tile(~others, 2))] = False
    while True:
        # What has an effect on registers that will not matter has none.
        still = np.zeros_like(following)
        for flag in np.flatnonzero(stands.any(axis=1)).tolist():
            still[stands[flag]] |= after[flag]
        heard = np.bitwise_or.reduce(reached & ~still, axis=1) | matters
        kept = stands & ((heard[None] & levels[:, None]) == 0).all(axis=2)
        kept[kept.sum(axis=1) < _LEAST] = False
        if np.array_equal(kept, stands):
            break
        stands = kept
    return _ordered(netlist, idle, stands)


def _ordered(
    netlist: GateNetlist, idle: Mapping[int, Sequence[int]], stands: np.ndarray
) -> dict[int, list[int]]:
    """Of the flags those that stand for most, in an order in which none stands for one before."""
    count = netlist.registers
    sizes = stands.sum(axis=1)
    chosen = [f for f in np.argsort(-sizes, kind="stable")[:_MOST_FLAGS].tolist() if sizes[f]]
    found: dict[int, list[int]] = {}
    # The first place of one of which both levels are chosen.
    rank = {flag % count: place for place, flag in reversed([*enumerate(chosen)])}
    for place, flag in enumerate(chosen):
        own = flag % count
        said = literal(int(netlist.driven[own])) * (1 if flag < count else -1)
        for k in np.flatnonzero(stands[flag]).tolist():
            if rank.get(k, place + 1) > place:
                found.setdefault(k, []).append(said)
    return found


def _inverted(
    netlist: GateNetlist, idle: Mapping[int, Sequence[int]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """States at random; what follows each; for each register where its inversion changes outputs,
    or next values of registers that are not known to be idle then; and which of these others."""
    rng = np.random.default_rng(0)
    ins, outs, count = len(netlist.input_nets), len(netlist.output_nets), netlist.registers
    planes = rng.integers(0, 1 << 64, (ins + count, _WORDS), np.uint64)
    planes[netlist.rows("rst")] = 0
    evaluate = Evaluator(netlist)
    sound = evaluate(planes)
    valid = sound[netlist.rows("o_valid")]
    fields = [row for port in netlist.outputs if port.startswith("o_") and port != "o_valid"
              for row in range(*netlist.rows(port).indices(outs))]  # fmt: skip
    following = sound[outs:]
    place = {literal(int(net)): k for k, net in enumerate(netlist.driven[:count])}
    awake = np.full_like(following, ~np.uint64(0))
    for k, literals in idle.items():
        for x in literals:
            level = following[place[abs(x)]]
            awake[k] &= ~level if x > 0 else level
    matters = np.zeros((count, _WORDS), np.uint64)
    reached = np.zeros((count, count, _WORDS), np.uint64)
    for k in range(count):
        planes[ins + k] = ~planes[ins + k]
        changed = evaluate(planes) ^ sound
        planes[ins + k] = ~planes[ins + k]
        changed[fields] &= valid
        matters[k] = np.bitwise_or.reduce(changed[:outs], axis=0)
        reached[k] = changed[outs:] & awake
    return planes[ins:], following, matters, reached


def _ones(planes: np.ndarray) -> np.ndarray:
    return np.bitwise_count(planes).sum(axis=-1)
