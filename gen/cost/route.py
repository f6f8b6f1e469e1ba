"""Figures after place and route: a unit alone on a device, between registers, several seeds."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import nextpnr
from .devices import DEFAULT_DEVICES, DEVICES, Device
from .harness import harnessed
from .routed import critical_path, frequency, resources, untimed

__all__ = ["KIND", "ROUTABLE", "Routing", "check_seeds", "chosen_devices", "route", "spread"]

KIND = "after place and route, alone on the device, between registers"
"""What the figures are."""

ROUTABLE = tuple(nextpnr.FAMILIES)
"""The families that nextpnr routes."""

CONSTRAINT = 500.0
"""The clock asked for, in MHz: out of reach of most units, so that no effort is spared. (With one
clock it hardly matters: 12, 100 and 1000 MHz gave the same frequencies and LUTs.)"""


@dataclass(frozen=True)
class Routing:
    """A unit to be routed: its netlist in Yosys's JSON, what it needs by synthesis, and where."""

    family: str
    netlist: str
    top: str
    needs: Mapping[str, Any]
    device: Device


def chosen_devices(targets: Sequence[str], names: Sequence[str] = ()) -> dict[str, Device]:
    """The device for each FPGA among the targets: one of ``names``, else the family's usual one.

    Raises:
        ValueError: if there is no FPGA, one is not routed here, or a name fits none or is one too
            many.
    """
    families = [target for target in targets if target != "gates"]
    if not families:
        raise ValueError(f"Place and route must have an FPGA as target: {_listed(ROUTABLE)}")
    for family in families:
        if family not in ROUTABLE:
            raise ValueError(f"Place and route must be for {_listed(ROUTABLE)}, not '{family}'")
    chosen: dict[str, Device] = {}
    for name in dict.fromkeys(names):
        if name not in DEVICES:
            raise ValueError(f"The device must be {_listed(tuple(DEVICES))}, not '{name}'")
        device = DEVICES[name]
        if device.family not in families:
            raise ValueError(f"The device '{name}' must go with the target {device.family}")
        if device.family in chosen:
            other = chosen[device.family].name
            raise ValueError(f"The {device.family} device must be one, not '{other}' and '{name}'")
        chosen[device.family] = device
    return {f: chosen.get(f) or DEVICES[DEFAULT_DEVICES[f]] for f in families}


def _listed(words: Sequence[str]) -> str:
    return " or ".join(", ".join(words).rsplit(", ", 1))


def check_seeds(seeds: Any) -> None:
    """Refuse a number of seeds that is none.

    Raises:
        ValueError: if it is not a positive integer.
    """
    if not isinstance(seeds, int) or isinstance(seeds, bool) or seeds < 1:
        raise ValueError(f"The number of seeds must be a positive integer, not {seeds!r}")


def route(
    units: Sequence[Routing],
    seeds: int,
    *,
    progress: Callable[[int, int], None] | None = None,
    timeout: float = 1800,
) -> list[dict[str, Any]]:
    """Place and route each unit with seeds 1 to ``seeds``, all runs on all cores.

    Resources are those after packing, without the harness's registers; ``fmax_mhz`` has the median,
    the spread and each seed's figure; the critical path is that of the median seed (the lower of
    two). Where nextpnr cannot time all of the unit, both are ``None`` and a ``note`` says why.
    ``progress`` is told how many runs of how many have ended.

    Raises:
        ValueError: if the number of seeds is below 1, or a unit does not fit its device.
        NextpnrError: if nextpnr fails.
    """
    check_seeds(seeds)
    jobs: list[nextpnr.Job] = []
    added: list[int] = []
    for unit in units:
        netlist, registers = harnessed(unit.netlist, unit.top, unit.family)
        _check_size(unit, registers)
        added.append(registers)
        jobs += [_job(unit, netlist, seed) for seed in range(1, seeds + 1)]
    done = None if progress is None else lambda number: progress(number, len(jobs))
    outputs = nextpnr.run_all(jobs, timeout=timeout, done=done)
    return [
        _figures(unit, added[n], outputs[n * seeds : (n + 1) * seeds])
        for n, unit in enumerate(units)
    ]


def _job(unit: Routing, netlist: str, seed: int) -> nextpnr.Job:
    return nextpnr.Job(
        nextpnr.FAMILIES[unit.family],
        [
            "--json", "design.json", "--top", unit.top, "--seed", str(seed),
            "--freq", f"{CONSTRAINT:g}", "--timing-allow-fail",
            "--report", "report.json", "--write", "routed.json", *unit.device.arguments,
        ],
        {"design.json": netlist, **unit.device.files},
        ["report.json", "routed.json"],
    )  # fmt: skip


def _check_size(unit: Routing, added: int) -> None:
    """Refuse what cannot fit, before any work.

    Raises:
        ValueError: with what is needed and what there is.
    """
    names = {"lut": "LUTs", "register": "registers", "dsp": "DSP blocks", "ram": "block RAMs"}
    device = unit.device
    needs = {kind: int(unit.needs[kind]) for kind in names}
    needs["register"] += added
    lacking = [
        f"{needs[kind]:,} {word} of {getattr(device, kind):,}"
        for kind, word in names.items()
        if needs[kind] > getattr(device, kind)
    ]
    if lacking:
        raise ValueError(
            f"The unit does not fit the {device.part}: with a register at each port it needs "
            f"{' and '.join(lacking)}"
        )


def _figures(unit: Routing, added: int, outputs: Sequence[nextpnr.Outputs]) -> dict[str, Any]:
    reports = [output.json("report.json") for output in outputs]
    try:
        reached = [frequency(report) for report in reports]
        order = sorted(range(len(reached)), key=lambda n: reached[n])
        middle = order[(len(order) - 1) // 2]
        design = outputs[middle].json("routed.json")
        found = resources(unit.family, design, added)
        blocks = untimed(unit.family, design)
        path = critical_path(unit.family, reports[middle], design)
    except (KeyError, TypeError, ValueError) as error:
        raise nextpnr.NextpnrError(
            f"{nextpnr.FAMILIES[unit.family]} wrote a report that is not understood: {error}"
        ) from None
    figures = {
        "kind": KIND,
        "device": unit.device.part,
        "package": unit.device.package,
        "speed_grade": unit.device.speed,
        "constraint_mhz": CONSTRAINT,
        "seeds": len(reached),
        **found,
        "fmax_mhz": None,
        "critical_path": None,
        "harness_registers": added,
    }
    if blocks:
        return figures | {"note": f"No frequency: nextpnr knows no delays of {', '.join(blocks)}"}
    return figures | {
        "fmax_mhz": spread(reached),
        "critical_path": {"seed": middle + 1, **path},
    }


def spread(reached: Sequence[float]) -> dict[str, Any]:
    """Median, smallest and largest of figures, and each, in the order of the seeds."""
    shown = [round(figure, 2) for figure in reached]
    return {
        "median": round(statistics.median(shown), 2),
        "min": min(shown),
        "max": max(shown),
        "seeds": shown,
    }
