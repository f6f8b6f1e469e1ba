"""A unit's datasheet: one Markdown page, made from the unit itself, so that it cannot go stale.

Only the cost table is measured; it takes seconds a row and is made by itself.
"""

import itertools
from collections.abc import Container, Iterable, Mapping, Sequence
from enum import StrEnum
from inspect import signature
from typing import Any

from ..hdl.formats import BlockFormat, FloatFormat, NumberFormat, Projection
from ..hdl.unit import Unit
from .catalogue import golden_module, unit_class
from .cost import KIND, estimate
from .docstring import Docstring, member_notes
from .generate import Generated, generate
from .parameters import Parameter, describe, make_unit
from .port import Port

__all__ = ["COSTS", "cost_table", "datasheet", "table"]

#: The heading of the section on costs, which is the last.
COSTS = "## Cost"

_HANDSHAKE = {
    "clk": "rising edge",
    "rst": "synchronous, active high; empties all stages",
    "i_valid": "a beat is offered",
    "i_ready": "it is taken at this clock edge, if offered",
    "o_valid": "a result is offered",
    "o_ready": "it is taken at this clock edge, if offered",
}
_COMMAND = "bitwright estimate {name}{options} --target gates --target ecp5 --target ice40"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines
    )


def datasheet(name: str, costs: str = "") -> str:
    """The page of a unit in the catalogue, with the given text in its section on costs.

    Raises:
        ValueError: if there is no unit of this name.
    """
    cls, made = unit_class(name), generate(name, {})
    doc = Docstring.of(cls)
    parameters = describe(cls)
    sections = [
        f"# {name}",
        doc.text,
        f"Source: {cls.reference}.",
        f"Class `{cls.__module__}.{cls.__name__}`; golden model `{golden_module(name)}`.",
        "## Parameters",
        _parameter_section(parameters, signature(cls.__init__).parameters, doc),
        "## Ports",
        _port_section(made.ports, doc),
        "## Handshake and timing",
        _timing_section(name, made, parameters),
        *_projection_section(made.unit),
        "## From the command line",
        f"```sh\nbitwright generate {name} -o build   # build/{made.top}.v and {made.top}.json\n"
        f"bitwright verify {name}              # against the golden model, in simulation\n"
        f"{_COMMAND.format(name=name, options='')}\n```\n\n"
        "Parameters are given as `-p NAME=VALUE`, here and below.",
        "## In Verilog",
        _verilog(made),
        "## In Amaranth",
        _amaranth(cls, made.unit),
        COSTS,
        costs or f"Not measured here; `{_COMMAND.format(name=name, options='')}` does.",
    ]
    return "\n\n".join(sections) + "\n"


def _parameter_section(
    parameters: Sequence[Parameter], named: Container[str], doc: Docstring
) -> str:
    """Those ``named`` by the constructor, then those of its projection."""
    projection = Docstring.of(Projection).parameters
    own = [p for p in parameters if p.name in named]
    rows = [
        (
            f"`{p.name}`",
            ", ".join(f"`{c}`" for c in p.choices) or p.type,
            f"`{p.default}`",
            (doc.parameters if p in own else projection).get(p.name, ""),
        )
        for p in [*own, *(p for p in parameters if p not in own)]
    ]
    text = [table(("parameter", "values", "default", "meaning"), rows)]
    for p in own:
        kinds = [k for k in _alternatives(p) if isinstance(k, type) and issubclass(k, StrEnum)]
        notes = {c: note for kind in kinds for c, note in member_notes(kind).items() if note}
        if notes:
            text.append(f"`{p.name}`:\n\n" + "\n".join(f"- `{c}`: {n}" for c, n in notes.items()))
    if len(own) < len(parameters):
        text.append("What the choices of a projection mean is in [number formats](../formats.md).")
    return "\n\n".join(text)


def _alternatives(parameter: Parameter) -> Sequence[Any]:
    return getattr(parameter.annotation, "__args__", (parameter.annotation,))


