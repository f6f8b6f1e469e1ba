"""Answers against the golden model's, as bits; and the differences, for people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib.data import ArrayLayout

from ..hdl.formats import NumberFormat
from ..hdl.unit import Unit

__all__ = ["SHOWN", "Mismatch", "Outcome", "differences", "element", "example"]

#: Mismatches that are shown in full; all are counted.
SHOWN = 5


@dataclass(frozen=True)
class Mismatch:
    """One answer that is not the golden model's: every field as bits and as a value."""

    transaction: int
    inputs: dict[str, str]
    got: dict[str, str]
    want: dict[str, str]


class Outcome:
    """What the results of all comparisons with a golden model have in common."""

    results: int
    mismatches: int

    @property
    def passed(self) -> bool:
        return self.mismatches == 0 and self.results > 0

    def as_json(self) -> dict[str, Any]:
        fields: Any = self  # subclasses are data classes
        return {**asdict(fields), "passed": self.passed}


def element(shape: Any) -> tuple[Any, int, int | None]:
    """Element, its width, and how many there are in an array (None: not an array)."""
    if isinstance(shape, ArrayLayout):
        return shape.elem_shape, Shape.cast(shape.elem_shape).width, shape.length
    return shape, Shape.cast(shape).width, None


def differences(
    unit: Unit, got: Mapping[str, np.ndarray], want: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Indices of results of which any field differs in any bit."""
    differ: Any = None
    for name, spec in unit.o.payload.shape():
        _, width, elements = element(spec.shape)
        expected = np.asarray(want[name])
        if width > 62:
            expected = expected.astype(object) & ((1 << width) - 1)
            here = got[name].astype(object) != expected
        else:
            expected = expected.astype(np.int64) & ((1 << width) - 1)
            here = got[name].astype(np.int64) != expected
        here = here.any(axis=1) if elements else here
        differ = here if differ is None else differ | here
    return np.flatnonzero(differ)


def _text(shape: Any, codes: Any) -> str:
    """A field's codes as bits and as values."""
    format, width, elements = element(shape)
    texts = []
    for code in np.atleast_1d(np.asarray(codes)).tolist() if elements else [codes]:
        bits = int(code) & ((1 << width) - 1)
        number = f" = {format.text(bits)}" if isinstance(format, NumberFormat) else ""
        texts.append(f"0x{bits:0{-(-width // 4)}x}{number}")
    return ", ".join(texts)


def example(
    unit: Unit,
    result: int,
    inputs: Mapping[str, np.ndarray],
    got: Mapping[str, np.ndarray],
    want: Mapping[str, np.ndarray],
) -> Mismatch:
    """The inputs of one result: of a sum over several beats, those of its last beat."""
    transaction = int(result)
    if "last" in inputs:
        transaction = int(np.flatnonzero(inputs["last"])[result])
    shapes_in = {n: f.shape for n, f in unit.i.payload.shape()}
    shapes_out = {n: f.shape for n, f in unit.o.payload.shape()}
    return Mismatch(
        transaction,
        {n: _text(s, inputs[n][transaction]) for n, s in shapes_in.items()},
        {n: _text(s, got[n][result]) for n, s in shapes_out.items()},
        {n: _text(s, want[n][result]) for n, s in shapes_out.items()},
    )
