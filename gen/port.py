"""A port of a generated module."""

import re
from dataclasses import dataclass

__all__ = ["Port"]


@dataclass(frozen=True)
class Port:
    """One port, by its name in Verilog.

    ``format`` is a number format's name, or ``bits``, ``bit``, ``clock`` or ``reset``. A port of
    several ``elements`` is one vector of ``width`` bits, with element 0 in the lowest ones.
    """

    name: str
    direction: str
    width: int
    format: str = "bits"
    elements: int = 1

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z_]\w*", self.name):
            raise ValueError(f"Port name must be a plain Verilog identifier, not {self.name!r}")
        if self.direction not in ("in", "out"):
            raise ValueError(f"Port direction must be 'in' or 'out', not {self.direction!r}")
        if self.width < 1:
            raise ValueError(f"Port width must be a positive integer, not {self.width!r}")
