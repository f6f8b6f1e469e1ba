"""The word-level netlist behind the Verilog writer: RTLIL through Yosys, and which bits matter."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..hdl.arithmetic.partial_products import DSP_BLOCK
from .yosys import run

__all__ = ["BITWISE", "FLIPFLOPS", "GROWING", "Bits", "Cell", "Netlist", "extended", "read_netlist"]

#: Bits of a signal, least significant first: numbers of nets, or "0" and "1".
Bits = list[int | str]

_SCRIPT = """
read_rtlil in.il
hierarchy -check -top {top}
proc
flatten -noscopeinfo
opt_expr
opt_clean
write_json out.json
"""

#: Each bit of the result depends on the same bit of the operands.
BITWISE = frozenset({"$and", "$or", "$xor", "$xnor", "$not", "$mux", "$pmux"})
#: A bit of the result depends on no higher bit of the operands.
GROWING = frozenset({"$add", "$sub", "$mul", "$neg", "$shl", "$sshl"})
FLIPFLOPS = frozenset({"$dff", "$dffe", "$sdff", "$sdffe", "$sdffce", "$adff", "$adffe"})
_ONE_BIT = frozenset(
    {
        "$reduce_and",
        "$reduce_or",
        "$reduce_xor",
        "$reduce_xnor",
        "$reduce_bool",
        "$logic_not",
        "$logic_and",
        "$logic_or",
        "$eq",
        "$ne",
        "$eqx",
        "$nex",
        "$lt",
        "$le",
        "$gt",
        "$ge",
    }
)
_OTHER = frozenset(
    {
        "$shr",
        "$sshr",
        "$shift",
        "$shiftx",
        "$div",
        "$mod",
        "$divfloor",
        "$modfloor",
    }
)
_COPIES = frozenset({"$pos", "$buf"})


@dataclass(slots=True, eq=False)
class Cell:
    """One operator: its type, its connections by port, and its whole parameters."""

    name: str
    type: str
    ports: dict[str, Bits]
    parameters: dict[str, str]

    def parameter(self, name: str) -> int:
        return int(self.parameters.get(name, "0"), 2)

    @property
    def output(self) -> Bits:
        return self.ports["Q" if "Q" in self.ports else "Y"]

    @property
    def signed(self) -> bool:
        both = "B" not in self.ports or self.parameter("B_SIGNED")
        return bool(self.parameter("A_SIGNED") and both)


@dataclass
class Netlist:
    """A flat module. ``wires`` are the public names, in the order of the source; ``attributes``
    are what nets ask of synthesis, which the module then asks for all of them."""

    inputs: dict[str, Bits]
    outputs: dict[str, Bits]
    wires: dict[str, Bits]
    cells: list[Cell]
    initial: dict[int, str]
    attributes: dict[str, str] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)


def extended(bits: Bits, width: int, signed: bool) -> Bits:
    """The bits cut or extended to a width."""
    fill: int | str = bits[-1] if signed and bits else "0"
    return [*bits[:width], *[fill] * (width - len(bits))]


def read_netlist(rtlil: str, top: str) -> Netlist:
    """Flatten a design and find which of its bits any output depends on.

    Raises:
        YosysError: if Yosys refuses the RTLIL.
        ValueError: for a cell that has no place in a Verilog expression or register.
    """
    text = run(_SCRIPT.format(top=top), {"in.il": rtlil}, ["out.json"])["out.json"]
    module = json.loads(text)["modules"][top]
    cells = []
    for name, raw in module["cells"].items():
        cell = Cell(name, raw["type"], raw["connections"], raw["parameters"])
        if cell.type not in BITWISE | GROWING | FLIPFLOPS | _ONE_BIT | _OTHER | _COPIES:
            raise ValueError(f"The Verilog writer knows no cell of type {cell.type} ({name})")
        cells.append(cell)
    same = _copies(cells)

    def settle(bits: Iterable[int | str]) -> Bits:
        result = []
        for bit in bits:
            while bit in same:
                bit = same[bit]
            result.append("0" if bit in ("x", "z") else bit)
        return result

    for cell in cells:
        driven = "Q" if cell.type in FLIPFLOPS else "Y"
        for port, bits in cell.ports.items():
            if port != driven:
                # Yosys reads an operand without bits as zero.
                cell.ports[port] = settle(bits or ["0"])
        if cell.type in _ONE_BIT:
            cell.ports["Y"] = cell.output[:1]
    ports = {name: (p["direction"], settle(p["bits"])) for name, p in module["ports"].items()}
    order = {name: n for n, name in enumerate(re.findall(r"^  wire .*?\\(\S+)$", rtlil, re.M))}
    initial: dict[int, str] = {}
    public: dict[str, Bits] = {}
    for name, net in module["netnames"].items():
        start = net["attributes"].get("init", "")[::-1]
        for bit, value in zip(net["bits"], start, strict=False):
            if value in "01" and isinstance(bit, int):
                initial[bit] = value
        if not net["hide_name"]:
            public[name] = settle(net["bits"])
    # Names of flattened instances come after those of the top, each where its own module has it.
    names = sorted(public, key=lambda n: (n.count("."), order.get(n.split(".")[-1], -1), n))
    netlist = Netlist(
        inputs={n: bits for n, (direction, bits) in ports.items() if direction == "input"},
        outputs={n: bits for n, (direction, bits) in ports.items() if direction == "output"},
        wires={name: public[name] for name in names if name not in ports},
        cells=sorted((c for c in cells if c.type not in _COPIES), key=_by_name),
        initial=initial,
        # As the source says: the net that asks may be gone, the product held in a register.
        attributes={k: v for k, v in DSP_BLOCK.items() if f'attribute \\{k} "{v}"' in rtlil},
    )
    _find_controls(netlist)
    netlist.live = _live(netlist)
    return netlist


def _find_controls(netlist: Netlist) -> None:
    """Read resets and enables of plain flip-flops from the multiplexers before them.

    A reset is an input of the module that loads the initial value; an enable keeps the old value.
    Yosys's own pass also makes resets of ordinary data, which tears registers apart.
    """
    muxes = {tuple(c.output): c for c in netlist.cells if c.type == "$mux"}
    resets = {bits[0] for bits in netlist.inputs.values() if len(bits) == 1}
    for cell in netlist.cells:
        if cell.type != "$dff":
            continue
        ports, values = cell.ports, cell.parameters
        start = [netlist.initial.get(bit, "x") for bit in cell.output]  # type: ignore[arg-type]
        mux = muxes.get(tuple(ports["D"]))
        if mux and mux.ports["S"][0] in resets and mux.ports["B"] == start:
            cell.type = "$sdff"
            ports["SRST"], ports["D"] = mux.ports["S"], mux.ports["A"]
            values.update(SRST_POLARITY="1", SRST_VALUE="".join(reversed(start)))
        for n in range(1, 9):
            mux = muxes.get(tuple(ports["D"]))
            if mux is None or cell.output not in (mux.ports["A"], mux.ports["B"]):
                break
            hold, take = ("A", "B") if mux.ports["A"] == cell.output else ("B", "A")
            ports[f"EN{n}"], ports["D"] = mux.ports["S"], mux.ports[take]
            values[f"EN{n}_POLARITY"] = str(int(hold == "A"))


def _by_name(cell: Cell) -> tuple[int, str]:
    digits = re.findall(r"\d+", cell.name)
    return (int(digits[-1]) if digits else 0, cell.name)


def _copies(cells: list[Cell]) -> dict[int | str, int | str]:
    """Nets that equal another net or a constant, by the definition of their cells."""
    same: dict[int | str, int | str] = {}
    for cell in cells:
        if cell.type in _COPIES:
            source = extended(cell.ports["A"], len(cell.output), bool(cell.parameter("A_SIGNED")))
            same.update(zip(cell.output, source, strict=True))
        elif cell.type in _ONE_BIT:
            same.update((bit, "0") for bit in cell.output[1:])
            zero = {"$le": "A", "$gt": "A", "$ge": "B", "$lt": "B"}.get(cell.type)
            if zero and not cell.signed and set(cell.ports[zero]) <= {"0"}:
                same[cell.output[0]] = "1" if cell.type in ("$le", "$ge") else "0"
    return same


def _live(netlist: Netlist) -> set[int]:
    """Nets that an output depends on, bit by bit."""
    driver = {bit: (cell, n) for cell in netlist.cells for n, bit in enumerate(cell.output)}
    live: set[int] = set()
    waiting = [bit for bits in netlist.outputs.values() for bit in bits]
    reached: Mapping[Cell, list[int]] = defaultdict(lambda: [-1])
    while waiting:
        bit = waiting.pop()
        if bit in live or isinstance(bit, str):
            continue
        live.add(bit)
        if bit not in driver:
            continue
        cell, n = driver[bit]
        ports = cell.ports
        if cell.type in BITWISE or cell.type in FLIPFLOPS:
            for port, bits in ports.items():
                if port in "ABD":
                    width = len(cell.output)
                    if cell.type == "$pmux" and port == "B":
                        waiting += bits[n::width]
                    else:
                        waiting.append(extended(bits, width, _extends(cell, port))[n])
                elif port not in "YQ":
                    waiting += bits
        elif cell.type in GROWING:
            shift = cell.type in ("$shl", "$sshl")
            first = reached[cell][0] + 1
            reached[cell][0] = max(n, first - 1)
            for port in "AB":
                if port in ports and not (shift and port == "B"):
                    bits = extended(ports[port], len(cell.output), _extends(cell, port))
                    waiting += bits[first : n + 1]
                    waiting += cell.output[first:n]
            if shift:
                waiting += ports["B"]
        else:
            waiting += [b for port in ports if port != "Y" for b in ports[port]]
            waiting += cell.output[:n]
    return live


def _extends(cell: Cell, port: str) -> bool:
    if cell.type in ("$and", "$or", "$xor", "$xnor", "$add", "$sub", "$mul"):
        return cell.signed
    return port in "AB" and bool(cell.parameter(f"{port}_SIGNED"))
