"""What the command line accepts. Nothing heavy is imported here: help answers at once."""

import argparse
import difflib
from collections.abc import Callable
from typing import Any, NoReturn

__all__ = ["parse"]

SIMULATORS = ("verilator", "icarus")
TARGETS = ("gates", "ice40", "ecp5", "gowin", "xilinx")


class _Parser(argparse.ArgumentParser):
    """Errors as one sentence, with the nearest word that would have been right."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message} (see '{self.prog} --help')")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            words = [str(choice) for choice in action.choices]
            near = difflib.get_close_matches(str(value), words, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            what = "command" if action.dest == "command" else action.dest
            raise ValueError(f"The {what} must be one of {', '.join(words)}, not '{value}'{hint}")


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        from . import commands

        return getattr(commands, name)(options)

    return run


def _positive(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if value < 1:
        raise ValueError(f"A number of vectors must be a positive integer or 'all', not '{text}'")
    return value


def _vectors(text: str) -> int | str:
    return text if text == "all" else _positive(text)


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"The seed must be an integer of at least 0, not '{text}'")
    return int(text)


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

    def add(name: str, function: str, text: str, unit: bool, json: bool = True) -> _Parser:
        command = commands.add_parser(name, help=text, description=text)
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

    verify = add("verify", "verify", "simulate a unit and compare it with its golden model", True)
    verify.add_argument("--simulator", choices=SIMULATORS, default=SIMULATORS[0])
    verify.add_argument(
        "--vectors",
        metavar="N|all",
        type=_Typed(_vectors),
        help="how many; default: all up to 16 operand bits, else 65536",
    )
    verify.add_argument("--seed", metavar="N", type=_Typed(_seed), default=0)
    verify.add_argument("--waves", metavar="FILE", help="write waveforms (VCD)")

    estimate = add("estimate", "estimate", "area and delay, or FPGA cells, by synthesis", True)
    estimate.add_argument(
        "--target", dest="targets", action="append", choices=TARGETS, help="default: gates"
    )
    estimate.add_argument("--liberty", metavar="FILE", help="a standard-cell library of your own")

    add("doctor", "doctor", "the tools that are found, and how to get those missing", unit=False)
    return parser.parse_args(arguments)


class _Typed:
    """A conversion whose ValueError reaches the user with its own words."""

    def __init__(self, convert: Callable[[str], Any]):
        self._convert = convert

    def __call__(self, text: str) -> Any:
        try:
            return self._convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
