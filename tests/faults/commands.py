"""The commands of the fault suite: a line each. A new command that writes or runs a tool goes here.
"""

from dataclasses import dataclass

__all__ = ["CERTIFY", "CHECK", "COMMANDS", "OUTPUT", "TINY", "TOP", "Command"]

TINY = ("float-multiplier", "-p", "a=e2m1fn", "-p", "b=e2m1fn", "-p", "o=e3m2fn")
TOP = "float_multiplier_a_e2m1fn_b_e2m1fn_o_e3m2fn"
_BOARD = f"{TOP}-icebreaker"


@dataclass(frozen=True)
class Command:
    """A command line, run in an empty folder.

    `tools` are those it starts, by their names in `tools.TOOLS`; `writes` all files that are there
    when it has succeeded; `logs` those that may be there when it has failed; `given` files that it
    finds. With `together` it makes sense twice at once in one folder.
    """

    words: tuple[str, ...]
    tools: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    together: bool = True


COMMANDS = {
    "generate": Command(
        ("generate", *TINY, "--json"), ("yosys",), (f"{TOP}.v", f"{TOP}.json")
    ),
    "generate a testbench": Command(
        ("generate", *TINY, "--testbench", "--json"),
        ("yosys",),
        (f"{TOP}.v", f"{TOP}.json", f"{TOP}_tb.v"),
    ),
    "exhaust": Command(("exhaust", *TINY, "--json"), ("yosys",)),
    "mutate": Command(("mutate", *TINY, "--json"), ("yosys",)),
    "prove": Command(("prove", *TINY, "--of", "gates-area", "--json"), ("yosys",)),
    "verify": Command(
        ("verify", *TINY, "--simulator", "icarus", "--json"), ("yosys", "iverilog", "vvp")
    ),
    "verify with waves": Command(
        ("verify", *TINY, "--simulator", "icarus", "--json", "--waves", "waves.vcd"),
        ("vvp",),
        ("waves.vcd",),
        logs=("waves.vcd",),
    ),
    "verify by Verilator": Command(("verify", *TINY, "--json"), ("c++",)),
    "verify a netlist": Command(
        ("verify", *TINY, "--simulator", "icarus", "--netlist", "ice40", "--json"), ("yosys",)
    ),
    "estimate": Command(
        ("estimate", *TINY, "--target", "gates", "--target", "ice40", "--json"), ("yosys",)
    ),
    "estimate energy": Command(("estimate", *TINY, "--energy", "--json"), ("yosys",)),
    "estimate with a library": Command(
        ("estimate", *TINY, "--liberty", "cells.lib", "--json"),
        ("yosys", "sta"),
        given=("cells.lib",),
    ),
    "estimate a route": Command(
        ("estimate", *TINY, "--target", "ice40", "--route", "--seeds", "2", "--json"),
        ("nextpnr-ice40",),
    ),
    "compare": Command(
        ("compare", "-a", "e5m2", "-b", "e5m2", "--terms", "1", "--json"), ("yosys",)
    ),
    "build": Command(
        ("build", *TINY, "--board", "icebreaker", "--json"),
        ("yosys", "nextpnr-ice40", "icepack"),
        (f"{TOP}.v", f"{TOP}.json", f"{_BOARD}.bin", f"{_BOARD}.log", f"{_BOARD}.build.json"),
        logs=(f"{_BOARD}.log",),
    ),
    "board flash": Command(
        ("board", "flash", "some.bin", "--board", "icebreaker", "--json"),
        ("openFPGALoader",),
        given=("some.bin",),
    ),
}

#: All of these at once, which takes long: `nightly.py` runs it again after each fault.
CERTIFY = Command(
    ("certify", *TINY, "--json"),
    ("yosys", "c++"),
    (f"{TOP}.v", f"{TOP}.json", f"{TOP}_tb.v", f"{TOP}.cert.json"),
)
CHECK = Command(
    ("certify", "--check", f"{TOP}.cert.json", "--json"), ("yosys",), given=CERTIFY.writes
)

#: Those that only write to standard output.
OUTPUT = {
    "list": ("list",),
    "list --json": ("list", "--json"),
    "show": ("show", *TINY),
    "generate": ("generate", *TINY),
    "board simulate": ("board", "simulate", *TINY),
    "help": ("--help",),
}
