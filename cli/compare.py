"""The command that puts units side by side."""

import argparse

from . import output

__all__ = ["compare"]


def compare(options: argparse.Namespace) -> int:
    from ..hdl.formats import parse_format
    from ..verif.comparison import compare as run

    a, b = parse_format(options.a), parse_format(options.b)
    targets = options.targets or ["gates"]
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
                *(f"{row[target]['lut']:,}" for target in fpgas),
            )
            for row in result["rows"]
        ],
    )
    tools = ", ".join(f"{name} {version}" for name, version in result["tools"].items())
    output.line(f"estimate by synthesis, before layout; {tools}")
    return 0
