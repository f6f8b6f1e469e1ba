"""Readable, plain Verilog-2001 from RTLIL.

The text is made for people: ANSI ports in the order asked for, one line a named signal, registers
of one stage in one block after the logic that feeds it. It is made for tools too: unsigned wires,
explicit widths, no unused or undriven bits, the same bytes in every run.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import verilog_text as vt
from .verilog_expressions import (
    SHIFTS,
    expression,
    folds,
    needed_width,
    operands_of,
    parts_text,
    slice_text,
)
from .verilog_netlist import Netlist, read_netlist
from .verilog_signals import Constant, Names, Part, Signal, SignalTable, Slice
from .verilog_text import Text

__all__ = ["write_verilog"]

#: What an anonymous result is called after the signal that it is part of.
_WORDS = {
    "$add": "sum",
    "$sub": "difference",
    "$mul": "product",
    "$neg": "negated",
    "$mux": "choice",
    "$pmux": "choice",
    "$eq": "match",
    **dict.fromkeys(SHIFTS, "shifted"),
}


def write_verilog(rtlil: str, top: str, ports: Sequence[str], header: str) -> str:
    """Verilog text of one flat module.

    Args:
        rtlil: the design, as ``amaranth.back.rtlil.convert`` gives it.
        top: the name of its top module, and of the module written.
        ports: all ports of the top module, in the order wanted.
        header: comment lines, with their comment signs, put on top as they are.

    Raises:
        ValueError: if ``ports`` are not those of the module, or a cell cannot be written.
        YosysError: if Yosys refuses the RTLIL.
    """
    netlist = read_netlist(rtlil, top)
    present = {**netlist.inputs, **netlist.outputs}
    if sorted(ports) != sorted(present):
        raise ValueError(f"The ports of {top} must be {sorted(present)}, not {sorted(ports)}")
    for name in (top, *ports):
        if Names(()).new(name) != name:
            raise ValueError(f"The name {name!r} must be a plain Verilog identifier")
    return _Writer(netlist, top, ports).text(header)


@dataclass(eq=False)
class _Block:
    """Registers that share clock, reset and enable; their controls; and what they take in."""

    kind: str
    polarity: dict[str, bool]
    controls: dict[str, list[Part]]
    registers: list[Signal] = field(default_factory=list)

    @property
    def stage(self) -> int:
        found = [re.match(r"stage(\d+)_", r.base) for r in self.registers]
        return max((int(m[1]) for m in found if m), default=0)


class _Writer:
    def __init__(self, netlist: Netlist, top: str, ports: Sequence[str]):
        self._netlist, self._top, self._ports = netlist, top, ports
        self._names = Names(ports)
        self._table = SignalTable(netlist, needed_width)
        self._outputs: dict[str, list[Part]] = {}
        blocks: dict[tuple, _Block] = {}
        for signal in list(self._table.signals):
            if signal.kind == "operator":
                self._take_operands(signal)
            elif signal.kind == "register":
                self._take_register(signal, blocks)
        self._blocks = sorted(blocks.values(), key=lambda b: b.stage)
        homes = {s.name for s in self._table.signals}
        for name, bits in netlist.outputs.items():
            if name not in homes:
                self._outputs[name] = self._table.cover(bits)
        self._absorb_names()

    def _absorb_names(self) -> None:
        """A wire used by nothing but one whole output becomes that output."""
        for name, parts in list(self._outputs.items()):
            match parts:
                case [Slice(signal=s, width=width)] if (
                    s.kind in ("operator", "mixture")
                    and s.name
                    and s.uses == 1
                    and width == len(s.bits)
                    and s.name not in self._netlist.outputs
                ):
                    s.name = s.base = name
                    del self._outputs[name]

    # Operands ---------------------------------------------------------------------------------

    def _take_operands(self, signal: Signal) -> None:
        cell = signal.cell
        assert cell is not None
        operands = operands_of(cell, signal.first, len(signal.bits))
        signal.operands = [self._table.cover(bits) for bits in operands]
        for operand in signal.operands:
            if len(operand) == 1 and not isinstance(operand[0], Constant):
                operand[0].signal.user = signal

    def _take_register(self, signal: Signal, blocks: dict[tuple, _Block]) -> None:
        cell = signal.cell
        assert cell is not None
        controls = {p: bits for p, bits in cell.ports.items() if p not in "DQ"}
        polarity = {p: bool(cell.parameter(f"{p}_POLARITY")) for p in controls}
        key = (cell.type, *((p, tuple(b), polarity[p]) for p, b in sorted(controls.items())))
        # Stages stay apart even where their controls are the same.
        named = re.match(r"stage(\d+)_", signal.base)
        key += (named and named[1],)
        if key not in blocks:
            covers = {p: self._table.cover(bits) for p, bits in controls.items()}
            blocks[key] = _Block(cell.type, polarity, covers)
        blocks[key].registers.append(signal)
        low = signal.first
        signal.operands = [self._table.cover(cell.ports["D"][low : low + len(signal.bits)])]

    # Order ------------------------------------------------------------------------------------

    def _ordered(self, roots: Sequence[list[Part]], done: set[Signal]) -> list[Signal]:
        """Signals these parts depend on and that are not done yet, each after its own operands."""
        found: set[Signal] = set()
        waiting = _sources(roots)
        while waiting:
            signal = waiting.pop()
            combinational = signal.kind in ("operator", "mixture")
            if combinational and signal not in found and signal not in done:
                found.add(signal)
                waiting += _sources(signal.operands)
        order: list[Signal] = []
        named = sorted((s for s in found if s.name), key=lambda s: s.rank)
        for root in [*named, *_sources(roots)]:
            stack = [(root, False)]
            entered: set[Signal] = set()
            while stack:
                signal, leaving = stack.pop()
                if leaving:
                    done.add(signal)
                    order.append(signal)
                elif signal in found and signal not in done and signal not in entered:
                    entered.add(signal)
                    stack.append((signal, True))
                    stack += [(s, False) for s in reversed(_sources(signal.operands))]
        return order

    def text(self, header: str) -> str:
        done: set[Signal] = set()
        sections: list[tuple[list[_Block], list[Signal]]] = []
        for _, group in itertools.groupby(self._blocks, key=lambda b: b.stage):
            blocks = list(group)
            roots = [
                *(o for b in blocks for r in b.registers for o in r.operands),
                *(c for b in blocks for c in b.controls.values()),
            ]
            sections.append((blocks, self._ordered(roots, done)))
        homes: list[list[Part]] = [
            [Slice(s, 0, len(s.bits))]
            for s in self._table.signals
            if s.name in self._netlist.outputs
        ]
        sections.append(([], self._ordered([*self._outputs.values(), *homes], done)))
        registers = [r for block in self._blocks for r in block.registers]
        for register in registers:
            if register.name not in self._netlist.outputs:
                register.name = self._names.new(register.name or register.base or "register")
        self._spread_names([s for _, order in sections for s in order], registers)
        body: list[str] = []
        for blocks, order in sections:
            if blocks and blocks[0].stage:
                body += [f"    // Stage {blocks[0].stage}."]
            elif not blocks and registers:
                body += ["    // Outputs."]
            lines = [line for signal in order for line in self._definition(signal)]
            for block in blocks:
                lines += ([""] if lines else []) + self._always(block)
            if not blocks:
                for name, parts in self._outputs.items():
                    lines += vt.declaration(f"    assign {name} =", parts_text(parts))
            body += [*lines, ""]
        return "\n".join(
            [
                *([header.rstrip("\n")] if header.strip() else []),
                *self._attribute_lines(),
                f"module {self._top} (",
                *self._port_lines(registers),
                ");",
                "",
                *self._register_lines(registers),
                *body,
                *self._unused_lines(),
                "endmodule",
                "",
            ]
        )

    def _spread_names(self, order: Sequence[Signal], registers: Sequence[Signal]) -> None:
        """Public names first; then what has none is called after what it is part of."""
        for signal in order:
            if signal.name and signal.name not in self._netlist.outputs:
                signal.name = self._names.new(signal.name)
        for register in registers:
            for source in _sources(register.operands):
                source.base = source.base or f"{register.name}_next"
        for name, parts in self._outputs.items():
            for source in _sources([parts]):
                source.base = source.base or name
        for signal in reversed(order):
            base = signal.name or signal.base
            for source in _sources(signal.operands):
                if not source.base and source.cell:
                    word = _WORDS.get(source.cell.type, "part")
                    source.base = f"{base}_{word}" if signal.name else base

    # Text -------------------------------------------------------------------------------------

    def _definition(self, signal: Signal) -> list[str]:
        mixture = signal.kind == "mixture"
        text = parts_text(signal.operands[0]) if mixture else expression(signal)
        signal.text = text
        if not signal.name:
            if folds(signal, text):
                return []
            signal.name = self._names.new(signal.base or "part")
        if signal.name in self._netlist.outputs:
            return vt.declaration(f"    assign {signal.name} =", text)
        return vt.declaration(f"    wire {_range(signal)}{signal.name} =", text)

    def _always(self, block: _Block) -> list[str]:
        edge = "posedge" if block.polarity["CLK"] else "negedge"
        sensitive = f"{edge} {parts_text(block.controls['CLK']).text}"
        resets = {p: self._control(block, p) for p in ("SRST", "ARST") if p in block.controls}
        if "ARST" in resets:
            edge = "posedge" if block.polarity["ARST"] else "negedge"
            sensitive += f" or {edge} {parts_text(block.controls['ARST']).text}"
        reset = next(iter(resets.values()), None)
        enables = [self._control(block, p) for p in block.controls if p.startswith("EN")]
        enable = vt.binary("&", enables) if len(enables) > 1 else enables[0] if enables else None
        clear = []
        if reset:
            clear = [f"{r.name} <= {self._reset_value(r).text};" for r in block.registers]
        load = [
            line
            for r in block.registers
            for line in vt.declaration(f"{r.name} <=", parts_text(r.operands[0]), columns=84)
        ]
        if reset and enable and block.kind == "$sdffce":
            lines = _if(enable, _if(reset, clear, load))
        elif reset:
            lines = _if(reset, clear, _if(enable, load) if enable else load)
        else:
            lines = _if(enable, load) if enable else load
        inner = ["        " + line for line in lines]
        return [f"    always @({sensitive}) begin", *inner, "    end"]

    def _control(self, block: _Block, port: str) -> Text:
        text = parts_text(block.controls[port])
        return text if block.polarity[port] else vt.invert(text, True)

    def _reset_value(self, register: Signal) -> Text:
        assert register.cell is not None
        name = "ARST_VALUE" if register.cell.type.startswith("$a") else "SRST_VALUE"
        bits = register.cell.parameters.get(name, "0").replace("x", "0")[::-1]
        return vt.constant(bits[register.first : register.first + len(register.bits)][::-1])

    def _attribute_lines(self) -> list[str]:
        """What synthesis is asked for; on the module, because every tool reads it there."""
        asked = ", ".join(f'{k} = "{v}"' for k, v in self._netlist.attributes.items())
        return [f"(* {asked} *)"] if asked else []

    def _port_lines(self, registers: Sequence[Signal]) -> list[str]:
        driven = {r.name for r in registers}
        rows = []
        for name in self._ports:
            bits = self._netlist.inputs.get(name) or self._netlist.outputs[name]
            kind = (
                "input  wire"
                if name in self._netlist.inputs
                else "output reg "
                if name in driven
                else "output wire"
            )
            rows.append((kind, f"[{len(bits) - 1}:0]" if len(bits) > 1 else "", name))
        wide = max(len(size) for _, size, _ in rows)
        gap = 1 if wide else 0
        lines = [f"    {kind} {size:>{wide}}{' ' * gap}{name}," for kind, size, name in rows]
        return [*lines[:-1], lines[-1].rstrip(",")]

    def _register_lines(self, registers: Sequence[Signal]) -> list[str]:
        own = [r for r in registers if r.name not in self._ports]
        wide = max((len(_range(r)) for r in own), default=0)
        lines = [f"    reg {_range(r):>{wide}}{r.name};" for r in own]
        starts = []
        for register in registers:
            values = [self._netlist.initial.get(b, "x") for b in register.bits]  # type: ignore[arg-type]
            if "x" not in values:
                value = vt.constant("".join(reversed(values)))
                starts.append(f"        {register.name} = {value.text};")
        if starts:
            lines += ["", "    initial begin", *starts, "    end"]
        return [*lines, ""] if lines else []

    def _unused_lines(self) -> list[str]:
        """One wire that takes every bit that nothing else does, so that lint stays quiet."""
        left: list[Text] = []
        for signal in self._table.signals:
            if not signal.name or signal.name in self._netlist.outputs:
                continue
            width = len(signal.bits)
            n = 0
            while n < width:
                end = n
                while end < width and end not in signal.used:
                    end += 1
                if end > n:
                    left.append(slice_text(signal, n, end - n))
                n = end + 1
        if not left:
            return []
        name = self._names.new("unused")
        return [
            "    // Bits that no output depends on.",
            *vt.declaration(f"    wire {name} =", vt.reduce("&", vt.concat(left))),
            "",
        ]


def _sources(operands: Sequence[Sequence[Part]]) -> list[Signal]:
    return [p.signal for parts in operands for p in reversed(parts) if not isinstance(p, Constant)]


def _range(signal: Signal) -> str:
    return f"[{len(signal.bits) - 1}:0] " if len(signal.bits) > 1 else ""


def _if(condition: Text, then: Sequence[str], otherwise: Sequence[str] = ()) -> list[str]:
    lines = [f"if ({condition.text}) begin", *("    " + line for line in then)]
    if not otherwise:
        return [*lines, "end"]
    if otherwise[0].startswith("if ("):
        return [*lines, f"end else {otherwise[0]}", *otherwise[1:]]
    return [*lines, "end else begin", *("    " + line for line in otherwise), "end"]