def _port_section(ports: Sequence[Port], doc: Docstring) -> str:
    rows = [
        (
            f"`{p.name}`",
            p.direction,
            str(p.width),
            p.format if p.elements == 1 else f"{p.elements} of {p.format}",
            _HANDSHAKE.get(p.name) or doc.members.get(p.name, ""),
        )
        for p in ports
    ]
    text = "With the default parameters, in the order of the module's header:\n\n"
    text += table(("port", "direction", "bits", "format", "meaning"), rows)
    if any(p.elements > 1 for p in ports):
        text += "\n\nAn array is one vector: element 0 is in the lowest bits."
    absent = doc.members.keys() - {p.name for p in ports}
    if absent:
        text += "\n\nOther parameters bring more ports:\n\n" + "\n".join(
            f"- `{port}`: {text}" for port, text in doc.members.items() if port in absent
        )
    return text


def _ready_rule(unit: Any) -> str:
    if not unit.fixed_interval:
        return (
            "A beat takes as many cycles as its data ask for, at least the interval. It is taken "
            "in the last of them: until then `i_ready` is 0."
        )
    if unit.interval > 1:
        return (
            "A beat is taken in the last of the interval's cycles: until then `i_ready` is 0. In "
            "that cycle it follows `o_ready`."
        )
    return "`i_ready` follows `o_ready` in the same cycle, whatever the number of stages."


def _timing_section(name: str, made: Generated, parameters: Sequence[Parameter]) -> str:
    rules = [
        "A beat passes at a clock edge at which `valid` and `ready` are both 1, on either side.",
        "`o_valid` never waits for `o_ready`. Once offered, a result stays as it is until taken; "
        "the source of `i` must keep to the same two rules.",
        _ready_rule(made.unit),
        "Results leave in the order of their beats"
        + (", one for each." if made.unit.stateless else ", one for each `i_last`."),
        "Where there is a clock, `rst` empties the stages; registers of data have no reset.",
    ]
    units = [made.unit]
    if any(p.name == "stages" for p in parameters):
        every = _all_stages(name)
        units = [every[0], *every[-1:][: len(every) - 1]]
    rows = [(str(u.stages), str(u.latency), str(u.interval)) for u in units]
    return (
        "\n".join(f"- {rule}" for rule in rules)
        + "\n\nIn clock cycles, at the fewest and the most stages; latency 0 is a combinational "
        "module without `clk` and `rst`:\n\n" + table(("`stages`", "latency", "interval"), rows)
    )


def _all_stages(name: str) -> list[Unit]:
    """The unit with every number of stages that it takes; some need one at least."""
    units = []
    for stages in itertools.count():
        try:
            units.append(make_unit(name, {"stages": str(stages)}))
        except ValueError:
            if units or stages:
                return units
    raise AssertionError


def _projection_section(unit: Unit) -> list[str]:
    """What the default projection makes of numbers that the result's format does not hold."""
    p, o = getattr(unit.parameters, "projection", None), getattr(unit.parameters, "o", None)
    if p is None or not isinstance(o, FloatFormat):
        return []

    def code(magnitude: int | None, negative: bool) -> str:
        bits = p.nan_code(o) if magnitude is None else magnitude | (o.sign_mask if negative else 0)
        return f"`{o.text(bits)}` (`{bits:#0{2 + -(-o.width // 4)}x}`)"

    rows = [
        ("beyond the largest finite number", code(p.overflow_magnitude(o, False), False)),
        ("infinity", code(p.infinity_magnitude(o), False)),
        ("NaN", code(None, False)),
    ]
    if o.signed:
        rows[1:1] = [("beyond the most negative", code(p.overflow_magnitude(o, True), True))]
        rows[3:3] = [("minus infinity", code(p.infinity_magnitude(o), True))]
    return [
        "## Rounding and special values",
        f"The result is the exact number, projected to `o` once: rounded (`{p.rounding}` by "
        "default), then saturated, then encoded. With the default parameters:",
        table(("exact number", f"code in {o.name}"), rows),
    ]


