"""A circuit from a Yosys netlist of simple gates.

A netlist of cells comes with the modules of those cells, simple gates themselves; they are put in
here, not by Yosys, so that it stays known which gates are which cell.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .circuit import Bit, Cell, Circuit, NetlistError, Register

__all__ = ["read_circuit"]

_REGISTERS = {"$_DFF_P_": 0, "$_DFF_N_": 1}
_GATES = {
    "$_BUF_": "A", "$_NOT_": "A", "$_AND_": "AB", "$_NAND_": "AB", "$_OR_": "AB", "$_NOR_": "AB",
    "$_XOR_": "AB", "$_XNOR_": "AB", "$_ANDNOT_": "AB", "$_ORNOT_": "AB", "$_MUX_": "ABS",
}  # fmt: skip
_IGNORED = ("$scopeinfo",)


def read_circuit(text: str, top: str) -> Circuit:
    """The module ``top`` of a netlist in Yosys's JSON, with the modules of its cells put in.

    Raises:
        NetlistError: at a cell that is neither a simple gate nor a module of the netlist.
    """
    modules = json.loads(text)["modules"]
    circuit = Circuit()
    module = modules[top]
    # Nets of the top keep their numbers.
    nets: dict[Bit, Bit] = {bit: bit for bits in _all_bits(module) for bit in bits}
    circuit.size = max((bit for bit in nets if isinstance(bit, int)), default=1)
    for name, port in module["ports"].items():
        side = circuit.inputs if port["direction"] == "input" else circuit.outputs
        side[name] = [_known(circuit, bit) for bit in port["bits"]]
    for name, net in module["netnames"].items():
        for n, bit in enumerate(net["bits"], net.get("offset", 0)):
            circuit.names[f"{name}[{n}]"] = bit
    _put_in(circuit, modules, module, nets, 0)
    return circuit


def _known(circuit: Circuit, bit: Bit) -> Bit:
    """The bit, or a net of unknown value for one that is undefined."""
    if bit not in ("x", "z"):
        return bit
    circuit.unknown.append(circuit.new_net())
    return circuit.unknown[-1]


def _all_bits(module: Mapping[str, Any]) -> Iterable[list[Bit]]:
    yield from (port["bits"] for port in module["ports"].values())
    yield from (net["bits"] for net in module["netnames"].values())
    for cell in module["cells"].values():
        yield from cell["connections"].values()


def _put_in(
    circuit: Circuit,
    modules: Mapping[str, Any],
    module: Mapping[str, Any],
    nets: dict[Bit, Bit],
    depth: int,
) -> None:
    """Add a module's gates, ``nets`` saying which of the circuit's nets its ports are."""

    def outside(bit: Bit) -> Bit:
        if not isinstance(bit, int):
            return _known(circuit, bit)
        if bit not in nets:
            nets[bit] = circuit.new_net()
        return nets[bit]

    initial: dict[Bit, int] = {}
    for net in module["netnames"].values():
        values = reversed(net["attributes"].get("init", ""))
        for bit, value in zip(net["bits"], values, strict=False):
            if value in ("0", "1"):
                initial[bit] = int(value)
    for name, cell in module["cells"].items():
        kind, pins = cell["type"], cell["connections"]
        if kind in _REGISTERS:
            output = outside(pins["Q"][0])
            assert isinstance(output, int)
            circuit.registers.append(
                Register(
                    outside(pins["C"][0]), _REGISTERS[kind], outside(pins["D"][0]), output,
                    initial.get(pins["Q"][0]),
                )
            )  # fmt: skip
        elif kind in _GATES:
            output = outside(pins["Y"][0])
            assert isinstance(output, int)
            circuit.gates[output] = kind, tuple(outside(pins[pin][0]) for pin in _GATES[kind])
            if depth == 0:
                operands = dict(zip(_GATES[kind], circuit.gates[output][1], strict=True))
                circuit.cells.append(Cell(name, kind, operands, {"Y": output}))
        elif kind in modules and depth < 8:
            inner = _connected(circuit, modules[kind], pins, outside)
            _put_in(circuit, modules, modules[kind], inner, depth + 1)
            if depth == 0:
                circuit.cells.append(_cell(name, modules[kind], kind, inner))
        elif kind not in _IGNORED:
            raise NetlistError(f"The cell {name} must have a model, and its type {kind} has none")


def _connected(
    circuit: Circuit, module: Mapping[str, Any], pins: Any, outside: Callable[[Bit], Bit]
) -> dict[Bit, Bit]:
    """The nets outside that a cell's ports are connected to, by the numbers they have inside."""
    inner: dict[Bit, Bit] = {}
    outputs: list[tuple[Bit, Bit]] = []
    for name, port in module["ports"].items():
        given = pins.get(name, [])
        for n, bit in enumerate(port["bits"]):
            if port["direction"] == "input":
                inner[bit] = outside(given[n] if n < len(given) else "x")
            elif n < len(given) and isinstance(given[n], int):
                outputs.append((bit, outside(given[n])))
    for bit, net in outputs:
        assert isinstance(net, int)
        if isinstance(bit, int) and bit not in inner:
            inner[bit] = net
        else:  # an input, a constant or another output
            source = inner[bit] if isinstance(bit, int) else _known(circuit, bit)
            circuit.gates[net] = "$_BUF_", (source,)
    return inner


def _cell(name: str, module: Mapping[str, Any], kind: str, inner: Mapping[Bit, Bit]) -> Cell:
    """A cell with its pins, those that are not connected outside too."""
    inputs: dict[str, Bit] = {}
    outputs: dict[str, int] = {}
    for port, about in module["ports"].items():
        for n, bit in enumerate(about["bits"]):
            pin = f"{port}[{n}]" if len(about["bits"]) > 1 else port
            net = inner.get(bit, bit)
            if about["direction"] == "input":
                inputs[pin] = net
            elif isinstance(net, int) and bit in inner:
                outputs[pin] = net
    return Cell(name, module["attributes"].get("hdlname", kind), inputs, outputs)
