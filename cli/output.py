"""Tables and progress on a terminal, plain lines in a pipe, one JSON document on request."""

import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

__all__ = ["estimate_tables", "json_document", "line", "table", "working"]


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
    tools = ", ".join(f"{name} {version}" for name, version in result["tools"].items())
    line(f"{result['kind']}; {tools}")
