"""The FPGAs that a unit is placed and routed on, and how nextpnr's cells of each are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["DEFAULT_DEVICES", "DEVICES", "FAMILIES", "Device", "Family"]

@dataclass(frozen=True)
class Family:
    """How registers look to the synthesis, and what nextpnr's packed cells count as.

    ``register`` is the cell of a plain register, with its pins for clock, data and output and its
    parameters; ``buffer`` the input buffer that a port must have, if nextpnr puts none there.
    ``registers``, ``dsp`` and ``ram`` are types of packed cells; ``output`` is the pin from which a
    packed register drives. ``timed`` are the types through which nextpnr was seen to time paths:
    it silently leaves out those through others, such as the DSP blocks of iCE40 and Gowin.
    """

    register: str
    clock: str
    data: str
    buffer: str | None
    parameters: Mapping[str, str]
    registers: tuple[str, ...]
    output: str
    dsp: tuple[str, ...]
    ram: tuple[str, ...]
    timed: tuple[str, ...]


_GOWIN_REGISTERS = tuple(
    f"DFF{edge}{kind}"
    for edge in ("", "N")
    for kind in ("", "E", "S", "SE", "R", "RE", "P", "PE", "C", "CE")
)

FAMILIES: Mapping[str, Family] = {
    "ice40": Family(
        "SB_DFF",
        "C",
        "D",
        None,
        {},
        registers=("ICESTORM_LC",),
        output="O",
        dsp=("ICESTORM_DSP",),
        ram=("ICESTORM_RAM", "ICESTORM_SPRAM"),
        timed=("ICESTORM_LC", "ICESTORM_RAM", "SB_GB", "SB_IO"),
    ),
    "ecp5": Family(
        "TRELLIS_FF",
        "CLK",
        "DI",
        None,
        # A text of binary digits has a space behind it in Yosys's JSON.
        {
            "GSR": "DISABLED",
            "CEMUX": "1 ",
            "CLKMUX": "CLK",
            "LSRMUX": "LSR",
            "REGSET": "RESET",
            "SRMODE": "LSR_OVER_CE",
        },
        registers=("TRELLIS_FF",),
        output="Q",
        dsp=("MULT18X18D", "ALU54B"),
        ram=("DP16KD",),
        timed=("TRELLIS_COMB", "TRELLIS_FF", "TRELLIS_IO", "DCCA", "DP16KD", "MULT18X18D"),
    ),
    "gowin": Family(
        "DFF",
        "CLK",
        "D",
        "IBUF",
        {},
        registers=_GOWIN_REGISTERS,
        output="Q",
        dsp=("MULT9X9", "MULT18X18", "MULT36X36", "MULTALU18X18", "MULTALU36X18"),
        ram=("SP", "SPX9", "SDP", "SDPB", "SDPX9", "SDPX9B", "DP", "DPB", "DPX9", "DPX9B"),
        timed=(
            *_GOWIN_REGISTERS,
            *("LUT4", "ALU", "MUX2_LUT5", "MUX2_LUT6", "MUX2_LUT7", "MUX2_LUT8", "SP"),
            *("IBUF", "OBUF", "GSR", "GOWIN_VCC", "GOWIN_GND"),
        ),
    ),
}


@dataclass(frozen=True)
class Device:
    """A part: what nextpnr calls it, and how many of each kind it has, from its data sheet."""

    name: str
    family: str
    part: str
    package: str
    speed: str
    arguments: tuple[str, ...]
    lut: int
    register: int
    dsp: int
    ram: int
    files: Mapping[str, str] = field(default_factory=dict)


# On the Tang Nano 9K the clock's oscillator is on pin 52; the other pin is any free one.
_GOWIN_PINS = {"pins.cst": 'IO_LOC "clk" 52;\nIO_LOC "serial" 25;\n'}

DEVICES: Mapping[str, Device] = {
    device.name: device
    for device in (
        # iCE40 UltraPlus (FPGA-DS-02008) and LP/HX (FPGA-DS-02029) family data sheets.
        Device(
            "up5k", "ice40", "iCE40UP5K", "SG48", "one grade", ("--up5k", "--package", "sg48"),
            lut=5280, register=5280, dsp=8, ram=34,
        ),
        Device(
            "hx8k", "ice40", "iCE40HX8K", "CT256", "HX", ("--hx8k", "--package", "ct256"),
            lut=7680, register=7680, dsp=0, ram=32,
        ),
        # ECP5 and ECP5-5G family data sheet (FPGA-DS-02012).
        Device(
            "25f", "ecp5", "LFE5U-25F", "CABGA381", "6",
            ("--25k", "--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained"),
            lut=24288, register=24288, dsp=28, ram=56,
        ),
        Device(
            "85f", "ecp5", "LFE5U-85F", "CABGA381", "6",
            ("--85k", "--package", "CABGA381", "--speed", "6", "--lpf-allow-unconstrained"),
            lut=83640, register=83640, dsp=156, ram=208,
        ),
        # GW1NR series data sheet (DS117); 40 multipliers of 9 x 9 bits, or half as many of 18 x 18.
        Device(
            "gw1nr-9c", "gowin", "GW1NR-LV9QN88PC6/I5", "QN88P", "C6/I5",
            ("--device", "GW1NR-LV9QN88PC6/I5", "--vopt", "family=GW1N-9C",
             "--vopt", "cst=pins.cst"),
            lut=8640, register=6480, dsp=40, ram=26, files=_GOWIN_PINS,
        ),
    )
}  # fmt: skip

DEFAULT_DEVICES = {"ice40": "up5k", "ecp5": "85f", "gowin": "gw1nr-9c"}
"""The device of each family's best-known board: iCEBreaker, ULX3S-85F, Tang Nano 9K."""
