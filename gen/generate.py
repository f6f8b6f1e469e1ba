"""A unit as a product: a Verilog file and the manifest beside it."""

import hashlib
import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from amaranth.back import rtlil  # pyright: ignore[reportAttributeAccessIssue]

from . import yosys
from .files import write_all
from .flat import FlatTop
from .parameters import describe, make_unit, parameter_texts
from .port import Port
from .verilog_writer import write_verilog

__all__ = ["Generated", "generate"]

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Generated:
    """A unit with everything that is made of it; the parts are computed when first asked for."""

    name: str
    top: str
    texts: dict[str, str]

    @cached_property
    def unit(self) -> Any:
        return make_unit(self.name, self.texts)

    @cached_property
    def _flat(self) -> FlatTop:
        return FlatTop(self.unit)

    @property
    def ports(self) -> list[Port]:
        return self._flat.ports

    @cached_property
    def rtlil(self) -> str:
        """The flat module in Yosys's language: what is synthesized, and what becomes Verilog."""
        ports = [self._flat.signals[port.name] for port in self.ports]
        return rtlil.convert(self._flat, name=self.top, ports=ports, emit_src=False)

    @cached_property
    def verilog(self) -> str:
        names = [port.name for port in self.ports]
        return write_verilog(self.rtlil, self.top, names, self._header())

    @cached_property
    def parameters(self) -> dict[str, str]:
        return parameter_texts(self.unit)

    @cached_property
    def given(self) -> dict[str, str]:
        """The parameters that differ from their defaults."""
        defaults = {p.name: p.default for p in describe(type(self.unit))}
        return {k: v for k, v in self.parameters.items() if v != defaults[k]}

    @property
    def options(self) -> str:
        """Those parameters as words of a command line, each with a space before it."""
        return "".join(f" -p {k}={v}" for k, v in self.given.items())

    def _header(self) -> str:
        first = (inspect.getdoc(type(self.unit)) or "").partition("\n")[0]
        timing = (
            f"latency {self.unit.latency}, interval {self.unit.interval}"
            if self.unit.latency
            else "combinational"
        )
        top = "" if self.top == default_top(self.name, self.given) else f" --name {self.top}"
        return (
            f"// {self.top}: {first}\n"
            f"// {timing}; ports and formats are in {self.top}.json.\n"
            f"// bitwright {version('bitwright')}: "
            f"bitwright generate {self.name}{self.options}{top}"
        )

    @cached_property
    def manifest(self) -> dict[str, Any]:
        return {
            "unit": self.name,
            "top": self.top,
            "parameters": self.parameters,
            "ports": [asdict(port) for port in self.ports],
            "latency": self.unit.latency,
            "interval": self.unit.interval,
            "tools": {
                "bitwright": version("bitwright"),
                "amaranth": version("amaranth"),
                "yosys": yosys.version(),
            },
            "digests": {"verilog": "sha256:" + hashlib.sha256(self.verilog.encode()).hexdigest()},
        }

    def write(self, folder: Path, others: Mapping[str, str] = MappingProxyType({})) -> list[Path]:
        """Write ``TOP.v``, ``TOP.json``, and ``others`` by what follows ``TOP`` in their names, all
        of them or none; returns their paths."""
        manifest = json.dumps(self.manifest, indent=2) + "\n"
        texts = {".v": self.verilog, ".json": manifest, **others}
        files = {folder / f"{self.top}{end}": text for end, text in texts.items()}
        write_all(files)
        return list(files)


def default_top(name: str, given: dict[str, str]) -> str:
    """A module name that tells the unit and what was asked of it."""
    parts = [name, *(f"{k}_{v}" for k, v in given.items())]
    return re.sub(r"[^A-Za-z0-9]+", "_", "_".join(parts))


def generate(name: str, texts: dict[str, str], top: str | None = None) -> Generated:
    """A unit by its catalogue name, with parameters as text, made and checked at once.

    Raises:
        ValueError: if the unit, a parameter, a value or the module's name is not allowed.
    """
    if top is not None and not _IDENTIFIER.fullmatch(top):
        raise ValueError(f"The module name must be a Verilog identifier, not '{top}'")
    draft = Generated(name, top or "draft", dict(texts))
    _ = draft.unit
    if top is None:
        draft = Generated(name, default_top(name, draft.given), dict(texts))
    return draft
