"""The table of boards against amaranth-boards, and the tops that it leads to."""

import importlib
import re
import warnings
from fractions import Fraction

import pytest

from bitwright.cli.arguments import BAUD
from bitwright.cli.arguments import BOARDS as NAMES
from bitwright.fpga import link
from bitwright.fpga.boards import BOARDS, BoardsMissingError, board
from bitwright.fpga.speed import speed
from bitwright.fpga.toolchain import TOOLCHAINS
from bitwright.fpga.top import BoardTop
from bitwright.gen.cost.fpga import FPGAS
from bitwright.gen.generate import generate
from bitwright.gen.nextpnr import FAMILIES, TOOLS

TINY = {"a": "e2m1fn", "b": "e2m1fn", "o": "e3m2fn"}


def test_names():
    assert tuple(BOARDS) == NAMES
    assert BAUD == link.BAUD
    assert all(board(name).name == name for name in NAMES)


@pytest.mark.parametrize("made", BOARDS.values(), ids=BOARDS)
def test_the_table_is_amaranth_boards_s(made):
    platform = made.make_platform()
    assert platform.default_clk_frequency == made.source * 1_000_000
    uart = platform.lookup("uart", 0)
    assert {"rx", "tx"} <= {part.name for part in uart.ios}
    assert made.family in FPGAS
    assert made.family in FAMILIES
    assert TOOLCHAINS[made.family].packer in TOOLS
    assert set(TOOLCHAINS[made.family].kinds) <= set(made.capacity)
    assert made.fastest_baud >= link.BAUD


@pytest.mark.parametrize("clock", [None, "direct", 7])
@pytest.mark.parametrize("made", BOARDS.values(), ids=BOARDS)
def test_tops_elaborate_without_warnings(made, clock):
    """With the loop, with the oscillator as it is, and with a halved clock."""
    unit = generate("float-multiplier", TINY).unit
    chosen = speed(made, made.source if clock == "direct" else clock and Fraction(clock))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        top = BoardTop(
            made,
            chosen.setting,
            lambda: link.Link(unit, identity=bytes(16), divisor=chosen.divisor),
        )
        files = made.make_platform().prepare(top, name="top", emit_src=False).files
    assert top.frequency == chosen.frequency
    design = files["top.il"]
    primitive = {"ice40": "SB_PLL40_PAD", "ecp5": "EHXPLLL", "gowin": "rPLL"}[made.family]
    assert len(re.findall(rf"cell \\{primitive} ", design)) == (clock != "direct")
    assert ("halved1_clock" in design) == bool(chosen.setting and chosen.setting.halvings)
    # Clock, line in and line out: each at its pin.
    pins = files[TOOLCHAINS[made.family].constraints]
    located = [line for line in pins.splitlines() if re.match(r"set_io|LOCATE|IO_LOC", line)]
    assert len(located) == 3


def test_an_unknown_board_is_refused():
    listed = ", ".join(BOARDS)
    with pytest.raises(ValueError, match=f"^The board must be one of {listed}, not 'icebraker'; "
                                         "did you mean 'icebreaker'\\?$"):
        board("icebraker")
    with pytest.raises(ValueError, match=f"^The board must be one of {listed}, not 'arty'$"):
        board("arty")


def test_without_amaranth_boards(monkeypatch):
    real = importlib.import_module

    def missing(name, *rest):
        if name.startswith("amaranth_boards"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="amaranth_boards")
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(BoardsMissingError, match=r"pip install 'bitwright\[fpga\]'$"):
        board("icebreaker").make_platform()


@pytest.mark.parametrize(
    ("name", "clock", "baud", "divisor", "frequency"),
    [
        ("icebreaker", None, 1_000_000, 18, 18),
        ("icebreaker", "12", 115_200, 104, 12),
        ("icebreaker", "9", 1_000_000, 9, 9),
        ("ulx3s-85f", None, 3_000_000, 17, 50),
        ("tang-nano-9k", "54", 1_000_000, 54, 54),
    ],
)
def test_the_line_s_rate_follows_from_the_clock(name, clock, baud, divisor, frequency):
    chosen = speed(board(name), clock and Fraction(clock), baud)
    assert (chosen.divisor, chosen.frequency) == (divisor, frequency)
    exact = chosen.frequency * 1_000_000 / divisor
    assert abs(exact / baud - 1) <= Fraction(2, 100)


@pytest.mark.parametrize(
    ("clock", "baud", "message"),
    [
        (None, 7_000_000, "The baud rate must be within 2 % of a whole part of the clock, 18 MHz, "
                          "of which 4500000 is the nearest, not 7000000"),
        ("18", 1_240_000, "The baud rate must be within 2 % of a whole part of the clock, 18 MHz, "
                          "of which 1200000 is the nearest, not 1240000"),
        (None, 13_000_000, "The baud rate must be from 1 to 12000000 on icebreaker, not 13000000"),
        (None, 0, "The baud rate must be from 1 to 12000000 on icebreaker, not 0"),
        (None, 100, "The baud rate must be within 2 % of a whole part of the clock, 18 MHz, of "
                    "which 275 is the nearest, not 100"),
        ("300", 1_000_000, "The clock must be from 2 to 275 MHz, as SB_PLL40 makes it from 12 MHz, "
                           "not 300"),
    ],
)  # fmt: skip
def test_rates_that_cannot_be(clock, baud, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        speed(board("icebreaker"), clock and Fraction(clock), baud)
