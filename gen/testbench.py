"""A plain Verilog testbench: vectors and what must come out of them, for any simulator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .port import Port

__all__ = ["Rows", "write_testbench"]

_PAYLOAD_OF = "o_valid"
_LINE = 100


@dataclass(frozen=True)
class Rows:
    """What a module's ports hold, a row for each vector, or for each clock cycle.

    A module with a clock is watched in every row but those of reset, just before the clock's edge;
    the fields of its result where ``o_valid`` is 1, for they may hold anything elsewhere.

    Attributes
    ----------
    inputs : Mapping of str to sequence of int
        Values of every input but ``clk``.
    outputs : Mapping of str to sequence of int
        What every output must be. Where it is not watched, the value is of no account.
    """

    inputs: Mapping[str, Sequence[int]]
    outputs: Mapping[str, Sequence[int]]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


def _words(ports: Sequence[Port], values: Mapping[str, Sequence[int]], rows: int) -> list[str]:
    """A constant a row, which holds all the ports, the first in the highest bits."""
    width = sum(port.width for port in ports)
    words = []
    for row in range(rows):
        word = 0
        for port in ports:
            word = word << port.width | int(values[port.name][row]) & (1 << port.width) - 1
        words.append(f"{width}'h{word:0{-(-width // 4)}x}")
    return words


def _list(names: Sequence[str], indent: str) -> str:
    """Names with commas between, in lines of readable length."""
    lines, line = [], indent
    for k, name in enumerate(names):
        word = name + (", " if k + 1 < len(names) else "")
        if len(line) + len(word.rstrip()) > _LINE and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += word
    return "\n".join([*lines, line])


def _declaration(kind: str, port: Port) -> str:
    return f"    {kind} {f'[{port.width - 1}:0] ' if port.width > 1 else ''}{port.name};\n"


def write_testbench(top: str, ports: Sequence[Port], rows: Rows, comment: Sequence[str]) -> str:
    """A self-checking module ``TOP_tb`` around the module ``top``.

    It is Verilog-2001 without files to read. It prints every row that differs, and at its end
    ``PASS`` and the number of rows, or ``FAIL``: a run that prints neither did not finish.

    Parameters
    ----------
    top
        Name of the module.
    ports
        Its ports, with ``clk`` and ``rst`` where it has a clock.
    rows
        Vectors and answers.
    comment
        Lines about the vectors, put in front.
    """
    clocked = any(port.name == "clk" for port in ports)
    inputs = [port for port in ports if port.direction == "in" and port.name != "clk"]
    outputs = [port for port in ports if port.direction == "out"]
    controls = [port for port in outputs if not clocked or not port.name.startswith("o_")]
    controls += [port for port in outputs if clocked and port.name == _PAYLOAD_OF]
    payload = [port for port in outputs if port not in controls]
    width_in, width_out = sum(p.width for p in inputs), sum(p.width for p in outputs)

    def unlike(some: Sequence[Port]) -> str:
        found = " | ".join(f"({port.name} !== want_{port.name})" for port in some)
        return found or "1'b0"

    wrong = unlike(controls)
    if payload:
        wrong += f" | ({_PAYLOAD_OF} === 1'b1 & ({unlike(payload)}))"
    if clocked:
        wrong = f"!rst & ({wrong})"
    shown = " ".join(f"{port.name}=%h" for port in inputs)
    told = " ".join(f"{port.name}=%h (want %h)" for port in outputs)
    arguments = [*(p.name for p in inputs)]
    arguments += [name for p in outputs for name in (p.name, f"want_{p.name}")]
    pad = len(str(len(rows) - 1))
    table = "".join(
        f"        stimulus[{k:{pad}}] = {a}; expected[{k:{pad}}] = {b};\n"
        for k, (a, b) in enumerate(
            zip(
                _words(inputs, rows.inputs, len(rows)),
                _words(outputs, rows.outputs, len(rows)),
                strict=True,
            )
        )
    )
    connections = ",\n".join(f"        .{port.name}({port.name})" for port in ports)
    kind = "clock cycles" if clocked else "vectors"
    edge = "            #1 clk = 1'b1;\n            #5 clk = 1'b0;\n" if clocked else ""
    return (
        "".join(f"// {line}\n" for line in comment)
        + "`timescale 1ns / 1ps\n\n"
        + f"module {top}_tb;\n\n"
        + ("    reg clk = 1'b0;\n" if clocked else "")
        + "".join(_declaration("reg", port) for port in inputs)
        + "".join(_declaration("wire", port) for port in outputs)
        + "".join(
            _declaration("reg", Port(f"want_{port.name}", "in", port.width)) for port in outputs
        )
        + f"\n    reg [{width_in - 1}:0] stimulus [0:{len(rows) - 1}];\n"
        + f"    reg [{width_out - 1}:0] expected [0:{len(rows) - 1}];\n"
        + "    integer row;\n    integer failures;\n\n"
        + f"    {top} dut (\n{connections}\n    );\n\n"
        + f"    initial begin\n{table}\n"
        + "        failures = 0;\n"
        + f"        for (row = 0; row < {len(rows)}; row = row + 1) begin\n"
        + f"            {{\n{_list([p.name for p in inputs], ' ' * 16)}\n"
        + "            } = stimulus[row];\n"
        + f"            {{\n{_list([f'want_{p.name}' for p in outputs], ' ' * 16)}\n"
        + "            } = expected[row];\n"
        + "            #4;\n"
        + f"            if ({wrong}) begin\n"
        + "                failures = failures + 1;\n"
        + "                $display(\n"
        + f'                    "FAIL: row %0d: {shown}: {told}",\n'
        + _list(["row", *arguments], " " * 20)
        + "\n                );\n"
        + "            end\n"
        + edge
        + "        end\n"
        + f'        if (failures == 0) $display("PASS: {len(rows)} {kind}");\n'
        + f'        else $display("FAIL: %0d of {len(rows)} {kind}", failures);\n'
        + "        $finish;\n    end\n\nendmodule\n"
    )
