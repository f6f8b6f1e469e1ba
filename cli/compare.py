"""The command that puts units side by side."""

import argparse

from . import output

__all__ = ["compare"]


def compare(options: argparse.Namespace) -> int:
    from ..hdl.formats import parse_format
    from ..verif.comparison import compare as run

    a, b = parse_format(options.a), parse_format(options.b)
    targets = options.targets or ["ice40"]
    with output.working("measuring") as status:
        result = run(
            a,
            b,
            options.terms,
            targets,
            simulator=options.simulator,
            progress=(lambda words: status.update(f"{words} ...")) if status else None,
        )
    if options.json:
        output.json_document(result)
        return 0
    rows = result["rows"]
    fpgas = [target for target in dict.fromkeys(targets) if target != "gates"]
    output.line(
        f"{options.terms} products of {a} and {b}, summed exactly; gates in gate equivalents "
        "(NAND2 = 1), delay in FO4"
    )
    heads = ("unit", "parameters", "gates", "FO4", "fastest", "FO4", "cycles", "at a time")
    output.table(
        (*heads, "gates x cycles", *(f"{target} LUTs" for target in fpgas)),
        [
            (
                row["unit"],
                " ".join(f"{k}={v}" for k, v in row["parameters"].items() if k not in ("a", "b")),
                *(
                    f"{row[recipe][what]:,.{digits}f}"
                    for recipe in ("area", "speed")
                    for what, digits in (("gates", 0), ("delay", 1))
                ),
                f"{row['cycles']:g}",
                str(row["dots"]),
                f"{row['gate_cycles']:,.0f}",
                *("-" if row[target] is None else f"{row[target]['lut']:,}" for target in fpgas),
            )
            for row in rows
        ],
    )
    for note in dict.fromkeys(f"{row['unit']}: {row['note']}" for row in rows if row["note"]):
        output.line(note)
    if any(row[target] is None for row in rows for target in fpgas):
        output.line(f"-: mapping to LUTs took longer than {result['lut_seconds']:g} seconds")
    tools = ", ".join(f"{name} {version}" for name, version in result["tools"].items())
    output.line(f"estimate by synthesis, before layout; {tools}")
    return 0
