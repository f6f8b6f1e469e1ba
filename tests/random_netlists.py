"""Random netlists, and what they compute, one bit at a time in Python."""

import numpy as np

from bitwright.verif.netlist.gates import ARITY, GateNetlist, Op

TABLES = {
    Op.BUF: lambda a, b, s: a,
    Op.NOT: lambda a, b, s: 1 - a,
    Op.AND: lambda a, b, s: a and b,
    Op.OR: lambda a, b, s: a or b,
    Op.XOR: lambda a, b, s: int(a != b),
    Op.NAND: lambda a, b, s: 1 - (a and b),
    Op.NOR: lambda a, b, s: 1 - (a or b),
    Op.XNOR: lambda a, b, s: int(a == b),
    Op.ANDNOT: lambda a, b, s: int(a == 1 and b == 0),
    Op.ORNOT: lambda a, b, s: int(a == 1 or b == 0),
    Op.MUX: lambda a, b, s: b if s else a,
}


def random_netlist(rng, inputs=6, gates=40, outputs=5, registers=3):
    """Every operation occurs; some gates are read by nobody, some nets by many."""
    first = 2 + inputs + registers
    ops = np.concatenate([np.arange(len(Op)), rng.integers(0, len(Op), gates - len(Op))])
    operands = np.zeros((gates, 3), np.int32)
    for k, op in enumerate(ops):
        operands[k, : ARITY[op]] = rng.integers(0, first + k, ARITY[op])
    nets = first + gates
    return GateNetlist(
        name="random",
        inputs={"i_a": tuple(range(2, 2 + inputs))},
        outputs={"o_p": tuple(rng.integers(0, nets, outputs).tolist())},
        op=ops.astype(np.uint8),
        operands=operands,
        driven=np.arange(first, nets, dtype=np.int32),
        next_state=rng.integers(0, nets, registers).astype(np.int32),
        state=np.arange(2 + inputs, first, dtype=np.int32),
        initial=np.zeros(registers, bool),
        nets=nets,
    )


def scalar(netlist, bits, fault=None):
    """Values of all nets for one vector: of the inputs, then of the registers."""
    values = {0: 0, 1: 1}
    values.update(zip([*netlist.input_nets, *netlist.state], bits, strict=True))

    def spoilt(gate, pin, value):
        if fault is None or (gate, pin) != fault[:2]:
            return value
        return (0, 1, 1 - value)[fault[2]]

    for gate, op in enumerate(netlist.op):
        ins = [spoilt(gate, pin, values[n]) for pin, n in enumerate(netlist.operands[gate])]
        values[netlist.driven[gate]] = spoilt(gate, -1, TABLES[op](*ins))
    return values
