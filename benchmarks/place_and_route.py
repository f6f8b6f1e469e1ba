"""Frequencies and LUTs after place and route, by pipeline stages."""

from collections.abc import Iterator
from typing import Any

from bitwright.gen.cost import estimate
from bitwright.gen.generate import generate

__all__ = ["fpga"]

UNITS = {
    "e4m3fn multiplier": ("float-multiplier", {}),
    "L-Mul e4m3fn": ("lmul-multiplier", {}),
    "int8 dot product, 8 lanes, to fp32": (
        "dot-product",
        {"a": "int8", "b": "int8", "adder": "plain"},
    ),
    "e4m3fn dot product, 8 lanes, to fp32": ("dot-product", {"adder": "plain"}),
}
STAGES = range(5)
FAMILIES = ("ice40", "ecp5")
SEEDS = 3  # the largest unit takes a quarter of a minute a seed


def fpga() -> Iterator[dict[str, Any]]:
    """A row a unit, pipeline and family: median, lowest and highest frequency, and LUTs."""
    for what, (name, texts) in UNITS.items():
        for stages in STAGES:
            made = generate(name, {**texts, "stages": str(stages)})
            cost = estimate(made.rtlil, made.top, FAMILIES, seeds=SEEDS)
            for family in FAMILIES:
                routed = cost[family]["route"]
                fmax = routed["fmax_mhz"]
                yield {
                    "what": f"{what}, {stages} stage{'s' * (stages != 1)}, {routed['device']}: "
                    f"{routed['lut']:,} LUTs, {fmax['min']:.1f} to {fmax['max']:.1f}",
                    "figure": round(fmax["median"], 1),
                    "unit": "MHz",
                    "unit_under_test": {"name": name, "parameters": made.parameters},
                    "family": family,
                    "stages": stages,
                    "latency": made.unit.latency,
                    **{key: routed[key] for key in ("device", "lut", "register", "fmax_mhz")},
                    "slowest": {k: v for k, v in routed["critical_path"].items() if k != "steps"},
                    "tools": cost["tools"],
                }
