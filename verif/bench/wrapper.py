"""The Verilog that stands round the unit: one input vector, one output vector, any number of lanes.

Every access from Python costs microseconds whatever its width, so the bench makes one write and
one read a beat. The wrapper's ``i`` is a control byte followed by each lane's input fields, its
``o`` a status byte followed by each lane's output fields; a field starts at a byte boundary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...gen.port import Port

__all__ = ["CONTROL", "STATUS", "TOP", "Field", "Layout", "wrapper"]

TOP = "bitwright_bench"
# Bits of the control byte and of the status byte. Lanes are joined both by and and by or, so that
# a disagreement, or an X in any lane, shows.
CONTROL = ("i_valid", "o_ready", "rst")
STATUS = ("&o_valid", "|o_valid", "&i_ready", "|i_ready")

_HANDSHAKE = {"i_valid": "in", "i_ready": "out", "o_valid": "out", "o_ready": "in"}
_CLOCKING = {"clk": "in", "rst": "in"}


@dataclass(frozen=True)
class Field:
    """A payload port and the byte of its lane's part of the vector where it starts."""

    name: str
    width: int
    start: int

    @property
    def size(self) -> int:
        """Bytes it occupies."""
        return (self.width + 7) // 8


@dataclass(frozen=True)
class Layout:
    """How the ports of a module lie in the two vectors of the wrapper."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    input_size: int  # bytes of one lane
    output_size: int
    clocked: bool
    lanes: int

    @classmethod
    def of(cls, ports: Sequence[Port], lanes: int) -> "Layout":
        """Lay out all ports of a module, handshake and clock included.

        Raises:
            ValueError: for a port that the bench has no use for, or one that is missing.
        """
        by_name = {port.name: port for port in ports}
        if len(by_name) != len(ports):
            raise ValueError("Ports must have distinct names")
        for name, direction in {**_HANDSHAKE, **_CLOCKING}.items():
            port = by_name.pop(name, None)
            if port is None:
                if name in _HANDSHAKE:
                    raise ValueError(f"The module must have a port {name!r}")
            elif (port.direction, port.width) != (direction, 1):
                raise ValueError(f"Port {name!r} must be one bit of direction {direction!r}")
        names = {port.name for port in ports}
        if ("clk" in names) != ("rst" in names):
            raise ValueError("The module must have both 'clk' and 'rst', or neither")
        fields: dict[str, list[Field]] = {"in": [], "out": []}
        sizes = {"in": 0, "out": 0}
        for port in by_name.values():
            if not port.name.startswith("i_" if port.direction == "in" else "o_"):
                raise ValueError(
                    f"Payload ports must be inputs 'i_...' or outputs 'o_...', not {port!r}"
                )
            field = Field(port.name, port.width, sizes[port.direction])
            fields[port.direction].append(field)
            sizes[port.direction] += field.size
        return cls(
            tuple(fields["in"]),
            tuple(fields["out"]),
            sizes["in"],
            sizes["out"],
            "clk" in names,
            lanes,
        )


def wrapper(module: str, layout: Layout, dump: str | None = None) -> str:
    """Verilog of module `TOP`, with ``layout.lanes`` copies of ``module`` sharing the handshake.

    Parameters:
        dump: Name of the VCD file that the simulator shall write by itself, if any.
    """
    lanes = layout.lanes
    i_width = 8 * (1 + lanes * layout.input_size)
    o_width = 8 * (1 + lanes * layout.output_size)
    pins = [".clk(clk)", ".rst(i[2])"] if layout.clocked else []
    pins += [".i_valid(i[0])", ".i_ready(i_ready[lane])"]
    pins += [_pin(field, "i", layout.input_size) for field in layout.inputs]
    pins += [".o_valid(o_valid[lane])", ".o_ready(i[1])"]
    pins += [_pin(field, "o", layout.output_size) for field in layout.outputs]
    padding = "".join(
        f"    assign o[8 * ({1 + field.start + field.size} + lane * {layout.output_size}) - 1 -: "
        f"{8 * field.size - field.width}] = 0;\n"
        for field in layout.outputs
        if field.width % 8
    )
    record = (
        f'  initial begin\n    $dumpfile("{dump}");\n    $dumpvars(0, {TOP});\n  end\n'
        if dump
        else ""
    )
    # The metacomments open exactly these signals to Python; Verilator may optimise all the rest.
    return (
        "`timescale 1ns/1ps\n"
        f"module {TOP} (\n"
        "  input clk /*verilator public_flat_rw*/,\n"
        f"  input [{i_width - 1}:0] i /*verilator public_flat_rw*/,\n"
        f"  output [{o_width - 1}:0] o /*verilator public_flat_rd*/\n"
        ");\n"
        f"  wire [{lanes - 1}:0] i_ready, o_valid;\n"
        "  assign o[7:0] = {4'b0, |i_ready, &i_ready, |o_valid, &o_valid};\n"
        "  genvar lane;\n"
        f"  generate for (lane = 0; lane < {lanes}; lane = lane + 1) begin : lanes\n"
        f"    {module} unit (\n      " + ",\n      ".join(pins) + "\n    );\n"
        f"{padding}  end endgenerate\n{record}endmodule\n"
    )


def _pin(field: Field, vector: str, lane_size: int) -> str:
    offset = f"8 * ({1 + field.start} + lane * {lane_size})"
    return f".{field.name}({vector}[{offset} +: {field.width}])"