def _verilog(made: Generated) -> str:
    wide = max(len(p.name) for p in made.ports)
    size = max(len(f"[{p.width - 1}:0]") for p in made.ports)
    lines = [
        f"wire {f'[{p.width - 1}:0]' if p.width > 1 else '':>{size}} {p.name};" for p in made.ports
    ]
    pins = [f"    .{p.name:<{wide}} ({p.name})" for p in made.ports]
    return (
        "```verilog\n"
        + "\n".join(
            [
                *lines,
                "",
                f"{made.top} unit (",
                ",\n".join(pins),
                ");",
            ]
        )
        + "\n```"
    )


def _amaranth(cls: type[Unit], unit: Any) -> str:
    readers = {
        name: ("parse_block" if isinstance(value, BlockFormat) else "parse_format", value)
        for name, value in vars(unit.parameters).items()
        if isinstance(value, NumberFormat | BlockFormat)
    }
    arguments = ", ".join(f'{k}={reader}("{v.name}")' for k, (reader, v) in readers.items())
    lines = ["from amaranth.hdl import Module"]
    if readers:
        used = ", ".join(sorted({reader for reader, _ in readers.values()}))
        lines.append(f"from bitwright.hdl.formats import {used}")
    result = next(name for name, _ in unit.o.payload.shape())
    lines += [
        f"from {cls.__module__} import {cls.__name__}",
        "",
        "m = Module()",
        f"m.submodules.unit = unit = {cls.__name__}(\n    {arguments}\n)",
        "m.d.comb += [",
        "    unit.i.valid.eq(1),",
        *(f"    unit.i.payload.{n}{_first(f.shape)}.eq(1)," for n, f in unit.i.payload.shape()),
        "    unit.o.ready.eq(1),",
        "]",
        f"result = unit.o.payload.{result}  # while unit.o.valid is 1",
    ]
    return "```python\n" + "\n".join(lines) + "\n```"


def _first(shape: Any) -> str:
    return "[0]" if hasattr(shape, "elem_shape") else ""


def _fpga_cost(figures: Mapping[str, Any]) -> str:
    """LUTs, and the DSP blocks and block RAMs beside them where there are any."""
    blocks = [(figures["dsp"], "DSP"), (figures["ram"], "RAM")]
    return " + ".join([str(figures["lut"]), *(f"{n} {kind}" for n, kind in blocks if n)])


def cost_table(name: str, configurations: Sequence[Mapping[str, str]]) -> str:
    """Measured costs of the unit with each of the given parameters: a table, and how it was made.

    Raises:
        ValueError: if a configuration is not allowed.
        YosysError: if Yosys fails.
    """
    rows, tools = [], {}
    for texts in configurations:
        made = generate(name, dict(texts))
        result = estimate(made.rtlil, made.top, ("gates", "ecp5", "ice40"))
        tools |= result["tools"]
        recipes = result["gates"]["recipes"]
        options = " ".join(f"-p {k}={v}" for k, v in texts.items())
        rows.append(
            (
                f"`{options}`" if options else "default",
                str(made.unit.latency),
                *(
                    f"{recipes[r][figure]:.{digits}f}"
                    for r in ("area", "speed")
                    for figure, digits in (("area", 0), ("delay", 1))
                ),
                *(_fpga_cost(result[target]) for target in ("ecp5", "ice40")),
            )
        )
    columns = ("parameters", "latency", "smallest: GE", "FO4", "fastest: GE", "FO4")
    columns += ("ECP5 LUT4", "iCE40 LUT4")
    versions = ", ".join(f"{tool} {version}" for tool, version in sorted(tools.items()))
    command = _COMMAND.format(name=name, options=" [-p ...]")
    return (
        f"{table(columns, rows)}\n\n{KIND[0].upper()}{KIND[1:]}: `{command}`, {versions}. Units "
        "and assumptions are in [the cost model](../cost.md)."
    )
