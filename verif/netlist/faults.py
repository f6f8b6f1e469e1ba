"""Faults of single gates, and which of many a set of vectors reveals.

A fault is at a gate's output or at one of its input pins, which there is stuck at 0 or 1 or is
inverted. `first_seen` and `all_seen` follow what a fault changes through the gates that depend on
it and stop where nothing differs any more; `with_fault` makes a netlist that has the fault, for a
machine with registers, whose state a fault changes for cycles to come.
"""

import heapq
from dataclasses import replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from .evaluate import Evaluator, evaluate_gate
from .gates import ARITY, GateNetlist, Op
from .kernel import aligned, find_kernel, kernel, number, pointer

__all__ = ["Fault", "Kind", "all_faults", "all_seen", "fanout", "first_seen", "with_fault"]

OUTPUT = -1
"""The pin number of a gate's output."""


class Kind(IntEnum):
    """What is wrong."""

    STUCK_AT_0 = 0
    STUCK_AT_1 = 1
    INVERTED = 2


class Fault(NamedTuple):
    """One fault: the gate by its number, the pin (0, 1, 2 for a, b, s; -1 for the output)."""

    gate: int
    pin: int
    kind: Kind


def all_faults(netlist: GateNetlist) -> list[Fault]:
    """Every kind at every gate's output and every input pin."""
    return [
        Fault(gate, pin, kind)
        for gate, inputs in enumerate(ARITY[netlist.op].tolist())
        for pin in range(OUTPUT, inputs)
        for kind in Kind
    ]


def with_fault(netlist: GateNetlist, fault: Fault) -> GateNetlist:
    """The netlist with the fault in it: with one gate changed, and one inverter more if need be."""
    gate, pin, kind = _checked(netlist, fault)
    op, operands = netlist.op.copy(), netlist.operands.copy()
    if kind != Kind.INVERTED:
        if pin == OUTPUT:
            op[gate], operands[gate] = Op.BUF, (kind, 0, 0)
        else:
            operands[gate, pin] = int(kind)
        return replace(netlist, op=op, operands=operands)
    # A new net: what the gate drove or read is inverted on its way.
    new = netlist.nets
    driven = netlist.driven.copy()
    at = gate if pin >= 0 else gate + 1
    if pin >= 0:
        extra, extra_driven = operands[gate, pin], new
        operands[gate, pin] = new
    else:
        extra, extra_driven = new, driven[gate]
        driven[gate] = new
    return replace(
        netlist,
        op=np.insert(op, at, np.uint8(Op.NOT)),
        operands=np.insert(operands, at, np.array([extra, 0, 0], np.int32), axis=0),
        driven=np.insert(driven, at, np.int32(extra_driven)),
        nets=netlist.nets + 1,
    )


def first_seen(
    netlist: GateNetlist,
    faults: list[Fault],
    rows: np.ndarray,
    mask: np.ndarray,
    *,
    observed: np.ndarray | None = None,
    backend: str | None = None,
) -> np.ndarray:
    """The first vector that reveals each fault, -1 where none does: ``int64 (faults,)``.

    Revealed is a fault by a vector at which an observed net is not what it is without the fault.
    So first see that the sound netlist is right.

    Parameters:
        netlist: The sound one. Its registers' outputs count as inputs.
        faults: Any of `all_faults`.
        rows: As for `Evaluator`: planes of all inputs, then of the registers' values.
        mask: ``uint64 (words,)``: the vectors that count.
        observed: Nets that are compared; by default all outputs and the registers' next values.
        backend: As for `Evaluator`.
    """
    return _seen(netlist, faults, rows, mask, observed, backend, False)[0]


def all_seen(
    netlist: GateNetlist,
    faults: list[Fault],
    rows: np.ndarray,
    mask: np.ndarray,
    *,
    observed: np.ndarray | None = None,
    backend: str | None = None,
) -> np.ndarray:
    """All vectors that reveal each fault, as planes: ``uint64 (faults, words)``.

    Parameters as for `first_seen`.
    """
    seen = _seen(netlist, faults, rows, mask, observed, backend, True)[1]
    assert seen is not None
    return seen


def _checked(netlist: GateNetlist, fault: Fault) -> Fault:
    if not 0 <= fault.gate < netlist.gates:
        raise ValueError(
            f"The fault's gate must be one of 0 to {netlist.gates - 1}, not {fault.gate}"
        )
    pins = int(ARITY[netlist.op[fault.gate]])
    if not OUTPUT <= fault.pin < pins:
        raise ValueError(f"The fault's pin must be from -1 to {pins - 1}, not {fault.pin}")
    return fault


