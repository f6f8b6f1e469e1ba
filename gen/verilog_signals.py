"""What becomes a named signal in the Verilog, and which names an expression uses for its bits."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .verilog_netlist import BITWISE, FLIPFLOPS, Bits, Cell, Netlist
from .verilog_text import Text

__all__ = ["Constant", "Names", "Part", "Repeat", "Signal", "SignalTable", "Slice"]

_RESERVED = (
    "always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config "
    "deassign default defparam design disable edge else end endcase endconfig endfunction "
    "endgenerate "
    "endmodule endprimitive endspecify endtable endtask event for force forever fork function "
    "generate genvar highz0 highz1 if ifnone incdir include initial inout input instance integer "
    "join large liblist library localparam macromodule medium module nand negedge nmos nor "
    "noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 "
    "pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat "
    "rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify specparam "
    "strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand "
    "trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor "
    # SystemVerilog's, since the file may be read as such.
    "accept_on alias always_comb always_ff always_latch assert assume before bind bins binsof bit "
    "break byte chandle checker class clocking const constraint context continue cover covergroup "
    "coverpoint cross dist do endchecker endclass endclocking endgroup endinterface endpackage "
    "endprogram endproperty endsequence enum eventually expect export extends extern final "
    "first_match foreach forkjoin global iff ignore_bins illegal_bins implements implies import "
    "inside int interconnect interface intersect join_any join_none let local logic longint "
    "matches modport nettype new nexttime null package packed priority program property protected "
    "pure rand randc randcase randsequence ref reject_on restrict return s_always s_eventually "
    "s_nexttime s_until s_until_with sequence shortint shortreal soft solve static string strong "
    "struct super sync_accept_on sync_reject_on tagged this throughout timeprecision timeunit type "
    "typedef union unique unique0 until until_with untyped var virtual void wait_order weak "
    "wildcard with within"
)
_KEYWORDS = frozenset(_RESERVED.split())


class Names:
    """Legal, distinct Verilog identifiers."""

    def __init__(self, taken: Sequence[str]):
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def new(self, wanted: str) -> str:
        """The name wanted, made legal, and with a number where it is taken."""
        base = re.sub(r"\W+", "_", wanted, flags=re.ASCII).strip("_") or "n"
        base = f"n{base}" if base[0].isdigit() else base
        name = base
        while name in self._taken or name in _KEYWORDS:
            self._next[base] = self._next.get(base, 1) + 1
            name = f"{base}_{self._next[base]}"
        self._taken.add(name)
        return name


@dataclass(eq=False, slots=True)
class Signal:
    """Bits with one definition: a port, a register, an operator's result, or a name for a mixture.

    An operator's result without a name is either folded into the one expression that uses it or
    gets a name in the end.
    """

    kind: str  # "input", "register", "operator", "mixture", "output"
    bits: Bits
    name: str = ""
    rank: int = 0
    cell: Cell | None = None
    first: int = 0  # where the bits start in the cell's output
    operands: list[list["Part"]] = field(default_factory=list)
    user: "Signal | None" = None  # the last to use it as a whole operand
    uses: int = 0
    whole: bool = True
    used: set[int] = field(default_factory=set)
    base: str = ""
    text: Text | None = None  # what stands for it where it has no name


@dataclass(slots=True)
class Constant:
    bits: str  # most significant first


@dataclass(slots=True)
class Slice:
    signal: Signal
    low: int
    width: int


@dataclass(slots=True)
class Repeat:
    signal: Signal
    index: int
    count: int


Part = Constant | Slice | Repeat


class SignalTable:
    """The signals of a netlist, and the shortest cover of any bits by them."""

    def __init__(self, netlist: Netlist, width_of: Callable[[Cell], int]):
        self._netlist = netlist
        self._home: dict[int | str, tuple[Signal, int]] = {}
        self._starting: dict[int | str, list[str]] = {}
        self._containing: dict[int | str, str] = {}
        self._rank = {name: n for n, name in enumerate([*netlist.wires, *netlist.outputs])}
        public = {**netlist.wires, **netlist.outputs}
        for name, bits in public.items():
            self._starting.setdefault(bits[0], []).append(name)
            for bit in bits:
                self._containing.setdefault(bit, name)
        self._public = public
        self._named: set[str] = set()
        self.signals: list[Signal] = []
        for name, bits in netlist.inputs.items():
            self._add(Signal("input", bits, name))
        for cell in netlist.cells:
            for low, bits in self._segments(cell):
                kind = "register" if cell.type in FLIPFLOPS else "operator"
                pattern = r"stage\d+_" if kind == "register" else ""
                name = self._home_name(bits, pattern) or self._home_name(bits)
                beyond = max(0, width_of(cell) - len(bits))
                signal = Signal(kind, bits, "" if beyond else name, cell=cell, first=low)
                self._add(signal)
                # Upper bits that the operator computes and nothing uses.
                signal.bits = [*bits, *["unused"] * beyond]
        self._mixtures: dict[int | str, list[Signal]] = {}
        self._add_mixtures()

    def _add(self, signal: Signal) -> None:
        self.signals.append(signal)
        if signal.name:
            self._named.add(signal.name)
            signal.base = signal.name
            signal.rank = self._rank.get(signal.name, len(self._rank))
        elif signal.bits[0] in self._containing:
            wire = self._containing[signal.bits[0]]
            inside = self._public[wire]
            low = inside.index(signal.bits[0])
            high = low + len(signal.bits) - 1
            if inside[low : high + 1] == signal.bits:
                signal.base = f"{wire}_{low}" if low == high else f"{wire}_{high}_{low}"
        for n, bit in enumerate(signal.bits):
            self._home[bit] = (signal, n)

    def _segments(self, cell: Cell) -> list[tuple[int, Bits]]:
        """The parts of a cell's output that become one signal each."""
        live = [n for n, bit in enumerate(cell.output) if bit in self._netlist.live]
        if not live:
            return []
        top = live[-1] + 1
        if cell.type not in BITWISE | FLIPFLOPS or (
            len(live) == top and self._home_name(cell.output[:top])
        ):
            return [(0, cell.output[:top])]
        runs: list[tuple[int, Bits]] = []
        for n in live:
            bit = cell.output[n]
            new = not runs or runs[-1][0] + len(runs[-1][1]) != n
            if not new and cell.type in FLIPFLOPS:
                new = self._containing.get(bit) != self._containing.get(runs[-1][1][-1])
            if new:
                runs.append((n, []))
            runs[-1][1].append(bit)
        return runs

    def _home_name(self, bits: Bits, pattern: str = "") -> str:
        """The public name whose bits these are, bar upper bits that are unused or copies."""
        for name in self._starting.get(bits[0], ()):
            if not re.match(pattern, name):
                continue
            inside = self._public[name]
            rest = set(inside[len(bits) :])
            if name in self._netlist.outputs and rest:
                continue
            if inside[: len(bits)] == bits and not (rest - set(bits)) & self._netlist.live:
                return "" if name in self._named else name
        return ""

    def _add_mixtures(self) -> None:
        seen = set()
        for name, bits in self._netlist.wires.items():
            known = all(isinstance(b, str) or b in self._home for b in bits)
            nets = [b for b in bits if not isinstance(b, str)]
            if name in self._named or not known or not nets or tuple(bits) in seen:
                continue
            seen.add(tuple(bits))
            home, low = self._home.get(bits[0], (None, 0))
            if (
                home
                and home.name
                and all(self._home.get(b) == (home, low + n) for n, b in enumerate(bits))
            ):
                continue  # a plain part of one signal needs no second name
            self._mixtures.setdefault(bits[0], []).append(
                Signal("mixture", bits, name, self._rank[name], base=name)
            )
        for group in self._mixtures.values():
            group.sort(key=lambda s: -len(s.bits))

    def cover(self, bits: Bits, below: int = 0) -> list[Part]:
        """Bits as parts of signals, least significant first; counts the uses.

        ``below`` bounds the width of the mixtures used, so that none is defined by itself.
        """
        parts: list[Part] = []
        n = 0
        while n < len(bits):
            bit = bits[n]
            end = n + 1
            mixture = self._mixture(bits, n, below)
            if mixture and len(mixture.bits) > 1:
                end = n + len(mixture.bits)
                parts.append(self._use(Slice(mixture, 0, end - n)))
            elif isinstance(bit, str):
                while end < len(bits) and isinstance(bits[end], str):
                    end += 1
                parts.append(Constant("".join(map(str, reversed(bits[n:end])))))
            elif end < len(bits) and bits[end] == bit:
                while end < len(bits) and bits[end] == bit:
                    end += 1
                signal, index = (mixture, 0) if mixture else self._home[bit]
                parts.append(self._use(Repeat(signal, index, end - n)))
            elif mixture:
                parts.append(self._use(Slice(mixture, 0, 1)))
            else:
                signal, low = self._home[bit]
                while end < len(bits) and self._home.get(bits[end]) == (signal, low + end - n):
                    end += 1
                parts.append(self._use(Slice(signal, low, end - n)))
            n = end
        return parts

    def _mixture(self, bits: Bits, n: int, below: int) -> Signal | None:
        candidates = self._mixtures.get(bits[n])
        if not candidates:
            return None
        run = 0
        if not isinstance(bits[n], str):
            signal, low = self._home[bits[n]]
            while n + run < len(bits) and self._home.get(bits[n + run]) == (signal, low + run):
                run += 1
            if not signal.name and run < len(signal.bits):
                run = 0
        elif n:
            return None
        for mixture in candidates:
            width = len(mixture.bits)
            if width > run and (not below or width < below) and bits[n : n + width] == mixture.bits:
                return mixture
        return None

    def _use(self, part: Slice | Repeat) -> Slice | Repeat:
        signal = part.signal
        if signal.kind == "mixture" and not signal.operands:
            signal.operands = [self.cover(signal.bits, below=len(signal.bits))]
            self.signals.append(signal)
        signal.uses += 1
        low, width = (part.low, part.width) if isinstance(part, Slice) else (part.index, 1)
        signal.used.update(range(low, low + width))
        if width < len(signal.bits):
            signal.whole = False
        return part
