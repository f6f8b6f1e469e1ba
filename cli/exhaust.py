"""``bitwright exhaust``: a unit on all of its inputs."""

import argparse

from . import output
from .commands import generated

__all__ = ["exhaust"]


def exhaust(options: argparse.Namespace) -> int:
    made = generated(options)
    from ..verif.exhaust import exhaust as run

    with output.progress("trying every input") as moved:
        result = run(made, most_bits=options.most_bits, progress=moved)
    size = result.netlist
    details = [
        f"netlist of {size['gates']:,} gates and {size['registers']:,} registers "
        f"against {result.reference}",
        f"{result.how}; {result.backend}, {result.vectors_per_second:,} vectors/s, "
        f"{result.seconds} s",
    ]
    if result.illegal:
        details.append(f"{result.illegal:,} inputs left out: a code in them must not occur")
    if result.note:
        details.append(f"slower than it could be: {result.note}")
    return output.outcome(result, options.unit, details, as_json=options.json)
