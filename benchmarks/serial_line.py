"""How much of a serial line the host keeps busy, in the simulated board's own bit times."""

from collections.abc import Iterator
from typing import Any

from bitwright.fpga.host import check_board
from bitwright.fpga.simulated import SimulatedBoard
from bitwright.gen.generate import generate

__all__ = ["line"]

UNITS = {
    "e4m3fn multiplier": ("float-multiplier", {}),
    "int8 dot product, 8 lanes": ("dot-product", {"a": "int8", "b": "int8", "o": "exact"}),
    "e2m1fn multiplier to fp32": ("float-multiplier", {"a": "e2m1fn", "b": "e2m1fn", "o": "fp32"}),
}
DIVISOR = 12  # an iCEBreaker's oscillator at 1 Mbaud
MILLISECOND = 12_000  # of that board, in clock cycles


def line() -> Iterator[dict[str, Any]]:
    """The busier direction's share of the baud rate; the delay is added in each direction."""
    for what, (name, texts) in UNITS.items():
        made = generate(name, texts)
        for delay in (0, 1):
            latency = delay * MILLISECOND
            with SimulatedBoard(made, divisor=DIVISOR, latency=latency) as board:
                check = check_board(made, board.port, vectors=20_000)
            yield {
                "what": f"serial line in use, {what}, {delay} ms each way",
                "figure": round(100 * board.activity.use, 1),
                "unit": "%",
                "unit_under_test": {"name": name, "parameters": made.parameters},
                "passed": check.passed,
            }
