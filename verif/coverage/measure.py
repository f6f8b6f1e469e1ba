"""Functional coverage of a unit's stimuli: which classes of numbers met, and how results were
rounded, found from the golden model alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from ...hdl.formats import IntegerFormat
from ...hdl.unit import Unit
from ..golden.observed import Rounded, observing
from ..stimuli.classes import classify, existing
from .bins import (
    ASTRAY_EVENT,
    SPECIAL_EVENT,
    Bin,
    Fields,
    bins_of,
    exact_classes,
    name_of,
    result_columns,
)
from .never import unreachable
from .possible import Reach, possible
from .quantized import quotients
from .reach import reach_of
from .tried import Inputs, largest_numbers, random_ends, representatives

__all__ = ["Coverage", "Model", "coverage"]

#: Units whose results each depend on one operand of a kind: for them all is crossed with all.
ELEMENTWISE = ("float-multiplier", "integer-multiplier", "packed-multiplier", "lmul-multiplier",
               "float-converter")  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """Bins that a set of stimuli should hit.

    Attributes:
        bins: How many may occur.
        hit: How many did.
        explained: How many others there would be, by the reason why they cannot occur.
        missed: The names of those that may occur, as far as is known, and did not.
        surprises: The names of those that should be impossible, and occurred: a fault of the golden
            model's rounding, or of the arithmetic here.
    """

    bins: int = 0
    hit: int = 0
    explained: dict[str, int] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all that may occur did, and nothing else."""
        return not self.missed and not self.surprises

    def __str__(self) -> str:
        impossible = sum(self.explained.values())
        return f"{self.hit:,} of {self.bins:,} bins, {impossible:,} others cannot occur"


class Model:
    """A golden model whose rounding is watched."""

    def __init__(self, name: str, unit: Unit, golden: Any):
        self.name, self.unit, self._golden = name, unit, golden
        self.fields = Fields.of(unit)

    def __call__(self, inputs: Inputs) -> "Seen":
        with observing() as rounded:
            want = self._golden(self.name, self.unit, inputs)
        divided = quotients(self.name, self.unit.parameters, inputs, want)
        return Seen(want, [*rounded, *([divided] if divided else [])], divided)


@dataclass(frozen=True)
class Seen:
    """What a golden model answered, and all that it rounded on the way."""

    want: Mapping[str, np.ndarray]
    rounded: list[Rounded]
    divided: Rounded | None = None

    def last_rounding(self, name: str, format: Any) -> Rounded | None:
        """How the results in one output field were rounded, if they were."""
        codes = np.asarray(self.want[name])
        for one in reversed(self.rounded):
            alike = one.target == format and one.codes.size == codes.size
            if alike and np.array_equal(one.codes.reshape(codes.shape), codes):
                return one
        return None

    def columns(self, name: str, format: Any) -> list[np.ndarray]:
        rounded = self.last_rounding(name, format)
        return result_columns(format, np.asarray(self.want[name]), rounded)


class _Tally:
    """Bins counted so far."""

    def __init__(self) -> None:
        self.bins = self.hit = 0
        self.explained: dict[str, int] = {}
        self.missed: list[str] = []
        self.surprises: list[str] = []

    def add(self, what: str, hit: set[Bin], may: set[Bin], others: int, why: str) -> None:
        """Bins of one kind: those hit, those that may occur, how many others, and why not."""
        surprises = (hit - may) | {bin for bin in hit if ASTRAY_EVENT in bin}
        self.surprises += [f"{what}: {name_of(bin)}" for bin in sorted(surprises)]
        may = may | hit
        self.bins += len(may)
        self.hit += len(hit)
        if others:
            self.explained[why] = self.explained.get(why, 0) + others
        self.missed += [f"{what}: {name_of(bin)}" for bin in sorted(may - hit)]


def coverage(model: Model, inputs: Inputs, seen: Seen, *, everything: bool) -> Coverage:
    """The coverage of stimuli.

    Args:
        seen: What the model says to them.
        everything: Whether the stimuli are all combinations of operands.
    """
    tally = _Tally()
    _operands(tally, model, inputs, everything)
    for name in model.fields.outputs:
        _results(tally, model, name, inputs, seen, everything)
    _crossed(tally, model, inputs, seen, everything)
    return Coverage(tally.bins, tally.hit, tally.explained, tally.missed, tally.surprises)


