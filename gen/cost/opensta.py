"""Delays of a mapped netlist over a user's Liberty file, by OpenSTA."""

import re
import subprocess
from collections.abc import Sequence
from typing import Any

from ..guard import apart, passing_folder
from ..process import answer, ending, finish, started
from .liberty_file import UserLibrary
from .timing import GROUPS

__all__ = ["delays", "sta_version"]

PERIOD = 100
"""Clock period in the library's time unit; a delay is this less the slack, negative or not."""

LIMIT = 600
"""Longest run of OpenSTA, in seconds."""

SCRIPT = """
read_liberty {liberty}
read_verilog netlist.v
link_design {top}
{clock}
set ins [list]
foreach port [all_inputs] {{
  if {{[lsearch -exact {{{clocks}}} [get_property $port full_name]] < 0}} {{ lappend ins $port }}
}}
set_input_delay 0 -clock clock $ins
set_output_delay 0 -clock clock [all_outputs]
set_driving_cell -lib_cell {driver} $ins
set_load {load} [all_outputs]
set out [open slacks.txt w]
proc group {{name from to}} {{
  global out
  foreach path [find_timing_paths -from $from -to $to] {{
    puts $out "$name [get_property $path slack]"
  }}
}}
{groups}
puts $out done
close $out
exit
"""

ENDS = {
    "input_to_register": "$ins [all_registers -data_pins]",
    "register_to_register": "[all_registers -clock_pins] [all_registers -data_pins]",
    "register_to_output": "[all_registers -clock_pins] [all_outputs]",
    "input_to_output": "$ins [all_outputs]",
}


def sta_version() -> str:
    """OpenSTA's version, as ``sta`` tells it."""
    return answer(["sta", "-version"])[1].strip() or "unknown"


def delays(verilog: str, top: str, clocks: Sequence[str], library: UserLibrary) -> dict[str, Any]:
    """Worst delay, in all and of each group of paths, in the library's time unit.

    Raises:
        ValueError: with OpenSTA's words, if it could not time the netlist.
        RuntimeError: if it was killed, ran out of time, or left less than all.
    """
    ports = " ".join(clocks)
    clock = f"create_clock -name clock -period {PERIOD}"
    if clocks:
        clock += f" [get_ports {{{ports}}}]"
    # Groups that need registers are errors to OpenSTA where there are none.
    groups = [g for g in GROUPS if clocks or "register" not in g]
    with passing_folder("bitwright-sta-") as work:
        # OpenSTA 2.0 does not know the word `signed`, which changes no connection.
        plain = re.sub(r"^(\s*(?:input|output|wire)) signed", r"\1", verilog, flags=re.M)
        (work / "netlist.v").write_text(plain)
        (work / "script.tcl").write_text(
            SCRIPT.format(
                liberty=f"{{{library.path.resolve()}}}",
                top=top,
                clock=clock,
                clocks=ports,
                driver=library.buffer.name,
                load=f"{library.load:g}",
                groups="\n".join(f"catch {{ group {g} {ENDS[g]} }}" for g in groups),
            )
        )
        command = ["sta", "-no_splash", "-exit", "script.tcl"]
        log = work / "sta.log"
        try:
            with log.open("wb") as sink, started(
                command, cwd=work, sink=sink, environment=apart(work)
            ) as process:
                status = finish(process, LIMIT)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"OpenSTA did not finish within {LIMIT:g} seconds") from None
        said = log.read_text(errors="replace")
        slacks = work / "slacks.txt"
        lines = slacks.read_text().splitlines() if slacks.exists() else []
    if status < 0:
        raise RuntimeError(f"OpenSTA {ending(status)}:\n{said[-2000:]}")
    if status or "Error:" in said:
        raise ValueError(f"OpenSTA could not time the netlist:\n{said[-2000:]}")
    if not lines or lines[-1] != "done":
        raise RuntimeError(f"OpenSTA wrote no delays, or not all:\n{said[-2000:]}")
    found = {name: PERIOD - float(slack) for name, slack in map(str.split, lines[:-1])}
    return {
        "delay": round(max(found.values()), 4) if found else None,
        "delays": {g: round(found[g], 4) if g in found else None for g in GROUPS},
    }
