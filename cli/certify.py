"""``bitwright certify``: make a certificate, or check one."""

import argparse
from pathlib import Path

from . import output
from .commands import generated

__all__ = ["certify"]


def certify(options: argparse.Namespace) -> int:
    if options.check is not None:
        return _check(options)
    if options.unit is None:
        raise ValueError("A unit must be named, or a certificate given with --check")
    made = generated(options, options.name)
    from ..verif.certificate import certify as run

    with output.working("certifying") as status:
        result = run(
            made,
            seed=options.seed,
            progress=(lambda words: status.update(f"{words} ...")) if status else lambda _: None,
        )
        paths = result.write(Path(options.folder))
    if options.json:
        output.json_document(result.content)
        return 0
    for statement in result.content["statements"]:
        output.line(f"{statement['verdict']}: {statement['kind']}: {statement['summary']}")
    for path in paths:
        output.line(str(path))
    return 0


def _check(options: argparse.Namespace) -> int:
    if options.unit is not None or options.parameters or options.name:
        raise ValueError("--check must stand alone: the certificate names the unit itself")
    from ..verif.certificate import check

    path = Path(options.check)
    with output.working("showing all of it again"):
        result = check(path)
    if options.json:
        output.json_document(
            {
                "unit": result.unit,
                "passed": result.passed,
                "statements": result.statements,
                "faults": result.faults,
            }
        )
    elif result.passed:
        output.line(f"passed: {result.unit}, {result.statements} statements shown again")
    else:
        output.line(f"FAILED: {result.unit}")
        for fault in result.faults:
            output.line(f"  {fault}")
    return 0 if result.passed else 1
