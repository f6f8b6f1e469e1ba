"""Docstrings of units read as data: their text, and what they say of each parameter and port."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Docstring", "markdown", "member_notes"]


def markdown(text: str) -> str:
    """The little reStructuredText that docstrings use, as Markdown."""
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text)
    return text.replace("``", "`")


@dataclass(frozen=True)
class Docstring:
    """A class's docstring in parts: the text before its sections, and the entries of those.

    ``members`` has flat port names for keys: ``i_a`` for an entry ``i.a``.
    """

    text: str
    parameters: Mapping[str, str]
    members: Mapping[str, str]

    @classmethod
    def of(cls, documented: type) -> "Docstring":
        parts = re.split(r"\n\n(\w+)\n-+\n", "\n" + (inspect.getdoc(documented) or ""))
        sections = dict(zip(parts[1::2], parts[2::2], strict=True))
        return cls(
            markdown(parts[0].strip()),
            _entries(sections.get("Parameters", ""), "\n"),
            {
                name.replace(".", "_", 1): text
                for name, text in _entries(sections.get("Members", ""), " : ").items()
            },
        )


def _entries(section: str, end_of_names: str) -> dict[str, str]:
    """The text of each name in ``a, b`` and what follows, up to the next line not indented."""
    result: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", section):
        names, _, text = entry.partition(end_of_names)
        for name in names.split(","):
            result[name.strip()] = markdown(" ".join(text.split()))
    return result


def member_notes(choice: type[StrEnum]) -> dict[str, str]:
    """What each member of an enumeration means: the ``#:`` comment above it in the source."""
    result: dict[str, str] = {}
    note: list[str] = []
    for line in map(str.strip, inspect.getsource(choice).splitlines()):
        if line.startswith("#:"):
            note.append(line[2:].strip())
        elif match := re.match(r'(\w+) = "', line):
            result[choice[match[1]].value] = markdown(" ".join(note))
            note = []
    return result
