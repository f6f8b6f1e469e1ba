"""The dividers of a phase-locked loop, from what the data sheet allows.

A loop divides its input by R for the phase detector and multiplies it by F in the feedback path. In
one kind the feedback comes from the oscillator and the output is divided by Q behind it; in the
other it comes from behind that divider, so that the output is F times the detector's frequency.
Clocks below what the loop makes are halved behind it, in flip-flops. All frequencies are exact,
in MHz.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ECP5", "ICE40", "RPLL", "Pll", "Setting", "megahertz"]

#: How far from what was asked for a clock may be.
_TOLERANCE = Fraction(2, 100)
#: How often a clock may be halved behind the loop.
_HALVINGS = 3


def megahertz(frequency: Fraction) -> str:
    """A frequency as it is typed: ``48``, ``12.5``, ``33.333``."""
    return f"{float(frequency):.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Setting:
    """One way to make a clock: the dividers, and the frequencies that follow.

    Attributes
    ----------
    reference, feedback, output : int
        R, F and Q as numbers to divide and multiply by, not as register contents.
    detector, oscillator, loop : Fraction
        At the phase detector, of the oscillator, and at the loop's output, in MHz.
    halvings : int
        How often the loop's output is halved.
    """

    reference: int
    feedback: int
    output: int
    detector: Fraction
    oscillator: Fraction
    loop: Fraction
    halvings: int = 0

    @property
    def frequency(self) -> Fraction:
        """Of the clock that comes out, in MHz."""
        return self.loop / 2**self.halvings


@dataclass(frozen=True)
class Pll:
    """A kind of loop and its limits.

    Attributes
    ----------
    name : str
        The primitive.
    source : str
        Where the limits stand.
    detector, oscillator, loop : tuple of Fraction or int
        Least and greatest frequency at the detector, of the oscillator and at the output, in MHz.
    references, feedbacks, outputs : range or tuple of int
        The dividers that there are.
    inside : bool
        Whether the feedback comes from the oscillator rather than from the output.
    """

    name: str
    source: str
    detector: tuple[int | Fraction, int | Fraction]
    oscillator: tuple[int | Fraction, int | Fraction]
    loop: tuple[int | Fraction, int | Fraction]
    references: range
    feedbacks: range
    outputs: range | tuple[int, ...]
    inside: bool

    @property
    def range(self) -> tuple[Fraction, Fraction]:
        """The least and the greatest clock, halvings included, in MHz."""
        least, most = map(Fraction, self.loop)
        return least / 2**_HALVINGS, most

    def solve(self, source: Fraction, wanted: Fraction) -> Setting:
        """The setting nearest to ``wanted``, with no more halvings than it takes; among equals, the
        one with the fastest detector.

        A fast detector corrects often, which makes for little jitter; then the oscillator shall
        be in the middle of its range.

        Raises:
            ValueError: if the clock is out of range, or no setting is within two percent of it.
        """
        middle = Fraction(sum(self.oscillator)) / 2
        least, most = self.range
        if not least <= wanted <= most:
            raise ValueError(
                f"The clock must be from {megahertz(least)} to {megahertz(most)} MHz, as "
                f"{self.name} makes it from {megahertz(source)} MHz, not {megahertz(wanted)}"
            )
        nearest: Setting | None = None
        for halvings in range(_HALVINGS + 1):

            def rank(setting: Setting) -> tuple[Fraction, ...]:
                away = abs(setting.frequency - wanted)
                return away, -setting.detector, abs(setting.oscillator - middle)

            found = self._settings(source, wanted * 2**halvings, halvings)
            nearest = min((*found, *([nearest] if nearest else [])), key=rank, default=None)
            if nearest and abs(nearest.frequency - wanted) <= wanted * _TOLERANCE:
                return nearest
        hint = f"; {megahertz(nearest.frequency)} would be near" if nearest else ""
        raise ValueError(
            f"The clock must be one that {self.name} makes from {megahertz(source)} MHz, "
            f"not {megahertz(wanted)} MHz{hint}"
        )

    def _settings(self, source: Fraction, wanted: Fraction, halvings: int) -> Iterator[Setting]:
        """Every allowed setting with the loop's output next to ``wanted``."""
        for reference in self.references:
            detector = source / reference
            if not _within(detector, self.detector):
                continue
            for output in self.outputs:
                gain = detector / output if self.inside else detector
                below = wanted // gain
                for feedback in (below, below + 1):
                    loop = gain * feedback
                    oscillator = loop * output
                    if (
                        feedback in self.feedbacks
                        and _within(oscillator, self.oscillator)
                        and _within(loop, self.loop)
                    ):
                        yield Setting(
                            reference, feedback, output, detector, oscillator, loop, halvings
                        )


def _within(value: Fraction, limits: tuple[int | Fraction, int | Fraction]) -> bool:
    return limits[0] <= value <= limits[1]


#: Feedback path SIMPLE; the output divider is a power of two.
ICE40 = Pll(
    "SB_PLL40",
    "Lattice FPGA-TN-02052, iCE40 sysCLOCK PLL Design and User Guide; FPGA-DS-02008, section 4",
    detector=(10, 133),
    oscillator=(533, 1066),
    loop=(16, 275),
    references=range(1, 17),
    feedbacks=range(1, 129),
    outputs=tuple(2**n for n in range(1, 7)),
    inside=True,
)

#: Feedback path CLKOP.
ECP5 = Pll(
    "EHXPLLL",
    "Lattice FPGA-TN-02200, ECP5 sysCLOCK PLL/DLL Design and Usage Guide; FPGA-DS-02012, section 3",
    detector=(Fraction(25, 8), 400),
    oscillator=(400, 800),
    loop=(Fraction(25, 8), 400),
    references=range(1, 129),
    feedbacks=range(1, 129),
    outputs=range(1, 129),
    inside=False,
)

#: Speed grade C6/I5.
RPLL = Pll(
    "rPLL",
    "Gowin UG286, Gowin Clock User Guide; DS117, GW1NR series data sheet, table PLL",
    detector=(3, 400),
    oscillator=(400, 1200),
    loop=(Fraction(25, 8), 600),
    references=range(1, 65),
    feedbacks=range(1, 65),
    outputs=(2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128),
    inside=False,
)
