"""Why a unit does not go onto a board, and what would."""

import re
from fractions import Fraction

from ..gen.generate import Generated, generate
from .boards import Board
from .pll import megahertz
from .speed import Speed, speed
from .timing import Timing
from .toolchain import Netlist

__all__ = ["room", "too_slow"]

_WORDS = {"lut": "LUTs", "register": "registers", "dsp": "DSP blocks", "ram": "block RAMs"}
# With another clock, place and route comes out differently: by a tenth, as measured.
_MARGIN = 0.88
# Signals inside the unit, and the registers before and behind it.
_OF_THE_UNIT = re.compile(r"\bunit\b|payload|vector|result")


def room(board: Board, netlist: Netlist) -> str:
    """A table of what is needed, by synthesis, and what there is."""
    rows = [
        f"  {_WORDS[kind]:12} {need:>8} of {board.capacity[kind]:>8}"
        + (" (too many)" if need > board.capacity[kind] else "")
        for kind, need in netlist.needs.items()
    ]
    return "\n".join(rows)


def too_slow(made: Generated, board: Board, chosen: Speed, timing: Timing) -> str:
    """How fast it would be, what holds it back, and a clock that would work."""
    advice = []
    slower = _slower(board, timing.fmax * _MARGIN, chosen.baud)
    if slower is not None:
        advice.append(f"--clock {slower}")
    names = (timing.path.start, timing.path.end, *(name for name, _ in timing.path.pieces))
    if any(_OF_THE_UNIT.search(name) for name in names) and _can_have_more_stages(made):
        advice.append(f"more pipeline stages (-p stages={made.unit.stages + 1})")
    text = (
        f"The unit reaches {timing.fmax:.1f} MHz on {board.name}, not "
        f"{megahertz(chosen.frequency)}"
    )
    if advice:
        text += f": try {' or '.join(advice)}"
    return f"{text}\nThe slowest path goes {timing.path}"


def _slower(board: Board, most: float, baud: int) -> int | None:
    """The highest whole number of MHz up to ``most`` that the board can have at this baud rate."""
    for candidate in range(int(most), 0, -1):
        try:
            found = speed(board, Fraction(candidate), baud)
        except ValueError:
            continue
        if found.frequency <= most:
            return candidate
    return None


def _can_have_more_stages(made: Generated) -> bool:
    if "stages" not in made.parameters:
        return False
    try:
        _ = generate(made.name, {**made.texts, "stages": str(made.unit.stages + 1)}).unit
    except ValueError:
        return False
    return True
