"""The synthesis script shared by all standard-cell estimates: from RTLIL to simple gates.

It is Yosys's `synth -flatten` less the passes that do nothing for arithmetic units, with one
change. `alumacc` fuses a product and the adder behind it into one `$macc`, whose partial products
are sign-extended to the width of the sum; products are therefore treated before the adders are
looked at. Signed ones become Booth multipliers, which need no such extension, and so do wide
ones: from ten bits on, Booth recoding is the smaller (11 percent at 11 bits).
"""

import json
import re
from typing import Any

__all__ = [
    "MINIMISE",
    "RECIPES",
    "SYNTHESIS",
    "Estimate",
    "abc_files",
    "checked_top",
    "prepare",
    "version_in",
]

Estimate = tuple[dict[str, Any], dict[str, str | None]]
"""Figures ready for JSON, and the tools that made them with their versions."""

SYNTHESIS = """
read_rtlil design.il
hierarchy -check -top {top}
delete */t:$print */t:$check
proc
flatten -noscopeinfo
opt_expr
opt_clean
opt -nodffe -nosdff
wreduce
peepopt
opt_clean
booth t:$mul r:A_SIGNED=1 %i t:$mul r:A_WIDTH>=10 %i r:B_WIDTH>=10 %i
alumacc t:$mul
alumacc
share
opt
memory -nomap
opt_clean
opt -fast -full
memory_map
opt -undriven -fine
techmap
opt -fast
attrmap -remove init
"""
"""Registers lose their initial values: standard-cell flip-flops have none."""

MINIMISE = "abc -g gates -script minimise.abc\nopt -fast\n"
"""A first look by ABC, worth up to two percent of area in the end.

Nothing after it reaches YoWASP's log, so checks that may fail come before it.
"""

RECIPES = {
    # Technology-independent minimisation, then three rounds of area-oriented mapping over
    # structural choices, each from what the last one found.
    "area": "strash; ifraig; scorr; dc2; " + "strash; dch -f; amap -m; " * 3 + "topo; dnsize -c",
    # Depth-oriented restructuring over 6-input functions, two rounds of delay-optimal mapping over
    # structural choices, then buffers for large fan-outs and gate sizes along the critical paths.
    "speed": "strash; ifraig; scorr; dc2; strash; if -g -K 6; strash; dch; map -B 0.9; "
    "strash; dch; map -B 0.9; topo; buffer -c; topo; upsize -c; dnsize -c",
}


def checked_top(top: str) -> str:
    """``top``, if it may stand in a script.

    Raises:
        ValueError: if ``top`` is not an identifier.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", top, re.ASCII):
        raise ValueError(f"The top module's name must be an identifier, not {top!r}")
    return top


def prepare(top: str) -> str:
    """The script that reads ``design.il`` and leaves gates and registers, all of one bit.

    Raises:
        ValueError: if ``top`` is not an identifier.
    """
    return SYNTHESIS.format(top=checked_top(top))


def abc_files() -> dict[str, str]:
    """ABC's scripts, one command a line: ``minimise.abc``, and one named after each recipe."""
    scripts = {"minimise": "strash; ifraig; scorr; dc2; strash; map", **RECIPES}
    return {f"{name}.abc": text.replace("; ", "\n") + "\n" for name, text in scripts.items()}


def version_in(text: str) -> str:
    """The Yosys version that a file of its JSON names as creator; ``unknown`` if none."""
    found = re.search(r"\d+\.\d+(?:\+\d+)?", json.loads(text).get("creator", ""))
    return found.group() if found else "unknown"
