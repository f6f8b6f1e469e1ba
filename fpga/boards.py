"""The boards that a unit can be built for, and what each of them has."""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .pll import ECP5, ICE40, RPLL, Pll

__all__ = ["BOARDS", "Board", "BoardsMissingError", "board"]


class BoardsMissingError(RuntimeError):
    """The package that describes the boards' pins is not installed."""


@dataclass(frozen=True)
class Board:
    """A board as it is sold.

    Attributes
    ----------
    name, title : str
        Its name on the command line, and its own.
    module, platform : str
        Where amaranth-boards describes its pins.
    family : str
        The FPGA's family, as costs and place and route have it.
    device : tuple of str
        The FPGA in the words of nextpnr.
    packer : tuple of str
        What the packer needs to know beside the files.
    pll : Pll
        The loop that makes the system clock.
    source : Fraction
        The board's oscillator in MHz.
    clock : Fraction
        The system clock unless another is asked for, in MHz.
    capacity : mapping of str to int
        Resources there are: ``lut``, ``register``, ``dsp``, ``ram``.
    fastest_baud : int
        The greatest rate of the USB bridge that sits on the board.
    suffix : str
        Of the bitstream's file.
    loader : str
        The board's name for openFPGALoader.
    """

    name: str
    title: str
    module: str
    platform: str
    family: str
    device: tuple[str, ...]
    packer: tuple[str, ...]
    pll: Pll
    source: Fraction
    clock: Fraction
    capacity: Mapping[str, int]
    fastest_baud: int
    suffix: str
    loader: str

    def make_platform(self) -> Any:
        """A fresh platform of amaranth-boards; it serves for one build.

        Raises:
            BoardsMissingError: if amaranth-boards is not installed.
        """
        try:
            module = importlib.import_module(f"amaranth_boards.{self.module}")
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("amaranth_boards"):
                raise
            raise BoardsMissingError(
                "The boards' pins come with amaranth-boards, which is not installed; "
                "get it with: pip install 'bitwright[fpga]'"
            ) from None
        return getattr(module, self.platform)()


_ALL = (
    # The bridge is an FT2232H. A block RAM has 4 kbit.
    Board(
        name="icebreaker",
        title="iCEBreaker",
        module="icebreaker",
        platform="ICEBreakerPlatform",
        family="ice40",
        device=("--up5k", "--package", "sg48"),
        packer=(),
        pll=ICE40,
        source=Fraction(12),
        clock=Fraction(18),
        capacity={"lut": 5280, "register": 5280, "dsp": 8, "ram": 30},
        fastest_baud=12_000_000,
        suffix=".bin",
        loader="ice40_generic",
    ),
    # The bridge is an FT231X. A block RAM has 18 kbit.
    Board(
        name="ulx3s-85f",
        title="ULX3S with LFE5U-85F",
        module="ulx3s",
        platform="ULX3S_85F_Platform",
        family="ecp5",
        device=("--85k", "--package", "CABGA381", "--speed", "6"),
        packer=(),
        pll=ECP5,
        source=Fraction(25),
        clock=Fraction(50),
        capacity={"lut": 83640, "register": 83640, "dsp": 156, "ram": 208},
        fastest_baud=3_000_000,
        suffix=".bit",
        loader="ulx3s",
    ),
    # The bridge is a BL702 that behaves like an FT2232D. A block RAM has 18 kbit.
    Board(
        name="tang-nano-9k",
        title="Tang Nano 9K",
        module="tang_nano_9k",
        platform="TangNano9kPlatform",
        family="gowin",
        device=("--device", "GW1NR-LV9QN88PC6/I5", "--vopt", "family=GW1N-9C"),
        packer=("-d", "GW1N-9C", "--sspi_as_gpio", "--mspi_as_gpio"),
        pll=RPLL,
        source=Fraction(27),
        clock=Fraction(36),
        capacity={"lut": 8640, "register": 6480, "dsp": 20, "ram": 26},
        fastest_baud=3_000_000,
        suffix=".fs",
        loader="tangnano9k",
    ),
)

BOARDS: Mapping[str, Board] = {board.name: board for board in _ALL}


def board(name: str) -> Board:
    """A board by its name on the command line.

    Raises:
        ValueError: if there is no such board; the nearest is suggested.
    """
    if name not in BOARDS:
        near = difflib.get_close_matches(name, BOARDS, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"The board must be one of {', '.join(BOARDS)}, not '{name}'{hint}")
    return BOARDS[name]
