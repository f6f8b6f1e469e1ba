"""What stands in a board's FPGA: the clock, the reset, and the unit behind its serial link."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from amaranth import hdl
from amaranth.hdl import ClockDomain, ClockSignal, Instance, Module, ResetSignal, Signal
from amaranth.lib import io
from amaranth.lib.cdc import ResetSynchronizer

from .boards import Board
from .pll import ICE40, RPLL, Setting

__all__ = ["BoardTop"]

# Block RAMs of iCE40 read as zero for some three microseconds after configuration, on an
# internal time base (Project IceStorm, issue 76): five times that, on every family alike.
_WAIT_MICROSECONDS = 15


class BoardTop(hdl.Elaboratable):
    """The top of a board: the link in the domain ``sync``, between the pins of the UART.

    ``sync`` runs from the board's loop at ``setting.frequency``, or from its oscillator directly
    where ``setting`` is None. It is held in reset until the loop has locked, and at least 15
    microseconds more.

    Parameters
    ----------
    board : Board
    setting : Setting or None
    make_link : callable
        Gives a component with ``rx`` and ``tx``; it does its own synchronisation of ``rx``.
    """

    # A top may also be made and, when something else fails, never elaborated.
    _MustUse__silence = True

    def __init__(
        self, board: Board, setting: Setting | None, make_link: Callable[[], Any]
    ) -> None:
        self._board = board
        self._setting = setting
        self._make_link = make_link

    @property
    def frequency(self) -> Fraction:
        """Of the domain ``sync``, in MHz."""
        return self._setting.frequency if self._setting else self._board.source

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        oscillator = platform.request(platform.default_clk, dir="-")
        clock, locked = Signal(name="clock"), Signal(name="locked", init=1)
        if self._setting is None:
            m.submodules.clock_buffer = buffer = io.Buffer(io.Direction.Input, oscillator)
            m.d.comb += clock.eq(buffer.i)
        elif self._board.pll is ICE40:
            m.submodules.pll = _ice40(self._setting, oscillator, clock, locked)
        else:
            m.submodules.clock_buffer = buffer = io.Buffer(io.Direction.Input, oscillator)
            make = _gowin if self._board.pll is RPLL else _ecp5
            m.submodules.pll = make(self._board.source, self._setting, buffer.i, clock, locked)
        for n in range(self._setting.halvings if self._setting else 0):
            clock = _halved(m, clock, f"halved{n + 1}")
        self._reset(m, clock, locked)

        uart = platform.request("uart", 0, dir="-")
        m.submodules.rx_buffer = rx = io.Buffer(io.Direction.Input, uart.rx)
        m.submodules.tx_buffer = tx = io.Buffer(io.Direction.Output, uart.tx)
        m.submodules.link = link = self._make_link()
        m.d.comb += [link.rx.eq(rx.i), tx.o.eq(link.tx)]
        return m

    def _reset(self, m: Module, clock: Signal, locked: Signal) -> None:
        """Release ``sync`` on an edge of its clock, once the loop has been locked for a while."""
        start: Any = ClockDomain("start", async_reset=True, local=True)
        m.domains += [start, ClockDomain("sync")]
        m.d.comb += [
            ClockSignal("start").eq(clock),
            ResetSignal("start").eq(~locked),
            ClockSignal("sync").eq(clock),
        ]
        cycles = Signal(range(math.ceil(_WAIT_MICROSECONDS * self.frequency) * 2))
        waited = Signal()
        m.d.comb += waited.eq(cycles[-1])
        with m.If(~waited):
            m.d.start += cycles.eq(cycles + 1)
        m.submodules.reset = ResetSynchronizer(~waited, domain="sync")


def _halved(m: Module, clock: Signal, name: str) -> Signal:
    """Half the clock, from a flip-flop that toggles."""
    domain: Any = ClockDomain(name, reset_less=True, local=True)
    m.domains += domain
    slow = Signal(name=f"{name}_clock")
    m.d.comb += ClockSignal(name).eq(clock)
    m.d[name] += slow.eq(~slow)
    return slow


def _ice40(setting: Setting, oscillator: Any, clock: Signal, locked: Signal) -> Instance:
    """The loop takes the pin itself: its place is that pin's, whose ordinary input it occupies."""
    # The loop filter's range goes by the detector's frequency.
    bounds = (17, 26, 44, 66, 101)
    filter_range = 1 + sum(setting.detector >= bound for bound in bounds)
    return Instance(
        "SB_PLL40_PAD",
        p_FEEDBACK_PATH="SIMPLE",
        p_PLLOUT_SELECT="GENCLK",
        p_DIVR=setting.reference - 1,
        p_DIVF=setting.feedback - 1,
        p_DIVQ=setting.output.bit_length() - 1,
        p_FILTER_RANGE=filter_range,
        i_PACKAGEPIN=oscillator.io,
        i_RESETB=1,
        i_BYPASS=0,
        o_PLLOUTGLOBAL=clock,
        o_LOCK=locked,
    )


def _ecp5(
    source: Fraction, setting: Setting, oscillator: Any, clock: Signal, locked: Signal
) -> Instance:
    return Instance(
        "EHXPLLL",
        a_FREQUENCY_PIN_CLKI=str(float(source)),
        a_FREQUENCY_PIN_CLKOP=str(float(setting.loop)),
        a_ICP_CURRENT="12",
        a_LPF_RESISTOR="8",
        a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        p_PLLRST_ENA="DISABLED",
        p_INTFB_WAKE="DISABLED",
        p_STDBY_ENABLE="DISABLED",
        p_DPHASE_SOURCE="DISABLED",
        p_OUTDIVIDER_MUXA="DIVA",
        p_CLKOP_ENABLE="ENABLED",
        p_CLKOP_DIV=setting.output,
        p_CLKOP_CPHASE=setting.output // 2,
        p_CLKOP_FPHASE=0,
        p_CLKI_DIV=setting.reference,
        p_CLKFB_DIV=setting.feedback,
        p_FEEDBK_PATH="CLKOP",
        i_CLKI=oscillator,
        i_CLKFB=clock,
        i_RST=0,
        i_STDBY=0,
        i_PHASESEL0=0,
        i_PHASESEL1=0,
        i_PHASEDIR=1,
        i_PHASESTEP=1,
        i_PHASELOADREG=1,
        i_PLLWAKESYNC=0,
        i_ENCLKOP=0,
        o_CLKOP=clock,
        o_LOCK=locked,
    )


def _gowin(
    source: Fraction, setting: Setting, oscillator: Any, clock: Signal, locked: Signal
) -> Instance:
    return Instance(
        "rPLL",
        p_FCLKIN=str(float(source)),
        p_DEVICE="GW1NR-9C",
        p_IDIV_SEL=setting.reference - 1,
        p_FBDIV_SEL=setting.feedback - 1,
        p_ODIV_SEL=setting.output,
        p_DYN_IDIV_SEL="false",
        p_DYN_FBDIV_SEL="false",
        p_DYN_ODIV_SEL="false",
        p_CLKFB_SEL="internal",
        i_CLKIN=oscillator,
        i_CLKFB=0,
        i_RESET=0,
        i_RESET_P=0,
        i_IDSEL=0,
        i_FBDSEL=0,
        i_ODSEL=0,
        i_PSDA=0,
        i_DUTYDA=0,
        i_FDLY=0,
        o_CLKOUT=clock,
        o_LOCK=locked,
    )
