"""A model of the ECP5's 18 by 18 bit multiplier, which Yosys knows as a black box only.

It covers what synthesis emits: no registers, operands from the A and B inputs and not from a
neighbour's shift chain. Anything else is refused. After the Lattice ECP5 and ECP5-5G sysDSP Usage
Guide, FPGA-TN-02205: ``SIGNEDA`` and ``SIGNEDB`` say of each operand whether it is two's
complement, and the product has 36 bits.
"""

import re
from collections.abc import Mapping, Sequence

__all__ = ["VERILOG", "unsupported"]

WIDTH = 18
_USED = re.compile(r"[ABC]\d+|P\d+|SIGNED[AB]|SOURCE[AB]")
_REGISTER = re.compile(r"REG_\w+_CLK")


def _module() -> str:
    ports = [
        *(f"input {port}{n}" for port in "ABC" for n in range(WIDTH)),
        *(f"input {port}" for port in ("SIGNEDA", "SIGNEDB", "SOURCEA", "SOURCEB")),
        *(f"output P{n}" for n in range(2 * WIDTH)),
    ]
    operands = {port: ", ".join(f"{port}{n}" for n in reversed(range(WIDTH))) for port in "AB"}
    product = ", ".join(f"P{n}" for n in reversed(range(2 * WIDTH)))
    header = ",\n  ".join(ports)
    return (
        f"module MULT18X18D (\n  {header}\n);\n"
        f"  wire signed [{WIDTH}:0] a = {{SIGNEDA & A{WIDTH - 1}, {operands['A']}}};\n"
        f"  wire signed [{WIDTH}:0] b = {{SIGNEDB & B{WIDTH - 1}, {operands['B']}}};\n"
        f"  wire signed [{2 * WIDTH + 1}:0] p = a * b;\n"
        f"  assign {{{product}}} = p[{2 * WIDTH - 1}:0];\n"
        "endmodule\n"
    )


def unsupported(
    parameters: Mapping[str, str], connections: Mapping[str, Sequence[int | str]]
) -> str:
    """Why the model does not cover an instance, as the end of a sentence; empty if it does."""
    for name, value in parameters.items():
        if _REGISTER.fullmatch(name) and value != "NONE":
            return f"must have no registers, and its {name} is {value}"
        if name == "MULT_BYPASS" and value != "DISABLED":
            return "must multiply, and is bypassed"
    for name, bits in connections.items():
        if not _USED.fullmatch(name) and bits:
            return f"must not use the port {name}"
        if name.startswith("SOURCE") and list(bits) != ["0"]:
            return f"must take its operands from A and B, and its {name} is not 0"
    return ""


VERILOG = _module()
"""The module ``MULT18X18D``, in Verilog-2001."""
