"""A unit against its golden model, in simulation of the Verilog that users get."""

import importlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib.data import ArrayLayout

from ..gen.catalogue import golden_module
from ..gen.generate import Generated
from ..hdl.formats import NumberFormat
from ..hdl.unit import Unit
from .bench import pack, simulate, unpack
from .stimuli import stimuli

__all__ = ["Mismatch", "Verification", "golden", "run_on", "verify"]

_SHOWN = 5
_HANDSHAKE_VECTORS = 4096
_LANES = (1, 4, 16, 64)
# Measured on two cores: what a character of Verilog costs to compile, and the pace of one lane.
_COMPILE_SECONDS = 1.2e-5
_VECTORS_PER_SECOND = 8e4


@dataclass(frozen=True)
class Mismatch:
    """One answer that is not the golden model's: every field as bits and as a value."""

    transaction: int
    inputs: dict[str, str]
    got: dict[str, str]
    want: dict[str, str]


@dataclass(frozen=True)
class Verification:
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

    @property
    def passed(self) -> bool:
        return self.mismatches == 0 and self.results > 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "passed": self.passed}


def golden(name: str, unit: Unit, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the golden model says to the same inputs."""
    module = importlib.import_module(golden_module(name))
    return module.model(unit.parameters, inputs)


def _element(shape: Any) -> tuple[Any, int, int | None]:
    """Element, its width, and how many there are in an array (None: not an array)."""
    if isinstance(shape, ArrayLayout):
        return shape.elem_shape, Shape.cast(shape.elem_shape).width, shape.length
    return shape, Shape.cast(shape).width, None


def run_on(
    generated: Generated, inputs: Mapping[str, np.ndarray], results: int, **options: Any
) -> tuple[dict[str, np.ndarray], Any]:
    """Codes that the simulated Verilog answers to codes; and the simulation's figures."""
    unit = generated.unit
    packed = {
        f"i_{name}": pack(inputs[name], _element(spec.shape)[1])
        for name, spec in unit.i.payload.shape()
    }
    done = simulate(
        generated.verilog, generated.top, generated.ports, packed, outputs=results, **options
    )
    outputs = {}
    for name, spec in unit.o.payload.shape():
        _, width, elements = _element(spec.shape)
        outputs[name] = unpack(done.outputs[f"o_{name}"], width, elements)
    return outputs, done


def _lanes(generated: Generated, vectors: int) -> int:
    """Copies of the unit that give the shortest whole time, compilation included."""
    if not generated.unit.stateless:
        return 1

    def seconds(lanes: int) -> float:
        compilation = lanes * len(generated.verilog) * _COMPILE_SECONDS
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
) -> Verification:
    """Simulate the generated Verilog and compare every answer, as bits, with the golden model.

    The stimuli run twice: all of them back to back, in several copies of the unit side by side
    where that is faster; and the first of them again with random gaps and stalls.

    ``lanes`` sets how many copies work side by side; by default as many as save time.

    Raises:
        ValueError: if the vectors asked for cannot be made.
        SimulationError: if a tool is missing or fails, or the unit breaks the handshake.
    """
    unit = generated.unit
    inputs, words = stimuli(unit, vectors, everything=everything, seed=seed)
    started = time.perf_counter()
    want = golden(generated.name, unit, inputs)
    count = len(next(iter(inputs.values())))
    results = len(next(iter(want.values())))
    lanes = 1 if waves else lanes or _lanes(generated, count)
    got, done = run_on(
        generated,
        inputs,
        results,
        simulator=simulator,
        seed=seed,
        waves=waves,
        lanes=lanes,
    )
    bad = _differences(unit, got, want)
    part, part_want = _beginning(inputs, want, min(count, _HANDSHAKE_VECTORS))
    part_results = len(next(iter(part_want.values())))
    again, paced = run_on(
        generated,
        part,
        part_results,
        simulator=simulator,
        seed=seed,
        lanes=lanes,
        gaps=0.3,
        stalls=0.3,
    )
    bad_again = _differences(unit, again, part_want)
    indices = np.union1d(bad, bad_again)
    examples = [
        _example(unit, i, inputs, got if i in bad else again, want) for i in indices[:_SHOWN]
    ]
    options = "".join(f" -p {k}={v}" for k, v in generated.given.items())
    how_many = " --vectors all" if everything else f" --vectors {vectors}" if vectors else ""
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
        command=f"bitwright verify {generated.name}{options} --simulator {simulator}"
        f"{how_many} --seed {seed}",
    )


def _beginning(
    inputs: dict[str, np.ndarray], want: dict[str, np.ndarray], count: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The first transactions whole, and what they should give."""
    results = count
    if "last" in inputs:
        ends = np.flatnonzero(inputs["last"])
        results = max(int(np.searchsorted(ends, count)), 1)
        count = int(ends[results - 1]) + 1
    return {k: v[:count] for k, v in inputs.items()}, {k: v[:results] for k, v in want.items()}


def _differences(
    unit: Unit, got: Mapping[str, np.ndarray], want: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Indices of results of which any field differs in any bit."""
    differ: Any = None
    for name, spec in unit.o.payload.shape():
        _, width, elements = _element(spec.shape)
        expected = np.asarray(want[name])
        if width > 62:
            expected = expected.astype(object) & ((1 << width) - 1)
            here = got[name].astype(object) != expected
        else:
            expected = expected.astype(np.int64) & ((1 << width) - 1)
            here = got[name].astype(np.int64) != expected
        here = here.any(axis=1) if elements else here
        differ = here if differ is None else differ | here
    return np.flatnonzero(differ)


def _text(shape: Any, codes: Any) -> str:
    """A field's codes as bits and as values."""
    element, width, elements = _element(shape)
    texts = []
    for code in np.atleast_1d(np.asarray(codes)).tolist() if elements else [codes]:
        bits = int(code) & ((1 << width) - 1)
        number = f" = {element.text(bits)}" if isinstance(element, NumberFormat) else ""
        texts.append(f"0x{bits:0{-(-width // 4)}x}{number}")
    return ", ".join(texts)


def _example(
    unit: Unit,
    result: int,
    inputs: Mapping[str, np.ndarray],
    got: Mapping[str, np.ndarray],
    want: Mapping[str, np.ndarray],
) -> Mismatch:
    """The inputs of one result: of a sum over several beats, those of its last beat."""
    transaction = int(result)
    if "last" in inputs:
        transaction = int(np.flatnonzero(inputs["last"])[result])
    shapes_in = {n: f.shape for n, f in unit.i.payload.shape()}
    shapes_out = {n: f.shape for n, f in unit.o.payload.shape()}
    return Mismatch(
        transaction,
        {n: _text(s, inputs[n][transaction]) for n, s in shapes_in.items()},
        {n: _text(s, got[n][result]) for n, s in shapes_out.items()},
        {n: _text(s, want[n][result]) for n, s in shapes_out.items()},
    )