def _seen(
    netlist: GateNetlist,
    faults: list[Fault],
    rows: np.ndarray,
    mask: np.ndarray,
    observed: np.ndarray | None,
    backend: str | None,
    everything: bool,
) -> tuple[np.ndarray, np.ndarray | None]:
    for fault in faults:
        _checked(netlist, fault)
    if observed is None:
        observed = np.concatenate([netlist.output_nets, netlist.next_state])
    watched = np.zeros(netlist.nets, np.uint8)
    watched[observed] = 1
    rows = np.ascontiguousarray(rows, np.uint64)
    mask = np.ascontiguousarray(mask, np.uint64)
    words = rows.shape[1]
    sources = np.concatenate([netlist.input_nets, netlist.state]).astype(np.int32)
    if rows.shape[0] != len(sources) or mask.shape != (words,):
        raise ValueError(
            f"Planes must have {len(sources)} rows, as long as the mask's {len(mask)} words, "
            f"not the shape {rows.shape}"
        )
    starts, readers = fanout(netlist)
    seen = np.zeros((len(faults), words), np.uint64) if everything else None
    loops = kernel() if backend == "c" else find_kernel()[0] if backend is None else None
    if loops is None:
        return _numpy(netlist, faults, rows, mask, watched, (starts, readers), seen), seen
    first = np.empty(len(faults), np.int64)
    gate, pin, kind = (
        np.array([f[k] for f in faults], np.int32) for k in range(3)
    )  # fmt: skip
    block = loops.block_words()
    scratch = (
        aligned(netlist.nets, block),
        aligned(netlist.nets, block),
        np.zeros(netlist.nets, np.uint8),
        np.zeros(-(-netlist.gates // 64), np.uint64),
        np.zeros(netlist.nets, np.int32),
    )
    loops.inject_all(
        pointer(netlist.op), pointer(netlist.operands), pointer(netlist.driven),
        number(netlist.gates), pointer(sources), number(len(sources)), pointer(starts),
        pointer(readers), pointer(watched), pointer(gate), pointer(pin), pointer(kind),
        number(len(faults)), pointer(rows), pointer(mask), number(words), pointer(first),
        None if seen is None else pointer(seen), *(pointer(space) for space in scratch),
    )  # fmt: skip
    return first, seen


def fanout(netlist: GateNetlist) -> tuple[np.ndarray, np.ndarray]:
    """Gates that read each net: where they begin in one list, and the list."""
    used = np.arange(3) < ARITY[netlist.op][:, None]
    nets, gates = netlist.operands[used], np.nonzero(used)[0]
    order = np.argsort(nets, kind="stable")
    starts = np.searchsorted(nets[order], np.arange(netlist.nets + 1))
    return starts.astype(np.int64), np.ascontiguousarray(gates[order], np.int32)


def _numpy(
    netlist: GateNetlist,
    faults: list[Fault],
    rows: np.ndarray,
    mask: np.ndarray,
    watched: np.ndarray,
    fanout: tuple[np.ndarray, np.ndarray],
    seen: np.ndarray | None,
) -> np.ndarray:
    """What `inject_all` of the kernel does, for all vectors at once."""
    good = list(Evaluator(netlist, "numpy", np.arange(netlist.nets))(rows))
    starts, readers = fanout[0].tolist(), fanout[1].tolist()
    operands, driven, ops = netlist.operands.tolist(), netlist.driven.tolist(), netlist.op.tolist()
    first = np.full(len(faults), -1, np.int64)
    spare = np.empty_like(mask)
    for number_, (gate, pin, kind) in enumerate(faults):
        ins = [good[net] for net in operands[gate]]
        sound = good[driven[gate]] if pin == OUTPUT else ins[pin]
        spoilt = ~sound if kind == Kind.INVERTED else np.full_like(mask, -int(kind) & (1 << 64) - 1)
        result = spoilt
        if pin != OUTPUT:
            ins[pin] = spoilt
            result = np.empty_like(mask)
            evaluate_gate(ops[gate], ins[0], ins[1], ins[2], result, spare)
        bad = {driven[gate]: result} if np.any(result != good[driven[gate]]) else {}
        waiting = [r for net in bad for r in readers[starts[net] : starts[net + 1]]]
        heapq.heapify(waiting)
        while waiting:
            reader = heapq.heappop(waiting)
            while waiting and waiting[0] == reader:
                heapq.heappop(waiting)
            net = driven[reader]
            result = np.empty_like(mask)
            a, b, s = (bad.get(source, good[source]) for source in operands[reader])
            evaluate_gate(ops[reader], a, b, s, result, spare)
            if np.any(result != good[net]):
                bad[net] = result
                for other in readers[starts[net] : starts[net + 1]]:
                    heapq.heappush(waiting, other)
        found = np.zeros_like(mask)
        for net, values in bad.items():
            if watched[net]:
                found |= (values ^ good[net]) & mask
        hits = np.flatnonzero(found)
        if len(hits):
            word = int(found[hits[0]])
            first[number_] = 64 * int(hits[0]) + (word & -word).bit_length() - 1
        if seen is not None:
            seen[number_] = found
    return first
