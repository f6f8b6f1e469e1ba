"""What one proof says: compared what, how, how large, and that it would have failed if it ought."""

from dataclasses import asdict, dataclass, field
from typing import Any

from .fault import Fault
from .values import Cycle

__all__ = ["PROVEN", "REFUTED", "UNDECIDED", "Proof"]

PROVEN = "proven"
REFUTED = "refuted"
UNDECIDED = "not decided"


@dataclass(frozen=True)
class Proof:
    """One comparison of two descriptions of a unit.

    Attributes:
        unit: Catalogue name, with the parameters as on the command line.
        kind: What the unit as described is compared with, as asked for.
        left, right: Both sides in words.
        verdict: ``proven``, ``refuted`` or ``not decided``.
        reason: Why it was not decided, or what is different.
        method: How states were treated.
        engine: What gave the answer.
        tools: Versions of all that took part.
        gates: AND gates of each side's functions, equal ones within a side counted once.
        variables: Free bits: inputs, and present values of registers.
        compared: Pairs of functions: output bits, and next values of registers.
        registers: Registers among them.
        cells: Cells of the right side by type.
        seconds: For everything, and ``solver_seconds`` for the answer alone.
        counterexample: The cycles of a refutation, the last one with the difference.
        fault: The fault planted in the right side for the same proof.
    """

    unit: str
    parameters: dict[str, str]
    kind: str
    left: str
    right: str
    verdict: str
    reason: str = ""
    method: str = ""
    engine: str = ""
    tools: dict[str, str] = field(default_factory=dict)
    gates: tuple[int, int] = (0, 0)
    variables: int = 0
    compared: int = 0
    registers: int = 0
    cells: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    solver_seconds: float = 0.0
    counterexample: list[Cycle] = field(default_factory=list)
    fault: Fault | None = None
    command: str = ""

    @property
    def proven(self) -> bool:
        """Whether it holds, has a size, and was shown to be able to fail."""
        sized = min(*self.gates, self.compared, self.variables) > 0
        return self.verdict == PROVEN and sized and self.fault is not None and self.fault.found

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "proven": self.proven}
