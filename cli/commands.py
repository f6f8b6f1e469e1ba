"""What each command does: one call into the library, then show."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..gen import catalogue
from . import output

__all__ = [
    "doctor", "estimate", "generate", "generated", "list_units", "parameter_texts", "show",
    "verify",
]  # fmt: skip

SEEDS = 5
"""Runs of place and route, where none are named."""


def parameter_texts(options: Sequence[str]) -> dict[str, str]:
    """Options of the kind ``NAME=VALUE`` as a dictionary."""
    texts: dict[str, str] = {}
    for given in options:
        name, equals, value = given.partition("=")
        if not (name and equals and value):
            raise ValueError(f"A parameter must be given as NAME=VALUE, not '{given}'")
        if name in texts:
            raise ValueError(f"The parameter '{name}' must be given once, not twice")
        texts[name] = value
    return texts


def generated(options: argparse.Namespace, top: str | None = None) -> Any:
    """The unit that the options name, made and checked."""
    texts = parameter_texts(options.parameters)
    catalogue.golden_module(options.unit)  # refuses an unknown unit before anything is imported
    from ..gen.generate import generate as make

    return make(options.unit, texts, top)


def _parameter_rows(name: str) -> list[dict[str, Any]]:
    from ..gen.parameters import describe

    return [
        {"name": p.name, "type": p.type, "choices": list(p.choices), "default": p.default}
        for p in describe(catalogue.unit_class(name))
    ]


def list_units(options: argparse.Namespace) -> int:
    if options.json:
        output.json_document(
            [
                {
                    "name": name,
                    "summary": catalogue.summary(name),
                    "reference": catalogue.unit_class(name).reference,
                    "parameters": _parameter_rows(name),
                }
                for name in catalogue.CATALOGUE
            ]
        )
        return 0
    output.table(
        ("unit", "what it computes"),
        [(name, catalogue.summary(name)) for name in catalogue.CATALOGUE],
    )
    return 0


def show(options: argparse.Namespace) -> int:
    import inspect
    from dataclasses import asdict

    made = generated(options)
    text = inspect.getdoc(type(made.unit)) or ""
    rows = [row | {"value": made.parameters[row["name"]]} for row in _parameter_rows(options.unit)]
    if options.json:
        output.json_document(
            {
                "unit": options.unit,
                "description": text.partition("\n\nParameters\n")[0],
                "reference": made.unit.reference,
                "latency": made.unit.latency,
                "interval": made.unit.interval,
                "ports": [asdict(port) for port in made.ports],
                "parameters": rows,
            }
        )
        return 0
    output.line(text.partition("\n\nParameters\n")[0])
    output.line(f"\nSource: {made.unit.reference}")
    output.line(f"Latency: {made.unit.latency} cycles; interval: {made.unit.interval} cycle\n")
    output.table(
        ("port", "direction", "bits", "format", "elements"),
        [(p.name, p.direction, str(p.width), p.format, str(p.elements)) for p in made.ports],
    )
    output.line("")
    output.table(
        ("parameter", "value", "choices"),
        [(r["name"], r["value"], ", ".join(r["choices"]) or r["type"]) for r in rows],
    )
    return 0


def generate(options: argparse.Namespace) -> int:
    made = generated(options, options.name)
    others, notes = {}, {}
    if options.testbench:
        from ..verif.mutation import make_testbench

        with output.working("looking for the fewest vectors"):
            bench = make_testbench(made)
        others["_tb.v"] = bench.verilog
        notes = {"rows": bench.rows, "mutants": bench.mutants, "killed": bench.killed}
    with output.working("generating Verilog"):
        paths = [str(path) for path in made.write(Path(options.folder), others)]
    if options.json:
        names = dict(zip(("verilog", "manifest", "testbench"), paths, strict=False))
        output.json_document(names | ({"mutation": notes} if notes else {}) | made.manifest)
    else:
        for path in paths:
            output.line(path)
    return 0


def verify(options: argparse.Namespace) -> int:
    made = generated(options)
    from ..verif.verify import verify as run

    everything = options.vectors == "all"
    with output.working(f"building and running {options.simulator}"):
        result = run(
            made,
            simulator=options.simulator,
            vectors=None if everything else options.vectors,
            everything=everything,
            seed=options.seed,
            waves=Path(options.waves) if options.waves else None,
            netlist=options.netlist,
            covered=True,
        )
    details = [
        f"{result.simulator}; seed {result.seed}; built in {result.build_seconds} s, "
        f"{result.vectors_per_second:,} vectors/s"
    ]
    if result.netlist:
        figures = [f"{result.netlist[n]} {n}" for n in ("lut", "carry", "register", "dsp", "ram")]
        details.append(
            f"netlist of {result.netlist['number_of_cells']} cells by {result.netlist['flow']}: "
            + ", ".join(figures)
        )
    if result.coverage:
        details.append(f"coverage: {result.coverage}")
    return output.outcome(result, options.unit, details, as_json=options.json)


def estimate(options: argparse.Namespace) -> int:
    targets = list(dict.fromkeys(options.targets or ["gates"]))
    if not options.route and (options.seeds or options.devices):
        given = "--seeds" if options.seeds else "--device"
        raise ValueError(f"{given} must go with --route")
    if options.operands and not options.energy:
        raise ValueError("--operands must go with --energy")
    if options.energy and ("gates" not in targets or options.liberty):
        given = "--liberty" if options.liberty else f"--target {', '.join(targets)}"
        raise ValueError(f"--energy must go with the target gates and its own cells, not {given}")
    made = generated(options)
    operands = options.operands or "uniform"
    if options.energy:
        from ..verif.energy import check_operands

        check_operands(made.unit, operands)
    from ..gen.cost import estimate as run

    with output.working(f"synthesizing for {', '.join(targets)}") as status:
        result = run(
            made.rtlil,
            made.top,
            targets,
            liberty=Path(options.liberty) if options.liberty else None,
            seeds=(options.seeds or SEEDS) if options.route else None,
            devices=options.devices or (),
            progress=(lambda words: status.update(f"{words} ...")) if status else None,
        )
    result = {"unit": options.unit, "parameters": made.parameters} | result
    if options.energy:
        from ..verif.energy import energy

        with output.working("counting what switches"):
            result["energy"] = energy(made, operands).as_json()
    if options.json:
        output.json_document(result)
    else:
        output.estimate_tables(result, targets)
    return 0


def doctor(options: argparse.Namespace) -> int:
    from .doctor import examine

    tools = examine()
    if options.json:
        output.json_document(tools)
    else:
        output.table(
            ("tool", "version", "for", "if missing"),
            [
                (
                    t["tool"],
                    t["version"] or ("missing" if t["required"] else "not installed"),
                    t["purpose"],
                    "" if t["version"] else t["remedy"],
                )
                for t in tools
            ],
        )
    return 0 if all(t["version"] or not t["required"] for t in tools) else 1
