"""A tile of table look-ups: the tables of its rows, the rows of its sums, and its results."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Value

from ..arithmetic.bitheap import Structure
from ..arithmetic.project import project, signed_raw
from ..formats import IntegerFormat
from ..pipeline import wire
from .aligned import at_exponent, row_exponent
from .lut_offset import LutOffset
from .lut_rows import LutRows
from .precompute import Tables, given_tables, precompute
from .table_shape import TableShape

__all__ = ["planes_now", "row_tables", "tile_results", "tile_rows"]


def row_tables(m: Module, p: Any, shape: TableShape, values: Mapping[str, Any]) -> list[Tables]:
    """The tables of each row, made of activations or given."""
    rows, lanes = range(p.rows), p.lanes
    if p.shared_precompute:
        return [given_tables(shape, values, row, lanes // p.group) for row in rows]
    tables: list[Tables] = []
    for row in rows:
        activations = [values["a"][row * lanes + k] for k in range(lanes)]
        name, exponent = f"a{row}", None
        if "row_exponents" in values:
            exponent = values["row_exponents"][row]
        elif shape.aligned is not None:
            exponent = row_exponent(m, shape, activations, name)
        options: dict[str, Any] = {"flush": p.projection.ftz_in, "adder": p.adder}
        tables.append(precompute(m, shape, activations, name, exponent=exponent, **options))
    return tables


def planes_now(m: Module, p: Any, values: Mapping[str, Any]) -> list[Value]:
    """Bits that say which plane is looked up, in a serial unit.

    The top plane comes first where a sum is of one beat: then it is doubled from plane to plane,
    and nothing is shifted by a distance that varies.
    """
    top, phase, first = p.b.width - 1, values["phase"], p.beats == 1
    return [wire(m, f"plane{i}_now", phase == (top - i if first else i)) for i in range(top + 1)]


def tile_rows(
    m: Module,
    p: Any,
    shape: TableShape,
    sums: IntegerFormat,
    structure: Structure,
    values: Mapping[str, Any],
    now: Sequence[Value],
) -> dict[str, list[Value]]:
    """What each sum of the tile is made of, as rows to add."""
    offset = LutOffset(p, shape, sums.width, structure)
    offsets = [
        offset.of(m, tables, f"row{r}", now[0] if now else None)
        for r, tables in enumerate(values["tables"])
    ]
    rows = LutRows(p, shape, sums.width, structure)
    made: dict[str, list[Value]] = {}
    for column in range(p.columns):
        zero = Value.cast(values["b_zero"][column]) if p.zero else None
        looked = rows.column(m, values["tables"], offsets, values["b"], column, now, zero)
        made |= {f"total{r}_{column}": part for r, part in enumerate(looked)}
    return made


def tile_results(
    m: Module, p: Any, shape: TableShape, sums: IntegerFormat, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The sums themselves with what belongs to a row, or rounded."""
    results: list[Value] = []
    for row in range(p.rows):
        for column in range(p.columns):
            total = values[f"total{row}_{column}"]
            nan = values.get(f"nan{row}")
            name = f"result{row}_{column}"
            if p.o is None:
                results.append(total if nan is None else total & (~nan).replicate(len(total)))
                continue
            raw = signed_raw(m, total, sums, name, nan=nan)
            if shape.aligned is not None:
                exponent = Value.cast(values[f"exponent{row}"])
                raw = at_exponent(m, raw, exponent, shape, name, given=p.shared_precompute)
            results.append(project(m, raw, p.o, p.projection))
    outputs: dict[str, Any] = {"p": Cat(results)}
    if p.o is None:
        for name in ("nan", "exponent"):
            if f"{name}0" in values:
                outputs[name] = Cat(values[f"{name}{row}"] for row in range(p.rows))
    return outputs
