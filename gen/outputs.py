"""Whether the files that a program left are whole: none counts that is missing, empty or cut short.

A program that finds the disk full, or that something strikes, may yet end with success.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["damage", "read_outputs"]

# How a whole file ends, where one that is cut does not.
_ENDS: Mapping[str, re.Pattern[bytes]] = {
    ".v": re.compile(rb"(^|\n)endmodule$"),
    ".blif": re.compile(rb"(^|\n)\.end$"),
    ".il": re.compile(rb"(^|\n)end$"),
    # Bitstreams of iCE40, ECP5 and Gowin: the command that starts the design, and padding.
    ".bin": re.compile(rb"\x01\x06\x00*$"),
    ".bit": re.compile(rb"\x5e\x00\x00\x00\xff*$"),
    ".fs": re.compile(rb"\n00001000[01]{24}(\n1+)+$"),
}
_TAIL = 4096  # bytes that the end of a file is looked for in
_NOTHING = re.compile(rb"\{\s*\}|\[\s*\]|null")
# What Yosys writes as JSON is about modules.
_BY_YOSYS = re.compile(rb'\{\s*"creator": "Yosys')
_MODULES = re.compile(rb'"modules"\s*:\s*\{\s*"')


def read_outputs(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Those of the named files that are there."""
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def damage(names: Sequence[str], found: Mapping[str, bytes]) -> str | None:
    """What is wrong with the files, in words that follow the program's name; none if nothing is."""
    missing = [name for name in names if not found.get(name, b"").strip()]
    if missing:
        return f"wrote no {', '.join(missing)}"
    for name in names:
        fault = _fault(Path(name).suffix, found[name].strip())
        if fault is not None:
            return f"wrote a {name} {fault}"
    return None


def _fault(suffix: str, content: bytes) -> str | None:
    if suffix == ".json":
        # Where inner braces are indented, one that is not is the last.
        if not content.endswith(b"\n}"):
            try:
                json.loads(content)
            except ValueError:
                return "that is cut short"
        hollow = _BY_YOSYS.match(content) and not _MODULES.search(content)
        return "with nothing in it" if hollow or _NOTHING.fullmatch(content) else None
    end = _ENDS.get(suffix)
    return None if end is None or end.search(content[-_TAIL:]) else "that is cut short"
