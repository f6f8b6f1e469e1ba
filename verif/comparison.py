"""One dot product by every unit that can compute it, side by side: gates, delay, cycles, LUTs.

Units that take the same numbers in another coding, such as weights as digits, count as able to.
Cycles are those between two results when operands never wait; where they depend on the operands,
they are counted in simulation, with uniform ones. LUTs of a unit whose mapping takes longer than
:data:`LUT_SECONDS` are not known.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from amaranth.hdl import Shape

from ..gen.catalogue import CATALOGUE, unit_class
from ..gen.cost import TARGETS, estimate
from ..gen.cost.fpga import estimate_fpga
from ..gen.crowd import side_by_side
from ..gen.generate import Generated, generate
from ..gen.yosys import YosysTimeoutError
from ..hdl.formats import NumberFormat
from .stimuli import stimuli
from .verify import run_on

__all__ = ["LUT_SECONDS", "Contender", "compare", "contenders"]

#: Time that a unit's mapping to LUTs may take.
LUT_SECONDS = 120.0

# Dot products over which data-dependent cycles are averaged, and processes of Yosys at a time.
_SIMULATED = 64
_PARALLEL = 2


@dataclass(frozen=True)
class Contender:
    """A unit with the parameters that make it do the job.

    Attributes:
        beats: Beats a dot product takes.
        dots: Dot products at a time, which share activations.
        note: In what other numbers or codes the unit takes the operands.
    """

    unit: str
    parameters: dict[str, str]
    beats: int
    dots: int
    note: str
    made: Generated = field(repr=False, compare=False)


def contenders(a: NumberFormat, b: NumberFormat, terms: int) -> list[Contender]:
    """All that can sum ``terms`` products of an activation in ``a`` and a weight in ``b``, exactly.

    Raises:
        ValueError: if none can.
    """
    found = [
        Contender(
            name,
            dict(use.parameters),
            use.beats,
            use.dots,
            use.note,
            generate(name, dict(use.parameters)),
        )
        for name in CATALOGUE
        for use in unit_class(name).dot_uses(a, b, terms)
    ]
    if not found:
        raise ValueError(f"No unit sums {terms} products of '{a}' and '{b}' exactly")
    return found


def compare(
    a: NumberFormat,
    b: NumberFormat,
    terms: int,
    targets: Sequence[str] = ("gates",),
    *,
    simulator: str = "verilator",
    lut_seconds: float = LUT_SECONDS,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Costs and cycles of all contenders; the result is ready for JSON, cheapest first.

    Of a target that is an FPGA a unit's row has None where mapping took longer than the limit.

    ``gate_cycles`` is what a dot product occupies: gates, for area, times cycles, of each of the
    ``dots`` that the unit makes at a time.

    Raises:
        ValueError: if no unit does the job, or for an unknown target.
        YosysError: if Yosys fails.
        SimulationError: where cycles must be counted and the simulator is missing or fails.
    """
    for target in targets:
        if target not in TARGETS:
            raise ValueError(f"The target must be one of {', '.join(TARGETS)}, not {target!r}")
    fpgas = [target for target in dict.fromkeys(targets) if target != "gates"]
    found = contenders(a, b, terms)
    done = 0

    def one(contender: Contender) -> dict[str, Any]:
        nonlocal done
        made = contender.made
        cost = estimate(made.rtlil, made.top)
        for target in fpgas:
            cost[target] = None
            with suppress(YosysTimeoutError):
                cost[target], _ = estimate_fpga(
                    made.rtlil, made.top, target, dsp=False, timeout=lut_seconds
                )
        cycles = _cycles(contender, simulator)
        done += 1
        if progress:
            progress(f"measuring, {done} of {len(found)} done")
        return _row(contender, cost, cycles)

    rows = side_by_side(one, found, _PARALLEL)
    tools = {name: version for row in rows for name, version in row.pop("tools").items()}
    return {
        "job": {"terms": terms, "a": str(a), "b": str(b)},
        "lut_seconds": lut_seconds,
        "rows": sorted(rows, key=lambda row: row["gate_cycles"]),
        "tools": tools,
    }


def _row(contender: Contender, cost: dict[str, Any], cycles: float) -> dict[str, Any]:
    row = {k: v for k, v in asdict(contender).items() if k != "made"}
    recipes = cost["gates"]["recipes"]
    for recipe in ("area", "speed"):
        row[recipe] = {"gates": recipes[recipe]["area"], "delay": recipes[recipe]["delay"]}
    row["cycles"] = cycles
    row["gate_cycles"] = row["area"]["gates"] * cycles / contender.dots
    for target in cost.keys() - {"gates", "kind", "top", "tools"}:
        row[target] = cost[target]
    return {**row, "tools": cost["tools"]}


def _cycles(contender: Contender, simulator: str) -> float:
    """Between the results of two dot products."""
    unit = contender.made.unit
    if unit.fixed_interval:
        return float(unit.interval * contender.beats)
    rng = np.random.default_rng(0)
    beats = 2 * _SIMULATED * contender.beats
    inputs, _ = stimuli(unit, beats)
    for name, spec in unit.i.payload.shape():
        if name in ("first", "last"):
            here = 0 if name == "first" else contender.beats - 1
            inputs[name] = (np.arange(beats) % contender.beats == here).astype(np.int64)
        else:
            width = Shape.cast(getattr(spec.shape, "elem_shape", spec.shape)).width
            inputs[name] = rng.integers(0, 1 << width, inputs[name].shape)
    half = {name: values[: beats // 2] for name, values in inputs.items()}
    # What the bench spends before and behind the beats is the same in both runs.
    cycles = [
        run_on(contender.made, some, count, simulator=simulator)[1].cycles
        for some, count in ((half, _SIMULATED), (inputs, 2 * _SIMULATED))
    ]
    return (cycles[1] - cycles[0]) / _SIMULATED
