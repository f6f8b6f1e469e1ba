"""The project's own standard cells, as networks of stages; areas and delays are derived from them.

Area. A standard-cell row has a fixed height, so a transistor pair takes one gate column whatever
its function, and a cell takes one more column to part it from its neighbour. A pass-gate pair,
whose two gates carry opposite clocks, cannot share a column and takes two. NAND2 has two columns
and the parting one:

    area in gate equivalents = (columns + 1) / 3

Delay. Every column holds the same total transistor width, split between N and P so that rising and
falling edges are equal; its gate capacitance is the unit of capacitance. Logical effort then gives

    delay in tau = p + g * h,  h = load / input capacitance

of each stage, and a cell of several stages adds them up, with the internal loads. The inverter has
g = p = 1, so that one FO4 (an inverter driving four of its like) is 5 tau.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import ceil

from .stages import GAMMA, INVERTER, Network, Stage, parse

__all__ = ["CELLS", "FLIP_FLOPS", "FO4", "Cell", "FlipFlop", "library_cells"]

FO4 = 5.0
"""Delay of an inverter that drives four copies of itself, in tau."""

# Not here: majority gates and AOI221/OAI221, which change the area of integer multipliers, a
# multiply-accumulate unit and a dot product by less than half a percent (of an FP8 multiplier by
# 3.6 percent); and full adders, for `extract_fa` makes those units 1 to 22 percent larger.
COMBINATIONAL: Mapping[str, tuple[Mapping[str, str], tuple[int, ...]]] = {
    # name: ({node: pull-down network of the stage that drives it}, drive strengths); Y comes last.
    "INV": ({"Y": "A"}, (1, 2, 4, 8)),
    "BUF": ({"n": "A", "Y": "n"}, (1, 2, 4, 8)),
    "NAND2": ({"Y": "A*B"}, (1, 2, 4)),
    "NAND3": ({"Y": "A*B*C"}, (1, 2, 4)),
    "NAND4": ({"Y": "A*B*C*D"}, (1, 2)),
    "NOR2": ({"Y": "A+B"}, (1, 2, 4)),
    "NOR3": ({"Y": "A+B+C"}, (1, 2, 4)),
    "NOR4": ({"Y": "A+B+C+D"}, (1, 2)),
    "AND2": ({"n": "A*B", "Y": "n"}, (1, 2, 4)),
    "AND3": ({"n": "A*B*C", "Y": "n"}, (1, 2)),
    "OR2": ({"n": "A+B", "Y": "n"}, (1, 2, 4)),
    "OR3": ({"n": "A+B+C", "Y": "n"}, (1, 2)),
    "NAND2B": ({"n": "A", "Y": "n*B"}, (1, 2)),
    "NOR2B": ({"n": "A", "Y": "n+B"}, (1, 2)),
    "AOI21": ({"Y": "A*B+C"}, (1, 2, 4)),
    "OAI21": ({"Y": "(A+B)*C"}, (1, 2, 4)),
    "AOI22": ({"Y": "A*B+C*D"}, (1, 2)),
    "OAI22": ({"Y": "(A+B)*(C+D)"}, (1, 2)),
    "AOI31": ({"Y": "A*B*C+D"}, (1, 2)),
    "OAI31": ({"Y": "(A+B+C)*D"}, (1, 2)),
    "AOI211": ({"Y": "A*B+C+D"}, (1, 2)),
    "OAI211": ({"Y": "(A+B)*C*D"}, (1, 2)),
    "MUX2I": ({"n": "S", "Y": "S*B+n*A"}, (1, 2)),
    "MUX2": ({"n": "S", "m": "S*B+n*A", "Y": "m"}, (1, 2)),
    "XOR2": ({"n": "A+B", "Y": "A*B+n"}, (1, 2)),
    "XNOR2": ({"n": "A*B", "Y": "(A+B)*n"}, (1, 2)),
}


@dataclass(frozen=True)
class Cell:
    """A combinational cell with the single output ``Y`` at one drive strength."""

    family: str
    drive: int

    @property
    def name(self) -> str:
        return f"{self.family}_X{self.drive}"

    @cached_property
    def stages(self) -> dict[str, tuple[Stage, int]]:
        """The stage driving each node, with its size.

        Inner stages need a third of the output's size: an effort of about three a stage.
        """
        networks = COMBINATIONAL[self.family][0]
        return {
            node: (Stage(parse(text)), self.drive if node == "Y" else ceil(self.drive / 3))
            for node, text in networks.items()
        }

    @cached_property
    def loads(self) -> dict[str, float]:
        """Gate capacitance on each pin and each internal node, in units of one column."""
        total: dict[str, float] = {}
        for stage, size in self.stages.values():
            for pin in stage.efforts:
                total[pin] = total.get(pin, 0) + size * stage.capacitance(pin)
        return total

    @property
    def pins(self) -> dict[str, float]:
        """Input pins and their capacitances, in name order."""
        return {pin: self.loads[pin] for pin in sorted(self.loads) if pin not in self.stages}

    @property
    def columns(self) -> int:
        return 1 + sum(stage.pairs * size for stage, size in self.stages.values())

    @property
    def area(self) -> float:
        """Area in gate equivalents."""
        return self.columns / 3

    @property
    def resistance(self) -> float:
        """Delay per unit of load capacitance, in tau."""
        stage, size = self.stages["Y"]
        return stage.effort / size

    @cached_property
    def intrinsic(self) -> dict[str, float]:
        """Delay from each pin to the unloaded output, over its slowest way through the cell."""
        until: dict[str, float] = {"Y": 0.0}
        for node, (stage, size) in reversed(self.stages.items()):
            inner = 0.0 if node == "Y" else stage.effort / size * self.loads[node]
            for pin in stage.efforts:
                through = until[node] + stage.parasitic + inner
                until[pin] = max(until.get(pin, 0.0), through)
        return {pin: until[pin] for pin in self.pins}

    @property
    def function(self) -> str:
        """The output as a Liberty expression of the pins."""
        text: dict[str, str] = {}

        def expand(network: str) -> str:
            words = parse(network)
            leaves = {pin for pin, _ in words.widths(1)}
            out = str(words)
            for leaf in leaves:
                out = out.replace(leaf, text.get(leaf, leaf))
            return f"!({out})"

        for node, network in COMBINATIONAL[self.family][0].items():
            text[node] = expand(network)
        return text["Y"]


@dataclass(frozen=True)
class FlipFlop:
    """A rising-edge D flip-flop ``Q <= next_state``; delays in tau, capacitances in columns.

    The core is the usual pair of latches: clocked inverter in, master inverter with clocked
    feedback, pass gate, slave inverter with clocked feedback, output inverter, two clock inverters:
    twelve pairs, four of them clocked on opposite phases, hence sixteen columns.
    """

    name: str
    next_state: str
    pairs: int
    setup: float
    pins: Mapping[str, float]
    drive: int = 1

    crossed = 4
    clock_capacitance = 1.0

    @property
    def resistance(self) -> float:
        """Delay per unit of load capacitance, in tau: that of the output inverter."""
        return 1 / self.drive

    @property
    def clock_to_q(self) -> float:
        """Delay from the clock to the unloaded output.

        Two clock inverters (1 + 3, 1 + 2), the open pass gate behind the master inverter (2 + 2),
        the slave inverter (1, feedback 1 and the output inverter), the output inverter (1).
        """
        return 4 + 3 + 4 + (2 + self.drive) + 1

    @property
    def area(self) -> float:
        """Area in gate equivalents."""
        return (self.pairs + self.drive - 1 + self.crossed + 1) / 3


# The entry stage without its clock pair: a reset or set joins the data there. An enable puts an
# inverting multiplexer in front, undone by tapping the other side of the slave latch.
_MUX = Cell("MUX2I", 1)
_ENTRY = {"": "A", "R": "A*R", "S": "A+S"}
_NEXT = {"": "{}", "R": "RN*({})", "S": "S+({})"}
_EXTRA_PIN = {"": {}, "R": {"RN": 1.0}, "S": {"S": 1.0}}


def _clocked(network: str) -> tuple[int, float]:
    """Pairs of a stage with a clock pair in series, and its delay into one gate column."""
    data = parse(network)
    clock = Network("clock")
    down, up = Network("*", (data, clock)), Network("*", (data.dual, clock))
    columns = list(zip(down.widths(1), up.widths(GAMMA), strict=True))
    effort = max(n + p for (_, n), (_, p) in columns) / INVERTER
    return len(columns), (down.diffusion(1) + up.diffusion(GAMMA)) / INVERTER + effort


def _flip_flop(kind: str, *, enable: bool = False, drive: int = 1) -> FlipFlop:
    """A flip-flop without (``""``), with a low-active reset (``R``), or with a set (``S``)."""
    entry_pairs, entry_delay = _clocked(_ENTRY[kind])
    # Then the master inverter (1), which drives its feedback and the pass gate (2).
    setup = entry_delay + 1 + 2
    pins = {"D": 1.0, **_EXTRA_PIN[kind]}
    pairs = 10 + entry_pairs
    if enable:
        setup += max(_MUX.intrinsic.values()) + _MUX.resistance
        pins |= {"D": _MUX.pins["B"], "E": _MUX.pins["S"]}
        pairs += _MUX.columns - 1
    data = "(E*D)+(!E*IQ)" if enable else "D"
    name = f"DFF{kind}{'E' if enable else ''}_X{drive}"
    return FlipFlop(name, _NEXT[kind].format(data), pairs, setup, pins, drive)


FLIP_FLOPS: Mapping[str, FlipFlop] = {
    flop.name: flop
    for flop in (
        _flip_flop("", drive=2),
        *(_flip_flop(kind, enable=enable) for kind in _NEXT for enable in (False, True)),
    )
}


@cache
def library_cells() -> dict[str, Cell]:
    """All combinational cells by name."""
    cells = [Cell(f, drive) for f, (_, drives) in COMBINATIONAL.items() for drive in drives]
    return {cell.name: cell for cell in cells}


CELLS: Mapping[str, Cell] = library_cells()
