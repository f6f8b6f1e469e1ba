"""The system clock of a board and the rate of its line: what can be had, and how."""

from dataclasses import dataclass
from fractions import Fraction

from .boards import Board
from .link import BAUD
from .pll import Setting, megahertz

__all__ = ["Speed", "speed"]

_LEAST_DIVISOR, _MOST_DIVISOR = 4, 65535
_BAUD_TOLERANCE = Fraction(2, 100)


@dataclass(frozen=True)
class Speed:
    """The system clock and the line's rate.

    Attributes
    ----------
    setting : Setting or None
        Of the loop; None for the board's oscillator as it is.
    frequency : Fraction
        In MHz.
    baud, divisor : int
        The rate asked for, and the clock cycles a bit that come nearest to it.
    """

    setting: Setting | None
    frequency: Fraction
    baud: int
    divisor: int


def speed(board: Board, clock: Fraction | None = None, baud: int = BAUD) -> Speed:
    """The clock of a board, as near as its loop makes it, and the baud rate from it.

    Raises:
        ValueError: if the loop cannot make the clock, the board's USB bridge cannot follow, or
            no whole number of clock cycles a bit is within two percent of the rate.
    """
    wanted = board.clock if clock is None else clock
    setting = None if wanted == board.source else board.pll.solve(board.source, wanted)
    frequency = setting.frequency if setting else board.source
    if not isinstance(baud, int) or not 1 <= baud <= board.fastest_baud:
        raise ValueError(
            f"The baud rate must be from 1 to {board.fastest_baud} on {board.name}, not {baud!r}"
        )
    hertz = frequency * 1_000_000
    divisor = min(max(round(hertz / baud), _LEAST_DIVISOR), _MOST_DIVISOR)
    if abs(hertz / divisor / baud - 1) > _BAUD_TOLERANCE:
        raise ValueError(
            f"The baud rate must be within 2 % of a whole part of the clock, {megahertz(frequency)}"
            f" MHz, of which {round(hertz / divisor)} is the nearest, not {baud}"
        )
    return Speed(setting, frequency, baud, divisor)
