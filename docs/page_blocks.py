"""The code blocks of the page on adding a unit: files, lines of files, and commands."""

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Block", "apply", "blocks", "commands"]

_BLOCK = re.compile(
    r"^(?:File|In) `([^`]+)`(?:, below the line that starts with `([^`]+)`)?:\n\n"
    r"```\w*\n(.*?)```$",
    re.DOTALL | re.MULTILINE,
)
_SHELL = re.compile(r"^```sh\n(.*?)```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block; ``below`` is how the line starts that it goes below, or empty for a whole file."""

    file: str
    below: str
    text: str


def blocks(page: str) -> list[Block]:
    """The blocks under sentences of their own: "File `x`:", "In `x`, below the line that ..."."""
    return [Block(*found) for found in _BLOCK.findall(page)]


def commands(page: str) -> list[str]:
    """The lines of all shell blocks."""
    return [line for text in _SHELL.findall(page) for line in text.splitlines()]


def apply(block: Block, root: Path) -> None:
    """Write a block into a copy of the package.

    Raises:
        ValueError: if the file has no line, or several, that the block could go below.
    """
    path = root / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    if not block.below:
        path.write_text(block.text)
        return
    lines = path.read_text().splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if line.strip().startswith(block.below)]
    if len(places) != 1:
        raise ValueError(
            f"{block.file} must have one line that starts with {block.below!r}, not {len(places)}"
        )
    lines.insert(places[0] + 1, block.text)
    path.write_text("".join(lines))
