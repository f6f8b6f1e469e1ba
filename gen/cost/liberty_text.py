"""Writes the project's standard cells as Liberty text, for ABC and for any other reader.

One tau is written as 10 ps and one gate column as 1 fF: ABC wants nanoseconds and femtofarads and
has thresholds of its own that suit such magnitudes. Areas are gate equivalents.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256

from .cells import CELLS, FLIP_FLOPS, Cell, FlipFlop

__all__ = ["LIBRARY", "NS_PER_TAU", "liberty_digest", "liberty_text"]

LIBRARY = "bitwright_logical_effort"
NS_PER_TAU = 0.01
SLEWS = (0.001, 0.5)
LOADS = (0.0, 16.0, 256.0)
# A step response of a single pole takes ln(9) time constants from 10 % to 90 %.
SLEW_PER_DELAY = 2.2

HEADER = f"""library ({LIBRARY}) {{
  delay_model : table_lookup;
  time_unit : "1ns";
  voltage_unit : "1V";
  current_unit : "1mA";
  leakage_power_unit : "1nW";
  pulling_resistance_unit : "1kohm";
  capacitive_load_unit (1, ff);
  nom_process : 1;
  nom_voltage : 1;
  nom_temperature : 25;
  input_threshold_pct_rise : 50;
  input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50;
  output_threshold_pct_fall : 50;
  slew_lower_threshold_pct_rise : 10;
  slew_lower_threshold_pct_fall : 10;
  slew_upper_threshold_pct_rise : 90;
  slew_upper_threshold_pct_fall : 90;
  default_max_transition : 10;
  lu_table_template (delay) {{
    variable_1 : input_net_transition;
    variable_2 : total_output_net_capacitance;
    index_1 ("{", ".join(map(str, SLEWS))}");
    index_2 ("{", ".join(map(str, LOADS))}");
  }}
"""


def _table(kind: str, offset: float, slope: float) -> str:
    row = ", ".join(f"{(offset + slope * load) * NS_PER_TAU:.6f}" for load in LOADS)
    rows = ", ".join(f'"{row}"' for _ in SLEWS)
    return f"        {kind} (delay) {{ values ({rows}); }}\n"


def _arc(related: str, intrinsic: float, resistance: float, extra: str = "") -> str:
    slope = SLEW_PER_DELAY * resistance
    return (
        f"      timing () {{\n        related_pin : {related};\n{extra}"
        + _table("cell_rise", intrinsic, resistance)
        + _table("cell_fall", intrinsic, resistance)
        + _table("rise_transition", slope, slope)
        + _table("fall_transition", slope, slope)
        + "      }\n"
    )


def _inputs(pins: Mapping[str, float], inside: str = "") -> str:
    return "".join(
        f"    pin ({pin}) {{\n      direction : input;\n      capacitance : {c:.6f};\n"
        f"{inside}    }}\n"
        for pin, c in pins.items()
    )


def _output(pin: str, function: str, arcs: str) -> str:
    return (
        f'    pin ({pin}) {{\n      direction : output;\n      function : "{function}";\n'
        f"      max_capacitance : {LOADS[-1]};\n{arcs}    }}\n"
    )


def _combinational(cell: Cell) -> str:
    arcs = "".join(
        _arc(f'"{pin}"', delay, cell.resistance) for pin, delay in cell.intrinsic.items()
    )
    return (
        f"  cell ({cell.name}) {{\n    area : {cell.area:.6f};\n"
        + _inputs(cell.pins)
        + _output("Y", cell.function, arcs)
        + "  }\n"
    )


def _flip_flop(flop: FlipFlop) -> str:
    def constraint(kind: str, value: float) -> str:
        ns = f"{value * NS_PER_TAU:.6f}"
        return (
            f'      timing () {{ related_pin : "C"; timing_type : {kind}_rising;\n'
            f'        rise_constraint (scalar) {{ values ("{ns}"); }}\n'
            f'        fall_constraint (scalar) {{ values ("{ns}"); }}\n      }}\n'
        )

    checks = constraint("setup", flop.setup) + constraint("hold", 0.0)
    arc = _arc('"C"', flop.clock_to_q, flop.resistance, "        timing_type : rising_edge;\n")
    return (
        f"  cell ({flop.name}) {{\n    area : {flop.area:.6f};\n"
        f'    ff (IQ, IQN) {{ clocked_on : "C"; next_state : "{flop.next_state}"; }}\n'
        f"    pin (C) {{ direction : input; clock : true; capacitance : "
        f"{flop.clock_capacitance:.6f}; }}\n"
        + _inputs(flop.pins, checks)
        + _output("Q", "IQ", arc)
        + "  }\n"
    )


@cache
def liberty_text() -> str:
    """The whole library; the same bytes everywhere."""
    return (
        HEADER
        + "".join(map(_combinational, CELLS.values()))
        + "".join(map(_flip_flop, FLIP_FLOPS.values()))
        + "}\n"
    )


@cache
def liberty_digest() -> str:
    """First 12 hexadecimal digits of the SHA-256 of the Liberty text: the library's version."""
    return sha256(liberty_text().encode()).hexdigest()[:12]