def _operands(tally: _Tally, model: Model, inputs: Inputs, everything: bool) -> None:
    """Each operand's classes, and those of operands that meet in one product."""
    formats = model.fields.inputs
    columns = {name: classify(format, inputs[name]) for name, format in formats.items()}
    paired = {"a", "b"} <= set(formats) and _meet(columns["a"], columns["b"])
    groups = [("a", "b")] if paired else []
    groups += [(name,) for name in formats if not (paired and name in ("a", "b"))]
    for names in groups:
        hit = bins_of([_lanes(columns[name], len(names) > 1) for name in names])
        may = set(product(*(existing(formats[name]) for name in names)))
        if everything:
            may = hit
        tally.add(" x ".join(names), hit, may, 0, "")


def _meet(a: np.ndarray, b: np.ndarray) -> bool:
    return a.ndim == 1 or b.ndim == 1 or a.shape == b.shape


def _lanes(column: np.ndarray, paired: bool) -> np.ndarray:
    return column[:, None] if paired and column.ndim == 1 else column


def _results(
    tally: _Tally, model: Model, name: str, inputs: Inputs, seen: Seen, everything: bool
) -> None:
    """The classes of one field of results, with what rounding did."""
    format = model.fields.outputs[name]
    hit = bins_of(seen.columns(name, format))
    rounded = seen.last_rounding(name, format)
    reaches = reach_of(model.name, model.unit.parameters)
    if rounded is not None:
        all_of_it = possible(format, rounded.projection, Reach())
        may = possible(format, rounded.projection, reaches)
        if rounded is seen.divided:
            # Beside a scale that is zero or special, elements are what the unit says they are.
            hit, may, all_of_it = (
                {bin for bin in bins if bin[-1] != SPECIAL_EVENT} for bins in (hit, may, all_of_it)
            )
    elif isinstance(format, IntegerFormat):
        all_of_it = exact_classes(format, None, None)
        may = exact_classes(format, reaches[-1].low, reaches[-1].high)
    else:
        all_of_it = {(index,) for index in existing(format)}
        never = unreachable(model.name, name, model.unit.parameters)
        may = {bin for bin in all_of_it if name_of(bin) not in never}
    tally.add(name, set(), set(), len(all_of_it - may), "arithmetic on the formats")
    blocks = largest_numbers(model.unit, name) if not everything else None
    if blocks is not None:
        found = bins_of(model(blocks).columns(name, format))
        tally.add(name, hit, found | hit, len(may - found), "all largest numbers tried")
    elif everything:
        found = set(hit)
        for each in random_ends(model.unit.parameters, inputs):
            found |= bins_of(model(each).columns(name, format))
        tally.add(name, hit, found & may, len(may - found), "all operands tried")
    else:
        tally.add(name, hit, may, 0, "")


def _crossed(tally: _Tally, model: Model, inputs: Inputs, seen: Seen, everything: bool) -> None:
    """Classes of the operands, of the result, and what rounding did, all together."""
    formats, outputs = model.fields.inputs, model.fields.outputs
    if model.name not in ELEMENTWISE or "p" not in outputs:
        return

    def cross(inputs: Inputs, seen: Seen) -> set[Bin]:
        wide = any(np.asarray(inputs[name]).ndim > 1 for name in formats)
        columns = [_lanes(classify(f, inputs[name]), wide) for name, f in formats.items()]
        return bins_of([*columns, *(_lanes(x, wide) for x in seen.columns("p", outputs["p"]))])

    hit = cross(inputs, seen)
    if everything:
        tried, why = random_ends(model.unit.parameters, inputs), "all operands tried"
    else:
        found = representatives(model.name, model.unit)
        if found is None:
            return
        tried, why = found, "all operands tried that round differently"
    may = set(hit) if everything else set()
    for each in tried:
        may |= cross(each, model(each))
    results = {bin[len(formats) :] for bin in may}
    others = len(results)
    for format in formats.values():
        others *= len(existing(format))
    what = " x ".join([*formats, "p"])
    tally.add(what, hit, may, others - len(may), why)


