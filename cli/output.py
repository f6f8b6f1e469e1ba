"""Tables and progress on a terminal, plain lines in a pipe, one JSON document on request."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

__all__ = [
    "estimate_tables", "json_document", "line", "outcome", "progress", "table", "working",
]


def line(text: str) -> None:
    """Plain text on standard output."""
    print(text)


def json_document(document: Any) -> None:
    """The one thing on standard output under ``--json``."""
    print(json.dumps(document, indent=2))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; in a pipe, one line a row with tabs between."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(text.replace("[", r"\[") for text in row))
    Console().print(shown)


def working(what: str) -> AbstractContextManager[Any]:
    """Progress on standard error while something takes its time, on a terminal only."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"{what} ...")


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, on a terminal only; moved by what is done, and what there is."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    pace = TextColumn("{task.fields[pace]}")
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), pace)
    begun: float | None = None  # when the first came: before that was preparation

    def moved(done: int, total: int) -> None:
        nonlocal begun
        begun = begun or time.monotonic()
        seconds = max(time.monotonic() - begun, 1e-3)
        bar.update(task, completed=done, total=total, pace=f"{done / seconds:,.0f}/s")

    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, pace="")
        yield moved


def mismatches(examples: Sequence[Any]) -> None:
    """Answers that are not the golden model's, as bits and values."""
    for example in examples:
        line(f"  transaction {example.transaction}:")
        for side, fields in (
            ("input", example.inputs),
            ("got", example.got),
            ("want", example.want),
        ):
            line("".join(f"\n    {side:5} {n}: {v}" for n, v in fields.items())[1:])


def outcome(result: Any, subject: str, details: Sequence[str], *, as_json: bool) -> int:
    """What a comparison with the golden model gave; the exit status that says it too."""
    if as_json:
        json_document(result.as_json())
    else:
        verdict = "passed" if result.passed else "FAILED"
        line(
            f"{verdict}: {subject}, {result.vectors:,} vectors ({result.stimuli}), "
            f"{result.mismatches:,} mismatches"
        )
        for detail in details:
            line(detail)
        mismatches(result.examples)
        if not result.passed:
            line(f"again: {result.command}")
    return 0 if result.passed else 1


def estimate_tables(result: dict[str, Any], targets: Sequence[str]) -> None:
    """Areas, delays and cell counts of an estimate."""
    if "gates" in targets:
        gates = result["gates"]
        units = gates["units"]
        rows = []
        for recipe, figures in gates["recipes"].items():
            delay = figures["delay"]
            rows.append(
                (
                    recipe,
                    f"{figures['area']:.1f}",
                    "-" if delay is None else f"{delay:.1f}",
                    str(sum(figures["cells"].values())),
                )
            )
        line(f"{gates['flow']}; area in {units['area']}, delay in {units['delay']}")
        table(("recipe", "area", "delay", "cells"), rows)
        for note in {gates.get("note")} - {None}:
            line(str(note))
    fpgas = [target for target in targets if target != "gates"]
    if fpgas:
        names = ("lut", "carry", "register", "dsp", "ram")
        table(
            ("target", *names),
            [(target, *(str(result[target][name]) for name in names)) for target in fpgas],
        )
    routed = {target: result[target]["route"] for target in fpgas if "route" in result[target]}
    if routed:
        _route_tables(routed)
    if "energy" in result:
        _energy_table(result["energy"])
    tools = ", ".join(f"{name} {version}" for name, version in result["tools"].items())
    line(f"{result['kind']}; {tools}")


def _energy_table(energy: Mapping[str, Any]) -> None:
    """What an operation switches, beside the baseline's."""
    drawn = "" if energy["operands"] == "digits" else f", seed {energy['seed']}"
    beats = energy["sum_beats"]
    sums = f", sums of {beats} beats" if beats > 1 else ""
    line(
        f"switched capacitance per {energy['per']}, in {energy['units']}; "
        f"operands {energy['operands']}{drawn}{sums}"
    )
    parts = ("inputs", "logic", "registers", "clock")
    table(
        ("recipe", f"per {energy['per']}", "int8 MACs", *parts),
        [
            (
                recipe,
                f"{figures['operation']:.1f}",
                f"{figures['relative']:.3f}",
                *(f"{figures[part]:.1f}" for part in parts),
            )
            for recipe, figures in energy["recipes"].items()
        ],
    )
    baseline = energy["baseline"]
    options = "".join(f" -p {k}={v}" for k, v in baseline["parameters"].items())
    whole = ", ".join(f"{recipe} {value:.1f}" for recipe, value in baseline["recipes"].items())
    line(f"int8 MAC: {baseline['unit']}{options}, a product: {whole}")
    line(str(energy["not_counted"]))


def _route_tables(routed: Mapping[str, dict[str, Any]]) -> None:
    """Cells and frequencies after place and route, and what limits them."""
    names = ("lut", "carry", "register", "dsp", "ram")
    rows = []
    for target, figures in routed.items():
        fmax = figures["fmax_mhz"]
        speeds = [f"{fmax[name]:.1f}" if fmax else "-" for name in ("median", "min", "max")]
        counts = [str(figures[name]) for name in names]
        rows.append((target, figures["device"], *counts, *speeds, str(figures["seeds"])))
    line(f"{next(iter(routed.values()))['kind']}:")
    table(("target", "device", *names, "Fmax MHz", "lowest", "highest", "seeds"), rows)
    for target, figures in routed.items():
        path = figures["critical_path"]
        if path is None:
            line(f"{target}: {figures['note']}")
            continue
        line(
            f"{target}: slowest from {path['from']} to {path['to']}, {path['delay_ns']:.1f} ns, "
            f"{path['routing_ns']:.1f} of it in wires, through {path['levels']} cells"
        )
