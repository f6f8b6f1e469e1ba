"""``bitwright board test`` and ``bitwright board simulate``."""

import argparse
import sys
from contextlib import ExitStack, suppress

from . import output

__all__ = ["simulate", "test"]


def test(options: argparse.Namespace) -> int:
    """A unit on a board against its golden model; status 2 when the link failed."""
    from .commands import generated

    made = generated(options)
    from ..fpga.host import LinkError, check_board

    everything = options.vectors == "all"
    try:
        with output.progress(f"testing on {options.port}") as moved:
            result = check_board(
                made,
                options.port,
                baud=options.baud,
                vectors=None if everything else options.vectors,
                everything=everything,
                seed=options.seed,
                progress=moved,
            )
    except LinkError as error:
        print(f"bitwright: {error}", file=sys.stderr)
        return 2
    details = [
        f"identity {result.identity}; seed {result.seed}; {result.seconds:.1f} s, "
        f"{result.vectors_per_second:,} vectors/s, "
        f"{result.line_use:.1%} of {result.baud:,} baud"
    ]
    subject = f"{options.unit} on {result.port}"
    return output.outcome(result, subject, details, as_json=options.json)


def simulate(options: argparse.Namespace) -> int:
    """A simulated board that runs until it is interrupted."""
    from .commands import generated

    made = generated(options)
    from ..fpga.link import identity
    from ..fpga.simulated import SimulatedBoard
    with ExitStack() as stack:
        with output.working("building the simulation"):
            board = SimulatedBoard(made, divisor=options.divisor, faults=options.faults)
            stack.enter_context(board)
        words = made.options
        if options.json:
            facts = {"port": board.port, "unit": made.name, "parameters": made.parameters}
            output.json_document(facts | {"identity": identity(made).hex()})
        else:
            output.line(f"a simulated board with {made.name}{words} is on {board.port}; try")
            output.line(f"  bitwright board test {made.name}{words} --port {board.port}")
            output.line("Ctrl-C ends it.")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            board.wait()
    return 0
