"""A unit against its golden model, in simulation of the Verilog that users get."""

import importlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..gen.catalogue import golden_module
from ..gen.generate import Generated
from ..hdl.unit import Unit
from .bench import pack, simulate, unpack
from .compare import SHOWN, Mismatch, Outcome, differences, element, example
from .coverage import Coverage, Model, coverage
from .netlist import map_unit
from .stimuli import stimuli, stimuli_options, tries_everything

__all__ = ["Mismatch", "Verification", "golden", "run_on", "verify"]

_HANDSHAKE_VECTORS = 4096
_LANES = (1, 4, 16, 64)
# Measured on two cores: what a character of Verilog costs to compile, and the pace of one lane.
_COMPILE_SECONDS = 1.2e-5
_VECTORS_PER_SECOND = 8e4
_COMPILE_SECONDS_A_CELL = 1.5e-3


@dataclass(frozen=True)
class Verification(Outcome):
    """The outcome of one verification."""

    unit: str
    parameters: dict[str, str]
    simulator: str
    stimuli: str
    seed: int
    vectors: int
    results: int
    mismatches: int
    examples: list[Mismatch] = field(default_factory=list)
    vectors_per_second: float = 0.0
    build_seconds: float = 0.0
    seconds: float = 0.0
    command: str = ""
    netlist: dict[str, Any] | None = None
    coverage: Coverage | None = None


def golden(name: str, unit: Unit, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the golden model says to the same inputs."""
    module = importlib.import_module(golden_module(name))
    return module.model(unit.parameters, inputs)


def run_on(
    generated: Generated,
    inputs: Mapping[str, np.ndarray],
    results: int,
    *,
    verilog: str | None = None,
    **options: Any,
) -> tuple[dict[str, np.ndarray], Any]:
    """Codes that the simulated Verilog answers to codes; and the simulation's figures.

    ``verilog`` is simulated in place of the generated one: a netlist with the same ports.
    """
    unit = generated.unit
    packed = {
        f"i_{name}": pack(inputs[name], element(spec.shape)[1])
        for name, spec in unit.i.payload.shape()
    }
    done = simulate(
        generated.verilog if verilog is None else verilog,
        generated.top,
        generated.ports,
        packed,
        outputs=results,
        **options,
    )
    outputs = {}
    for name, spec in unit.o.payload.shape():
        _, width, elements = element(spec.shape)
        outputs[name] = unpack(done.outputs[f"o_{name}"], width, elements)
    return outputs, done


def _lanes(generated: Generated, vectors: int, compile_seconds: float) -> int:
    """Copies of the unit that give the shortest whole time, compilation of each included."""
    if not generated.unit.stateless or not generated.unit.fixed_interval:
        return 1

    def seconds(lanes: int) -> float:
        compilation = lanes * compile_seconds
        return compilation + vectors / (_VECTORS_PER_SECOND * lanes**0.8)

    return min(_LANES, key=seconds)


def verify(
    generated: Generated,
    *,
    simulator: str = "verilator",
    vectors: int | None = None,
    everything: bool = False,
    seed: int = 0,
    waves: Path | None = None,
    lanes: int | None = None,
    netlist: str | None = None,
    covered: bool = False,
) -> Verification:
    """Simulate the generated Verilog and compare every answer, as bits, with the golden model.

    The stimuli run twice: all of them back to back, in several copies of the unit side by side
    where that is faster; and the first of them again with random gaps and stalls.

    ``lanes`` sets how many copies work side by side; by default as many as save time. With
    ``netlist`` a family of FPGAs, what synthesis made for it is simulated instead. ``covered`` adds
    the functional coverage of the stimuli, which takes about as long as the golden model.

    Raises:
        ValueError: if the vectors asked for cannot be made.
        SimulationError: if a tool is missing or fails, or the unit breaks the handshake.
        YosysError, NetlistError: if synthesis fails, or gives no usable netlist.
    """
    unit = generated.unit
    inputs, words = stimuli(unit, vectors, everything=everything, seed=seed)
    started = time.perf_counter()
    mapped = None if netlist is None else map_unit(generated, netlist)
    verilog = generated.verilog if mapped is None else mapped.verilog
    compile_seconds = (
        len(verilog) * _COMPILE_SECONDS
        if mapped is None
        else sum(mapped.cells.values()) * _COMPILE_SECONDS_A_CELL
    )
    model = Model(generated.name, unit, golden)
    # Only coverage wants to know what was rounded on the way.
    seen = model(inputs) if covered else None
    want = golden(generated.name, unit, inputs) if seen is None else seen.want
    count = len(next(iter(inputs.values())))
    results = len(next(iter(want.values())))
    lanes = 1 if waves else lanes or _lanes(generated, count, compile_seconds)
    got, done = run_on(
        generated,
        inputs,
        results,
        simulator=simulator,
        seed=seed,
        waves=waves,
        lanes=lanes,
        verilog=verilog,
    )
    bad = differences(unit, got, want)
    together = unit.beats_together
    few = max(_HANDSHAKE_VECTORS // together, 1) * together
    part, part_want = _beginning(inputs, want, min(count, few))
    part_results = len(next(iter(part_want.values())))
    again, paced = run_on(
        generated,
        part,
        part_results,
        simulator=simulator,
        seed=seed,
        lanes=lanes,
        verilog=verilog,
        gaps=0.3,
        stalls=0.3,
    )
    bad_again = differences(unit, again, part_want)
    indices = np.union1d(bad, bad_again)
    examples = [
        example(unit, i, inputs, got if i in bad else again, want) for i in indices[:SHOWN]
    ]
    return Verification(
        unit=generated.name,
        parameters=generated.parameters,
        simulator=done.simulator,
        stimuli=words,
        seed=seed,
        vectors=count,
        results=results,
        mismatches=len(indices),
        examples=examples,
        vectors_per_second=round(count / max(done.seconds, 1e-9)),
        build_seconds=round(done.build_seconds + paced.build_seconds, 2),
        seconds=round(time.perf_counter() - started, 2),
        command=f"bitwright verify {generated.name}{generated.options} --simulator {simulator}"
        + stimuli_options(vectors, everything, seed) + (f" --netlist {netlist}" if netlist else ""),
        netlist=mapped.as_json() if mapped else None,
        coverage=seen
        and coverage(
            model, inputs, seen, everything=everything or tries_everything(unit, vectors)
        ),
    )


def _beginning(
    inputs: dict[str, np.ndarray], want: Mapping[str, np.ndarray], count: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The first transactions whole, and what they should give."""
    # A unit may answer another number of beats than it takes, in a fixed proportion.
    results = count * len(next(iter(want.values()))) // len(next(iter(inputs.values())))
    if "last" in inputs:
        ends = np.flatnonzero(inputs["last"])
        results = max(int(np.searchsorted(ends, count)), 1)
        count = int(ends[results - 1]) + 1
    return {k: v[:count] for k, v in inputs.items()}, {k: v[:results] for k, v in want.items()}
