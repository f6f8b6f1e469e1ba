"""Series-parallel CMOS stages by the method of logical effort.

A stage is one complementary static gate, described by its pull-down network: ``*`` is series,
``+`` is parallel. Everything else follows from the network, in a technology whose P transistors
are twice as wide as N transistors of equal conductance (gamma = 2).

Source: Sutherland, Sproull, Harris, "Logical Effort: Designing Fast CMOS Circuits", 1999, ch. 4.
"""

import re
from dataclasses import dataclass
from functools import cached_property

__all__ = ["GAMMA", "INVERTER", "Network", "Stage", "parse"]

GAMMA = 2
"""Width of a P transistor of the same conductance as an N transistor of width 1."""

INVERTER = 1 + GAMMA
"""Total transistor width on the input of the reference inverter."""


@dataclass(frozen=True)
class Network:
    """A pin (``op`` is its name, no parts), or a series ``*`` or parallel ``+`` of networks."""

    op: str
    parts: tuple["Network", ...] = ()

    @property
    def dual(self) -> "Network":
        """The complementary network: series and parallel exchanged."""
        swap = {"*": "+", "+": "*"}
        return Network(swap.get(self.op, self.op), tuple(part.dual for part in self.parts))

    def widths(self, width: int) -> list[tuple[str, int]]:
        """Each transistor's pin and width, for the conductance of one transistor of ``width``."""
        if not self.parts:
            return [(self.op, width)]
        share = width * len(self.parts) if self.op == "*" else width
        return [pair for part in self.parts for pair in part.widths(share)]

    def diffusion(self, width: int) -> int:
        """Least transistor width touching the output node; series parts may be ordered freely."""
        if not self.parts:
            return width
        if self.op == "+":
            return sum(part.diffusion(width) for part in self.parts)
        return min(part.diffusion(width * len(self.parts)) for part in self.parts)

    def __str__(self) -> str:
        if not self.parts:
            return self.op
        return "(" + self.op.join(map(str, self.parts)) + ")"


def parse(text: str) -> Network:
    """Read a pull-down network such as ``(A+B)*C``.

    Raises:
        ValueError: if the text is not a series-parallel expression of pin names.
    """
    tokens = re.findall(r"\w+|\S", text)

    def chain(op: str) -> Network:
        parts = [chain("*") if op == "+" else atom()]
        while tokens and tokens[0] == op:
            tokens.pop(0)
            parts.append(chain("*") if op == "+" else atom())
        return parts[0] if len(parts) == 1 else Network(op, tuple(parts))

    def atom() -> Network:
        token = tokens.pop(0) if tokens else ""
        if token == "(":
            inner = chain("+")
            if not tokens or tokens.pop(0) != ")":
                raise ValueError(f"The network must close its brackets, not {text!r}")
            return inner
        if not token.isidentifier():
            raise ValueError(f"The network must be pins joined by * and +, not {text!r}")
        return Network(token)

    network = chain("+")
    if tokens:
        raise ValueError(f"The network must be pins joined by * and +, not {text!r}")
    return network


@dataclass(frozen=True)
class Stage:
    """One inverting static gate: its output is the complement of ``network``."""

    network: Network

    @cached_property
    def efforts(self) -> dict[str, float]:
        """Logical effort of each pin: its width over the inverter's, at equal output drive."""
        total: dict[str, float] = {}
        for pin, width in self.network.widths(1) + self.network.dual.widths(GAMMA):
            total[pin] = total.get(pin, 0) + width / INVERTER
        return total

    @cached_property
    def parasitic(self) -> float:
        """Parasitic delay in tau: output diffusion relative to the inverter's."""
        return (self.network.diffusion(1) + self.network.dual.diffusion(GAMMA)) / INVERTER

    @cached_property
    def pairs(self) -> int:
        """Number of N and P transistor pairs."""
        return len(self.network.widths(1))

    @cached_property
    def effort(self) -> float:
        """Delay in tau per unit of load at drive 1: the effort of the widest gate column.

        The stage is scaled so that this column is full, hence has unit capacitance.
        """
        down, up = self.network.widths(1), self.network.dual.widths(GAMMA)
        return max(n + p for (_, n), (_, p) in zip(down, up, strict=True)) / INVERTER

    def capacitance(self, pin: str) -> float:
        """Input capacitance of a pin at drive 1, in units of one full gate column."""
        return self.efforts[pin] / self.effort
