"""The generated link and unit in simulation, bit by bit at the UART pins, behind a serial port.

Verilator with a small C++ program of our own (``board.cpp``) runs a process that owns the master
side of a pseudo-terminal. cocotb needs a Python call for every bit: measured side by side on two
busy cores, at 4 clock cycles a bit, it moves 2 kB/s each way where this moves 33 kB/s.
"""

import json
import os
import re
import subprocess
import tempfile
import tty
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from amaranth.back import rtlil  # pyright: ignore[reportAttributeAccessIssue]

from ...gen import yosys
from ...gen.generate import Generated
from ...verif.bench import SimulationError
from ...verif.bench.verilator import build_alone
from ..link import Link, identity
from ..link.protocol import BUFFER

__all__ = ["FAULTS", "Activity", "SimulatedBoard", "board_verilog"]

_MAIN = Path(__file__).with_name("board.cpp")
_TOP = "board"
_BUILD_SECONDS = 600.0
_END_SECONDS = 10.0
_BITS = 10

#: What may strike a byte on its way to the board, and the last three to the host.
FAULTS = (
    "drop", "flip", "stop", "spike", "restart", "unplug", "answer-drop", "answer-flip", "mute",
)  # fmt: skip


@dataclass(frozen=True)
class Activity:
    """What went over the simulated line from its first byte to its last.

    Attributes:
        divisor: Clock cycles a bit.
        cycles: Clock cycles in all. Time stands still while nothing is under way.
        to_board, to_host: Bytes.
        line_errors: Bytes from the board without a proper start or stop bit.
    """

    divisor: int
    cycles: int
    to_board: int
    to_host: int
    line_errors: int

    @property
    def use(self) -> float:
        """The busier direction's share of what its baud rate allows."""
        return _BITS * self.divisor * max(self.to_board, self.to_host) / max(self.cycles, 1)


def board_verilog(generated: Generated, divisor: int, buffer: int = BUFFER) -> str:
    """The board top without its clock and pins: ports ``clk``, ``rst``, ``rx`` and ``tx``."""
    link = Link(generated.unit, identity=identity(generated), divisor=divisor, buffer=buffer)
    script = (
        "read_rtlil board.il\nproc\nflatten\nopt\nmemory_collect\nopt_clean\n"
        "write_verilog -norename -noattr board.v\n"
    )
    text = rtlil.convert(link, name=_TOP, emit_src=False)
    return yosys.run(script, {"board.il": text}, ["board.v"])["board.v"]


class SimulatedBoard:
    """A context manager that simulates a board and gives the name of its serial port.

    ::

        with SimulatedBoard(generate("float-multiplier", {})) as board:
            check_board(..., board.port)
        print(board.activity)

    Parameters
    ----------
    generated
        The unit that the board holds.
    divisor
        Clock cycles a bit; the fewer, the faster the simulation.
    latency
        Clock cycles that each byte is late, each way, as behind a USB bridge.
    buffer
        Of the link.
    faults
        ``KIND@N``: what happens to the N-th byte, counted from 1; the kinds are those of `FAULTS`.

    Attributes
    ----------
    port : str
        Name of the serial port, once entered.
    activity : Activity or None
        What went over the line, once left.

    Raises
    ------
    ValueError
        For a fault that there is not, and what `Link` refuses.
    SimulationError
        On entering: if there are no pseudo-terminals here, a tool is missing, or the build fails.
    """

    def __init__(
        self,
        generated: Generated,
        *,
        divisor: int = 8,
        latency: int = 0,
        buffer: int = BUFFER,
        faults: Sequence[str] = (),
    ) -> None:
        for fault in faults:
            kind, _, position = fault.partition("@")
            if kind not in FAULTS or not re.fullmatch("[1-9][0-9]*", position):
                raise ValueError(
                    f"A fault must be KIND@N, with a kind of {', '.join(FAULTS)}, not '{fault}'"
                )
        self._verilog = board_verilog(generated, divisor, buffer)
        self._arguments = [str(divisor), str(latency), *faults]
        self._stack = ExitStack()
        self.port = ""
        self.activity: Activity | None = None

    def __enter__(self) -> Self:
        if not hasattr(os, "openpty"):
            raise SimulationError("A simulated board needs pseudo-terminals, as Linux has them")
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bitwright-")))
            design = folder / "board.v"
            design.write_text(self._verilog)
            program = build_alone(design, _TOP, _MAIN, run_folder=folder, timeout=_BUILD_SECONDS)
            master, slave = os.openpty()
            # Ours too: the terminal stays when the host closes it, and goes when we do.
            stack.callback(os.close, slave)
            try:
                tty.setraw(slave)
                self.port = os.ttyname(slave)
                process = subprocess.Popen(
                    [str(program), str(master), *self._arguments],
                    pass_fds=[master],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                )
            finally:
                os.close(master)
            stack.callback(self._end, process)
            self._process = process
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._stack.close()

    def wait(self) -> None:
        """Until the board is gone by itself: after the fault ``unplug``."""
        self._process.wait()

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        try:
            output, _ = process.communicate(timeout=_END_SECONDS)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        report: dict[str, Any] = json.loads(output) if output.strip() else {}
        self.activity = Activity(**report) if report else None
