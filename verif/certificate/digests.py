"""Digests of what made a unit and of what judged it."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

from ...gen import yosys

__all__ = ["file_digest", "source_digests", "tool_versions"]

_PACKAGE = Path(__file__).parents[2]
_FOLDERS = ("hdl", "gen", "verif")
_ENDS = (".py", ".c")


def file_digest(content: bytes | str) -> str:
    octets = content.encode() if isinstance(content, str) else content
    return "sha256:" + hashlib.sha256(octets).hexdigest()


def source_digests() -> dict[str, str]:
    """One digest for all sources in each of our folders, by name and content."""
    found = {}
    for folder in _FOLDERS:
        state = hashlib.sha256()
        files = (p for p in (_PACKAGE / folder).rglob("*") if p.suffix in _ENDS)
        for path in sorted(files, key=lambda p: p.relative_to(_PACKAGE).as_posix()):
            content = path.read_bytes()
            name = path.relative_to(_PACKAGE).as_posix()
            state.update(f"{name}\n{len(content)}\n".encode() + content)
        found[folder] = "sha256:" + state.hexdigest()
    return found


def tool_versions() -> dict[str, str]:
    """Of what takes part in every statement; a statement names its simulator itself."""
    return {
        "bitwright": version("bitwright"),
        "python": platform.python_version(),
        "amaranth": version("amaranth"),
        "numpy": version("numpy"),
        "python-sat": version("python-sat"),
        "yosys": yosys.version(),
    }
