"""What the routed design's report says of its clock: how fast it may be, and what holds it back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..gen.gowin import THROUGH

__all__ = ["Path", "Timing", "read_timing"]

# Yosys and nextpnr name what they make after what it drives, and then what it is.
_MADE = re.compile(
    r"(_SB_|_TRELLIS_|_CCU2C|_LUT\d|_PFUMX|_L6MUX|_ALU_|_DFF|_MUX2_|\$|_LC$|_ALU$|_RAM16|_DP16|_SDP)"
)
_SHOWN = 3


@dataclass(frozen=True)
class Path:
    """The slowest path from register to register.

    Attributes
    ----------
    start, end : str
        The registers, as signals of the design.
    nanoseconds, logic, routing : float
        The whole delay, and its two parts.
    cells : int
        Logic cells on the way.
    pieces : list of (str, float)
        The signals on the way with the delay up to each, longest first.
    """

    start: str
    end: str
    nanoseconds: float
    logic: float
    routing: float
    cells: int
    pieces: list[tuple[str, float]]

    def __str__(self) -> str:
        longest = ", ".join(f"{delay:.1f} ns to {name}" for name, delay in self.pieces[:_SHOWN])
        return (
            f"from {self.start} to {self.end} through {self.cells} cells, "
            f"{self.nanoseconds:.1f} ns, {self.routing:.1f} ns of it routing: {longest}"
        )


@dataclass(frozen=True)
class Timing:
    """The system clock after routing.

    Attributes
    ----------
    fmax : float
        What it may be, in MHz, rounded down to a kilohertz.
    path : Path
        What holds it back.
    """

    fmax: float
    path: Path


def read_timing(report: Mapping[str, Any], frequency: Fraction) -> Timing:
    """The timing of the system clock of ``frequency`` MHz in nextpnr's report.

    Every clock in the report is looked at: that of the loop, too, where the system clock is made
    from it by halving. If it fails, the system clock is as much too fast.

    Raises:
        ValueError: if the report names no clock or no path of one.
    """
    clocks = report.get("fmax") or {}
    if not clocks:
        raise ValueError("The report of place and route names no clock")

    def share(clock: str) -> float:
        return clocks[clock]["achieved"] / clocks[clock]["constraint"]

    slowest = min(clocks, key=share)
    # nextpnr rounds the period to picoseconds: with one clock, its figure counts as it is.
    achieved = clocks[slowest]["achieved"]
    alike = abs(clocks[slowest]["constraint"] / float(frequency) - 1) < 0.01
    fmax = achieved if alike else share(slowest) * float(frequency)
    between = [
        path["path"]
        for path in report.get("critical_paths", [])
        if path["from"].endswith(f" {slowest}") and path["to"].endswith(f" {slowest}")
    ]
    if not between:
        raise ValueError(f"The report of place and route names no path of the clock {slowest}")
    steps = max(between, key=lambda steps: sum(step["delay"] for step in steps))
    return Timing(int(fmax * 1000) / 1000, _path(steps))


def _path(steps: Sequence[Mapping[str, Any]]) -> Path:
    total = {"routing": 0.0, "logic": 0.0}
    pieces: dict[str, float] = {}
    nets = [_signal(step["net"]) for step in steps if step["type"] == "routing"]
    end = _signal(steps[-1]["to"]["cell"])
    # A piece of logic belongs to the signal it drives, and so does the way to it.
    driven = [*nets[1:], end]
    for number in reversed(range(len(driven) - 1)):  # nextpnr's own cells have no such name
        if driven[number].startswith("$"):
            driven[number] = driven[number + 1]
    at = 0
    for number, step in enumerate(steps):
        routes = step["type"] == "routing"
        total["routing" if routes else "logic"] += step["delay"]
        if routes and any(earlier["type"] == "routing" for earlier in steps[:number]):
            at += 1
        pieces[driven[at]] = pieces.get(driven[at], 0.0) + step["delay"]
    ranked = sorted(pieces.items(), key=lambda piece: -piece[1])
    return Path(
        start=nets[0] if nets else _signal(steps[0]["from"]["cell"]),
        end=end,
        nanoseconds=round(sum(total.values()), 3),
        logic=round(total["logic"], 3),
        routing=round(total["routing"], 3),
        cells=sum(step["type"] == "logic" for step in steps),
        pieces=[(name, round(delay, 3)) for name, delay in ranked],
    )


def _signal(name: str) -> str:
    """The signal of the design that a net or cell is named after."""
    return _MADE.split(name.removeprefix(THROUGH))[0].rstrip("._") or name
