"""Checking a certificate from scratch: files, digests, and every statement shown again."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...gen.generate import generate
from .digests import file_digest
from .make import SCHEMA, certify, simulators_here, text_of

__all__ = ["Check", "check"]

# What may differ from one run to the next on one machine, and does.
_TIMES = {"seconds", "solver_seconds", "build_seconds", "vectors_per_second"}
# Which of two ways of computing the same was used.
_WAYS = {"backend", "note"}


@dataclass(frozen=True)
class Check:
    """What came out.

    Attributes:
        unit: Its name.
        statements: How many were shown again.
        faults: What is wrong, a sentence each.
    """

    unit: str
    statements: int
    faults: list[str]

    @property
    def passed(self) -> bool:
        return not self.faults and self.statements > 0


def check(path: Path, progress: Callable[[str], None] = lambda _: None) -> Check:
    """Check a certificate and the files beside it; then make it again and compare.

    Raises:
        ValueError: if the file is no certificate at all.
        SimulationError, YosysError, NetlistError: if a tool is missing or fails.
    """
    text = path.read_text(errors="replace")
    content = _read(path, text)
    faults = list(_damage(path, text, content))
    if faults:
        # What it says cannot be trusted, not even which unit it is about.
        return Check(str(content["unit"]), 0, faults)
    missing = sorted(set(content["simulators"]) - set(simulators_here()))
    if missing:
        raise RuntimeError(
            f"The certificate names the simulator {missing[0]}, which is not installed: "
            "what it showed cannot be shown again here"
        )
    generated = generate(content["unit"], content["parameters"], content["top"])
    again = certify(
        generated, simulators=content["simulators"], seed=content["seed"], progress=progress
    )
    faults = list(_differences(content, again.content))
    return Check(content["unit"], len(again.content["statements"]), faults)


def _read(path: Path, text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        words = f"A certificate must be a whole JSON file, which '{path}' is not"
        raise ValueError(words) from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"The certificate must begin with \"schema\": \"{SCHEMA}\", in '{path}'")
    return content


def _damage(path: Path, text: str, content: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the file itself and those beside it."""
    bare = {name: value for name, value in content.items() if name != "digest"}
    if content.get("digest") != file_digest(text_of(bare)) or text != text_of(content):
        yield f"The certificate '{path}' was changed after it was made"
        return
    for name, digest in content["files"].items():
        file = path.with_name(name)
        if not file.is_file():
            yield f"The file '{file}' must stand beside the certificate, and does not"
        elif file_digest(file.read_bytes()) != digest:
            yield f"The file '{file}' is not the one that was certified"


def _differences(told: Any, found: Any, where: str = "") -> Iterator[str]:
    """What is told otherwise than it was found, but for times."""
    if isinstance(told, dict) and isinstance(found, dict):
        for name in sorted(told.keys() | found.keys()):
            if name not in _TIMES | _WAYS | {"digest"}:
                place = f"{where}.{name}" if where else str(name)
                yield from _differences(told.get(name), found.get(name), place)
    elif isinstance(told, list) and isinstance(found, list) and len(told) == len(found):
        for number, (one, other) in enumerate(zip(told, found, strict=True)):
            yield from _differences(one, other, f"{where}[{number}]")
    # Tuples become lists on their way through JSON.
    elif json.loads(json.dumps(found)) != told:
        yield f"{where} is told to be {_short(told)}, and is {_short(found)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
