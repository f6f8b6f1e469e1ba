"""What the command line accepts. Nothing heavy is imported here: help answers at once."""

import argparse
import difflib
import importlib
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from . import values

__all__ = ["parse"]

SIMULATORS = ("verilator", "icarus")
NETLISTS = ("ice40", "ecp5")
TARGETS = ("gates", "ice40", "ecp5", "gowin", "xilinx")
DEVICES = ("up5k", "hx8k", "25f", "85f", "gw1nr-9c")
OPERANDS = ("uniform", "gaussian", "digits")
PROOFS = ("verilog", "gates-area", "gates-speed", "ice40", "ecp5", "routed-ice40")
BOARDS = ("icebreaker", "ulx3s-85f", "tang-nano-9k")
BAUD = 1_000_000
DIVISOR = 8


class _Parser(argparse.ArgumentParser):
    """Errors as one sentence, with the nearest word that would have been right."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message} (see '{self.prog} --help')")

    def _print_message(self, message: str, file: Any = None) -> None:
        """As always, but without silence where it cannot be written."""
        (file or sys.stderr).write(message)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            words = [str(choice) for choice in action.choices]
            near = difflib.get_close_matches(str(value), words, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            # Of what may be repeated each is one: a target, a proof.
            what = action.dest.removesuffix("s")
            raise ValueError(f"The {what} must be one of {', '.join(words)}, not '{value}'{hint}")


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    module, _, function = name.rpartition(".")

    def run(options: argparse.Namespace) -> int:
        found = importlib.import_module(f".{module or 'commands'}", __package__)
        return getattr(found, function)(options)

    return run


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options, with ``run`` set to the command.

    Raises:
        ValueError: if the arguments cannot be read.
    """
    from importlib.metadata import version

    parser = _Parser(
        prog="bitwright",
        description="Low-bit arithmetic hardware for AI: generate, verify and cost a unit.",
        epilog="Formats are given by name, as in: bitwright generate float-multiplier "
        "-p a=e4m3fn -p b=e5m2 -p o=bf16",
    )
    parser.add_argument("--version", action="version", version=version("bitwright"))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(
        name: str, function: str, text: str, unit: bool, json: bool = True, into: Any = commands
    ) -> _Parser:
        command = into.add_parser(name, help=text, description=text)
        command.set_defaults(run=_command(function))
        if unit:
            command.add_argument("unit", metavar="UNIT", help="a name from 'bitwright list'")
            command.add_argument(
                "-p",
                dest="parameters",
                metavar="NAME=VALUE",
                action="append",
                default=[],
                help="a parameter of the unit; may be repeated",
            )
        if json:
            command.add_argument("--json", action="store_true", help="JSON on standard output")
        return command

    add("list", "list_units", "list the units, a line each", unit=False)
    add("show", "show", "what a unit computes, its ports, latency and parameters", unit=True)

    generate = add("generate", "generate", "write a unit's Verilog and its manifest", unit=True)
    generate.add_argument("-o", dest="folder", metavar="DIR", default=".", help="output folder")
    generate.add_argument("--name", metavar="TOP", help="name of the Verilog module")
    generate.add_argument(
        "--testbench",
        action="store_true",
        help="also a self-checking Verilog testbench, of few vectors that find every mutant",
    )

    verify = add("verify", "verify", "simulate a unit and compare it with its golden model", True)
    verify.add_argument("--simulator", choices=SIMULATORS, default=SIMULATORS[0])
    verify.add_argument(
        "--vectors",
        metavar="N|all",
        type=values.vectors,
        help="how many; default: all up to 16 operand bits, else 65536",
    )
    verify.add_argument("--seed", metavar="N", type=values.seed, default=0)
    verify.add_argument(
        "--netlist",
        choices=NETLISTS,
        help="simulate what synthesis for this FPGA family makes of the unit",
    )
    verify.add_argument("--waves", metavar="FILE", help="write waveforms (VCD)")

    exhaust = add("exhaust", "exhaust.exhaust", "try all inputs of a unit, as a netlist", True)
    exhaust.add_argument(
        "--most-bits",
        metavar="N",
        type=values.most_bits,
        default=20,
        help="refuse a unit with more bits of input, at most 32; default: 20",
    )

    mutate = add("mutate", "mutate.mutate", "spoil every gate and see what notices", True)
    mutate.add_argument(
        "--vectors",
        metavar="N",
        type=values.positive,
        help="how many; default: all up to 20 operand bits, else 65536",
    )
    mutate.add_argument("--seed", metavar="N", type=values.seed, default=0)

    prove = add("prove", "prove.prove", "prove by SAT that netlists are the unit", unit=True)
    prove.add_argument(
        "--of",
        dest="proofs",
        action="append",
        choices=PROOFS,
        help="what is compared with the RTL; may be repeated; default: all but routed",
    )
    prove.add_argument(
        "--against",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="the same unit with this parameter instead; may be repeated, all for one other unit",
    )
    prove.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=values.seconds,
        default=60,
        help="for each question to the solver; default: 60",
    )
    prove.add_argument(
        "--seed", metavar="N", type=values.seed, default=0, help="draws the planted faults"
    )

    certify = add("certify", "certify.certify", "all of this at once, as a certificate", False)
    certify.add_argument("unit", metavar="UNIT", nargs="?", help="a name from 'bitwright list'")
    certify.add_argument(
        "-p", dest="parameters", metavar="NAME=VALUE", action="append", default=[],
        help="a parameter of the unit; may be repeated",
    )  # fmt: skip
    certify.add_argument("-o", dest="folder", metavar="DIR", default=".", help="output folder")
    certify.add_argument("--name", metavar="TOP", help="name of the Verilog module")
    certify.add_argument("--seed", metavar="N", type=values.seed, default=0)
    certify.add_argument(
        "--check", metavar="FILE", help="check this certificate, from scratch, instead"
    )

    estimate = add("estimate", "estimate", "area and delay, or FPGA cells, by synthesis", True)
    estimate.add_argument(
        "--target", dest="targets", action="append", choices=TARGETS, help="default: gates"
    )
    estimate.add_argument("--liberty", metavar="FILE", help="a standard-cell library of your own")
    estimate.add_argument(
        "--route", action="store_true", help="also place and route on the FPGA targets"
    )
    estimate.add_argument(
        "--seeds", metavar="N", type=values.seeds, help="runs of place and route; default: 5"
    )
    estimate.add_argument(
        "--device",
        dest="devices",
        action="append",
        choices=DEVICES,
        help="route on this one of its family; default: up5k, 85f, gw1nr-9c",
    )
    estimate.add_argument(
        "--energy",
        action="store_true",
        help="also what an operation switches, beside an int8 multiply-accumulate",
    )
    estimate.add_argument(
        "--operands", choices=OPERANDS, help="that stream through for --energy; default: uniform"
    )

    compare = add("compare", "compare.compare", "a dot product by every unit that can do it", False)
    compare.add_argument("-a", metavar="FORMAT", default="int8", help="activations; default: int8")
    compare.add_argument("-b", metavar="FORMAT", default="int4", help="weights; default: int4")
    compare.add_argument(
        "--terms", metavar="N", type=values.terms, default=32, help="products; default: 32"
    )
    compare.add_argument(
        "--target", dest="targets", action="append", choices=TARGETS, help="LUTs; default: ice40"
    )
    compare.add_argument("--simulator", choices=SIMULATORS, default=SIMULATORS[0])

    build = add("build", "build.build", "a bitstream for a board, with the unit in it", unit=True)
    build.add_argument("--board", required=True, choices=BOARDS)
    build.add_argument("-o", dest="folder", metavar="DIR", default=".", help="output folder")
    build.add_argument(
        "--clock", metavar="MHZ", type=values.megahertz, help="default: a modest one by board"
    )
    build.add_argument(
        "--baud", metavar="RATE", type=values.baud, default=BAUD, help=f"default: {BAUD}"
    )
    build.add_argument(
        "--seed", metavar="N", type=values.seed, default=1, help="of place and route"
    )

    boards = commands.add_parser("board", help="use a board", description="Use a board.")
    actions = boards.add_subparsers(dest="action", metavar="ACTION", required=True)
    flash = add("flash", "build.flash", "load a bitstream into a board", False, into=actions)
    flash.add_argument("file", metavar="FILE", help="a bitstream that 'bitwright build' made")
    flash.add_argument(
        "--board", choices=BOARDS, help="default: as the .build.json beside the file says"
    )
    flash.add_argument(
        "--permanent", action="store_true", help="into its flash memory, to stay after power-off"
    )

    test = add("test", "board.test", "a unit on a board against its model", True, into=actions)
    test.add_argument("--port", required=True, help="serial port of the board: /dev/ttyUSB1, COM3")
    test.add_argument(
        "--baud", metavar="RATE", type=values.baud, default=BAUD, help=f"default: {BAUD}"
    )
    test.add_argument(
        "--vectors", metavar="N|all", type=values.vectors, help="how many, as for verify"
    )
    test.add_argument("--seed", metavar="N", type=values.seed, default=0)
    simulate = add(
        "simulate", "board.simulate", "a simulated board with a serial port", True, into=actions
    )
    simulate.add_argument(
        "--divisor",
        metavar="N",
        type=values.divisor,
        default=DIVISOR,
        help=f"clock cycles a bit, at least 4; default: {DIVISOR}",
    )
    simulate.add_argument(
        "--fault",
        dest="faults",
        metavar="KIND@N",
        action="append",
        default=[],
        help="spoil the N-th byte: drop, flip, stop, spike, restart, unplug, "
        "answer-drop, answer-flip, mute; may be repeated",
    )

    add("doctor", "doctor", "the tools that are found, and how to get those missing", unit=False)
    return parser.parse_args(arguments)
