"""A user's Liberty file: read, checked, reduced to what must be known before the tools start."""

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LOAD_INVERTERS", "LibraryCell", "UserLibrary"]

_FEMTOFARADS = {"ff": 1.0, "pf": 1000.0}

LOAD_INVERTERS = 4
"""Load on every output, in smallest inverters."""


@dataclass(frozen=True)
class LibraryCell:
    """A cell of one input and one output; capacitance in the file's own unit."""

    name: str
    area: float
    capacitance: float


@dataclass(frozen=True)
class UserLibrary:
    """What the flow must know of a Liberty file before it starts the tools."""

    path: Path
    text: str
    name: str
    time_unit: str
    femtofarads: float
    inverter: LibraryCell
    buffer: LibraryCell

    @classmethod
    def read(cls, path: Path) -> "UserLibrary":
        """Read and check a file.

        Raises:
            ValueError: if it cannot be read, is not Liberty, or lacks an inverter or a buffer.
        """
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            reason = error.strerror or error
            raise ValueError(f"The Liberty file {str(path)!r} cannot be read: {reason}") from None
        bare = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        head = re.match(r'\s*library\s*\(\s*"?([^")]+?)"?\s*\)\s*\{', bare)
        if head is None:
            raise ValueError(
                f"The Liberty file {str(path)!r} must begin with library (NAME) {{, and it does not"
            )
        if bare.count("{") != bare.count("}"):
            raise ValueError(
                f"The Liberty file {str(path)!r} must be whole, and its braces do not pair"
            )
        single: dict[str, list[LibraryCell]] = {"inverter": [], "buffer": []}
        for block in re.split(r"\bcell\s*(?=\()", bare)[1:]:
            _classify(block, single)
        for kind, found in single.items():
            if not found:
                raise ValueError(
                    f"The Liberty file {str(path)!r} must hold a usable {kind}, and it holds none"
                )
        smallest = {
            kind: min(found, key=lambda cell: (cell.area, cell.name))
            for kind, found in single.items()
        }
        time = re.search(r'\btime_unit\s*:\s*"?([^";]+)"?', bare)
        load = re.search(r"\bcapacitive_load_unit\s*\(\s*([\d.eE+-]+)\s*,\s*\"?(\w+)", bare)
        number, unit = load.groups() if load else ("1", "pf")
        if unit.lower() not in _FEMTOFARADS:
            raise ValueError(
                f"The capacitive load unit of {str(path)!r} must be ff or pf, not {unit!r}"
            )
        return cls(
            path,
            text,
            head.group(1),
            time.group(1).strip() if time else "1ns",
            float(number) * _FEMTOFARADS[unit.lower()],
            smallest["inverter"],
            smallest["buffer"],
        )

    @property
    def load(self) -> float:
        """The declared load on each output, in the file's unit."""
        return LOAD_INVERTERS * self.inverter.capacitance


def _classify(block: str, single: dict[str, list[LibraryCell]]) -> None:
    """File a cell's text under inverter or buffer, if it is one that tools may use."""
    name = re.match(r'\(\s*"?([^")\s]+)', block)
    area = re.search(r"\barea\s*:\s*([\d.eE+-]+)", block)
    functions = re.findall(r'\bfunction\s*:\s*"([^"]*)"', block)
    unusable = re.search(r'\bdont_use\s*:\s*"?true|\b(?:ff|latch|statetable)\s*\(', block)
    inputs = {}
    for pin in re.split(r"\bpin\s*(?=\()", block)[1:]:
        found = re.match(r'\(\s*"?([^")\s]+)', pin)
        capacitance = re.search(r"\bcapacitance\s*:\s*([\d.eE+-]+)", pin)
        if found and re.search(r'\bdirection\s*:\s*"?input', pin):
            inputs[found.group(1)] = float(capacitance.group(1)) if capacitance else 0.0
    if not name or not area or unusable or len(functions) != 1 or len(inputs) != 1:
        return
    ((pin, capacitance),) = inputs.items()
    function = re.sub(r"[\s()]", "", functions[0]).replace("!!", "")
    kind = {f"!{pin}": "inverter", f"{pin}'": "inverter", pin: "buffer"}.get(function)
    if kind:
        single[kind].append(LibraryCell(name.group(1), float(area.group(1)), capacitance))
