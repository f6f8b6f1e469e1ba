"""Parameters of units: described, read from text, written as text.

Everything is taken from the signature of the unit's constructor. A projection's fields count as
parameters of the unit, side by side with the others.
"""

import difflib
import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from ..hdl.formats import (
    BlockFormat,
    FloatFormat,
    IntegerFormat,
    NumberFormat,
    Projection,
    parse_block,
    parse_format,
)
from ..hdl.unit import Unit
from .catalogue import unit_class

__all__ = ["Parameter", "describe", "make_unit", "parameter_texts", "to_text"]

_FORMAT_KINDS = {
    NumberFormat: "number format",
    FloatFormat: "float format",
    IntegerFormat: "integer format",
    BlockFormat: "block format",
}
_TRUE_FALSE = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, its type in words, its choices if they are few, its default."""

    name: str
    type: str
    choices: tuple[str, ...]
    default: str
    annotation: Any


def _none(name: str) -> str:
    """How None is written: as a result's format it means the unrounded result."""
    return "exact" if name == "o" else "none"


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return typing.get_args(annotation)
    return (annotation,)


def _type_name(name: str, annotation: Any) -> str:
    kinds = []
    for kind in _alternatives(annotation):
        if kind is type(None):
            continue
        if issubclass(kind, NumberFormat | BlockFormat):
            kinds.append(_FORMAT_KINDS[kind])
        elif issubclass(kind, StrEnum):
            kinds.append("choice")
        else:
            kinds.append({bool: "true or false", int: "integer"}[kind])
    if type(None) in _alternatives(annotation):
        kinds.append(f"'{_none(name)}'")
    return " or ".join(dict.fromkeys(kinds))


def _choices(annotation: Any) -> tuple[str, ...]:
    for kind in _alternatives(annotation):
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return tuple(member.value for member in kind)
        if kind is bool:
            return ("true", "false")
    return ()


def to_text(name: str, value: Any) -> str:
    """The value of the parameter ``name`` as it is written on the command line."""
    if value is None:
        return _none(name)
    if isinstance(value, bool):
        return str(value).lower()
    return value.name if isinstance(value, NumberFormat | BlockFormat) else str(value)


def describe(unit: type[Unit]) -> list[Parameter]:
    """A unit's parameters, in the order of its constructor."""
    hints = typing.get_type_hints(unit.__init__)
    result = []
    for name, parameter in inspect.signature(unit.__init__).parameters.items():
        if name == "self":
            continue
        if hints[name] is Projection:
            projection_hints = typing.get_type_hints(Projection)
            entries = [
                (f.name, projection_hints[f.name], getattr(parameter.default, f.name))
                for f in fields(Projection)
            ]
        else:
            entries = [(name, hints[name], parameter.default)]
        result += [
            Parameter(name, _type_name(name, hint), _choices(hint), to_text(name, default), hint)
            for name, hint, default in entries
        ]
    return result


def parameter_texts(unit: Unit) -> dict[str, str]:
    """All parameters of a unit as text; :func:`make_unit` makes the same unit of them."""
    result: dict[str, str] = {}
    for name, value in vars(unit.parameters).items():
        if isinstance(value, Projection):
            result |= {f.name: to_text(f.name, getattr(value, f.name)) for f in fields(value)}
        else:
            result[name] = to_text(name, value)
    return result


def _read(parameter: Parameter, text: str) -> Any:
    """A value of the parameter's type.

    Raises:
        ValueError: naming the parameter, the text and what would be right.
    """
    kinds = _alternatives(parameter.annotation)
    if type(None) in kinds and text == _none(parameter.name):
        return None
    formats = tuple(k for k in kinds if isinstance(k, type) and k in _FORMAT_KINDS)
    if formats:
        return _read_format(parameter, text, formats)
    if parameter.choices:
        if bool in kinds and text.lower() in _TRUE_FALSE:
            return _TRUE_FALSE[text.lower()]
        if text in parameter.choices and bool not in kinds:
            return kinds[0](text)
        near = difflib.get_close_matches(text, parameter.choices, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ValueError(
            f"The parameter '{parameter.name}' must be one of "
            f"{', '.join(parameter.choices)}, not '{text}'{hint}"
        )
    try:
        return int(text, 16 if text.lower().startswith("0x") else 10)
    except ValueError:
        raise ValueError(
            f"The parameter '{parameter.name}' must be an integer, not '{text}'"
        ) from None


def _read_format(parameter: Parameter, text: str, kinds: tuple[type, ...]) -> Any:
    """A number format or block format, whichever the parameter takes."""
    try:
        try:
            format = parse_block(text) if kinds == (BlockFormat,) else parse_format(text)
        except ValueError:
            if BlockFormat not in kinds or len(kinds) == 1:
                raise
            format = parse_block(text)
    except ValueError as error:
        raise ValueError(f"Parameter '{parameter.name}': {error}") from None
    if not isinstance(format, kinds):
        article = "an" if parameter.type[0] in "aeiou" else "a"
        raise ValueError(
            f"The parameter '{parameter.name}' must be {article} {parameter.type}, not '{text}'"
        )
    return format


def make_unit(name: str, texts: Mapping[str, str]) -> Unit:
    """The unit of a catalogue name with parameters given as text.

    Raises:
        ValueError: if a name is unknown or a value is not allowed.
    """
    cls = unit_class(name)
    known = {parameter.name: parameter for parameter in describe(cls)}
    arguments: dict[str, Any] = {}
    projection: dict[str, Any] = {}
    takes_projection = "projection" in inspect.signature(cls.__init__).parameters
    projection_fields = {f.name for f in fields(Projection)} if takes_projection else set()
    for key, text in texts.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise ValueError(
                f"A parameter of {name} must be one of {', '.join(known)}, not '{key}'{hint}"
            )
        target = projection if key in projection_fields else arguments
        target[key] = _read(known[key], text)
    if projection:
        arguments["projection"] = Projection(**projection)
    return cls(**arguments)
