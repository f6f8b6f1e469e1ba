"""A Gowin netlist made such that nextpnr times all of it.

nextpnr-himbaechel-gowin 0.11.1 knows no delay of LUT1, LUT2 and LUT3, and none of the LUTs that it
puts in front of a register itself, whose data can only come through the LUT beside it. Paths
through either are silently left out: a frequency comes out far too high, or not at all. Written as
LUT4s, and with the LUT in front of each register in place from the start, every path counts. Both
say what the chip does anyway: there are only four-input LUTs, and the data does go through.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

__all__ = ["THROUGH", "timed"]

THROUGH = "through$"
"""What the names of the LUTs put in front of registers begin with; the register's name follows."""


def timed(module: dict[str, Any]) -> None:
    """Rewrite a mapped module of a netlist in Yosys's JSON, in place."""
    cells, nets = module["cells"], module["netnames"]
    readers: Counter[Any] = Counter()
    for port in module["ports"].values():
        readers.update(port["bits"])
    drivers: dict[Any, str] = {}
    for cell in cells.values():
        for pin, bit in _pins(cell):
            if cell["port_directions"][pin] == "output":
                drivers[bit] = cell["type"]
            else:
                readers[bit] += 1
    unused = 1 + max(
        (bit for net in nets.values() for bit in net["bits"] if isinstance(bit, int)), default=1
    )
    for name, cell in list(cells.items()):
        if not cell["type"].startswith("DFF"):
            continue
        (data,) = cell["connections"]["D"]
        if readers[data] == 1 and drivers.get(data, "").startswith("LUT"):
            continue  # nextpnr puts that LUT beside the register
        cells[THROUGH + name] = {
            "hide_name": 0,
            "type": "LUT1",
            "parameters": {"INIT": "10"},
            "attributes": {},
            "port_directions": {"I0": "input", "F": "output"},
            "connections": {"I0": [data], "F": [unused]},
        }
        nets[THROUGH + name] = {"hide_name": 0, "bits": [unused], "attributes": {}}
        cell["connections"]["D"] = [unused]
        unused += 1
    for cell in cells.values():
        if cell["type"] in ("LUT1", "LUT2", "LUT3"):
            rows = 2 ** int(cell["type"][-1])
            table = cell["parameters"]["INIT"].strip()[-rows:].rjust(rows, "0")
            cell["type"], cell["parameters"]["INIT"] = "LUT4", table * (16 // rows)


def _pins(cell: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for pin, bits in cell["connections"].items():
        for bit in bits:
            yield pin, bit
