"""The dividers of each loop: within what the data sheets allow, and as good as the tools' own."""

import re
from fractions import Fraction

import pytest

from bitwright.fpga.boards import BOARDS
from bitwright.fpga.pll import ECP5, ICE40, RPLL, megahertz
from bitwright.gen import nextpnr

SOURCES = {ICE40: Fraction(12), ECP5: Fraction(25), RPLL: Fraction(27)}
CLOCKS = [Fraction(n) for n in (*range(2, 30), 33, 36, 40, 48, 50, 64, 75, 96, 100, 120, 150, 200)]


def within(value, limits):
    return limits[0] <= value <= limits[1]


@pytest.mark.parametrize("pll", SOURCES, ids=lambda pll: pll.name)
def test_settings_keep_to_the_limits(pll):
    made = 0
    for wanted in CLOCKS:
        try:
            setting = pll.solve(SOURCES[pll], wanted)
        except ValueError:
            continue
        made += 1
        assert setting.reference in pll.references
        assert setting.feedback in pll.feedbacks
        assert setting.output in pll.outputs
        # The frequencies follow from the dividers, as the loop's feedback has it.
        detector = SOURCES[pll] / setting.reference
        gain = Fraction(1, setting.output) if pll.inside else 1
        assert setting.detector == detector
        assert setting.loop == detector * setting.feedback * gain
        assert setting.oscillator == setting.loop * setting.output
        assert setting.frequency == setting.loop / 2**setting.halvings
        assert within(setting.detector, pll.detector)
        assert within(setting.oscillator, pll.oscillator)
        assert within(setting.loop, pll.loop)
        assert abs(setting.frequency - wanted) <= wanted / 50
    assert made > 0.9 * len(CLOCKS)


def test_no_setting_is_nearer():
    """Against every combination of dividers that there is."""
    source, wanted = Fraction(12), Fraction(37)
    best = min(
        abs(source / r * f / q - wanted)
        for r in ICE40.references
        for f in ICE40.feedbacks
        for q in ICE40.outputs
        if within(source / r, ICE40.detector)
        and within(source / r * f, ICE40.oscillator)
        and within(source / r * f / q, ICE40.loop)
    )
    assert abs(ICE40.solve(source, wanted).frequency - wanted) == best


def test_halvings_only_where_the_loop_ends():
    assert ICE40.solve(Fraction(12), Fraction(18)).halvings == 0
    slow = ICE40.solve(Fraction(12), Fraction(9))
    assert (slow.halvings, slow.loop, slow.frequency) == (1, 18, 9)


@pytest.mark.parametrize("wanted", [18, 24, 30, 48, 60, 100])
def test_like_icepll(wanted):
    options = ["-i", "12", "-o", str(wanted), "-m", "-f", "pll.v"]
    log = nextpnr.run_tool("icepll", options, {}, ["pll.v"])
    setting = ICE40.solve(Fraction(12), Fraction(wanted))
    fields = dict(re.findall(r"\.(DIV[RFQ])\(\d+'b([01]+)\)", log.text("pll.v")))
    theirs = {name: int(bits, 2) for name, bits in fields.items()}
    assert theirs == {
        "DIVR": setting.reference - 1,
        "DIVF": setting.feedback - 1,
        "DIVQ": setting.output.bit_length() - 1,
    }


@pytest.mark.parametrize("wanted", [25, 33, 50, 75, 100])
def test_as_near_as_ecppll(wanted):
    log = nextpnr.run_tool(
        "ecppll", ["-i", "25", "-o", str(wanted), "-f", "pll.v"], {}, ["pll.v"]
    )
    found = re.search(r"FREQUENCY_PIN_CLKOP=\"([\d.]+)\"", log.text("pll.v"))
    theirs = Fraction(found.group(1)) if found else Fraction(0)
    ours = ECP5.solve(Fraction(25), Fraction(wanted)).frequency
    assert abs(ours - wanted) <= abs(theirs - wanted) + Fraction(1, 1000)


@pytest.mark.parametrize("wanted", [18, 36, 50, 54, 100])
def test_as_near_as_gowin_pll(wanted):
    log = nextpnr.run_tool(
        "gowin_pll", ["-d", "GW1NR-9 C6/I5", "-i", "27", "-o", str(wanted), "-f", "pll.v"],
        {}, ["pll.v"],
    )  # fmt: skip
    found = re.search(r"Achieved output frequency:\s+([\d.]+)", log.text("pll.v"))
    theirs = Fraction(found.group(1)) if found else Fraction(0)
    ours = RPLL.solve(Fraction(27), Fraction(wanted)).frequency
    assert abs(ours - wanted) <= abs(theirs - wanted) + Fraction(1, 1000)


@pytest.mark.parametrize(
    ("pll", "wanted", "message"),
    [
        (ICE40, 1, "The clock must be from 2 to 275 MHz, as SB_PLL40 makes it from 12 MHz, not 1"),
        (RPLL, 700, "The clock must be from 0.391 to 600 MHz, as rPLL makes it from 27 MHz, not "
                    "700"),
        (ECP5, 6, "The clock must be one that EHXPLLL makes from 25 MHz, not 6 MHz; 5.859 would "
                  "be near"),
    ],
)  # fmt: skip
def test_refusals(pll, wanted, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pll.solve(SOURCES[pll], Fraction(wanted))


def test_the_boards_default_clocks_are_exact():
    for board in BOARDS.values():
        assert board.pll.solve(board.source, board.clock).frequency == board.clock


def test_frequencies_as_text():
    assert [megahertz(Fraction(*f)) for f in ((48, 1), (25, 2), (100, 3), (100, 1))] == [
        "48", "12.5", "33.333", "100",
    ]  # fmt: skip
