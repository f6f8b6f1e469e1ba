"""Switched capacitance of an operation of a unit, and how much that is beside an int8 MAC's."""

import functools
import inspect
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...gen import yosys
from ...gen.cost import flow, gates
from ...gen.cost.cells import CELLS, FLIP_FLOPS
from ...gen.cost.liberty_text import liberty_digest
from ...gen.cost.netlist import read_netlist
from ...gen.generate import Generated, generate
from ...gen.guard import passing_folder
from ..bench import cache
from ..verify import golden
from .activity import Activity, WrongNetlistError, run
from .costed import CLOCK, CostedNetlist, Part, costed
from .operands import check_kind, operands, period
from .tile import tile_of

__all__ = ["BASELINE", "UNIT", "Energy", "Stream", "WrongNetlistError", "energy", "netlists"]

BASELINE = ("carry-save-mac", {"accumulation": "plain", "width": "32"})
"""What all is compared with: int8 times int8, added to a sum of 32 bits, a product a cycle."""

UNIT = "gate columns, unit inverter = 1"

NOT_COUNTED = "glitches, wires, the clock's tree and leakage are not counted"

LANES = 64
BEATS = 64
"""Pieces of the stream side by side, and beats of each at the least."""

# Where data decide how long a beat takes, the fastest machine may take so many times more of them.
_LONGER = 4


@dataclass(frozen=True)
class Energy:
    """What was measured.

    Attributes:
        unit, parameters: The unit.
        operands: ``uniform``, ``gaussian`` or ``digits``.
        seed: Of operands that are drawn.
        sum_beats: Beats of each sum, or of what else makes one transaction.
        per: What an operation is: a ``product`` with its addition, of units with operands ``a`` and
            ``b``, else a ``result``.
        operations: How many were counted.
        cycles: In how many clock cycles.
        compared: Results that were the golden model's; any other is an error.
        units: Of the figures.
        not_counted: What they leave out.
        recipes: By recipe: columns switched an ``operation``; how much of that is driven by
            ``inputs``, ``logic`` and ``registers``, or is the ``clock`` in the registers; and the
            whole ``relative`` to the baseline's on operands of the same kind.
        baseline: Its unit, parameters, and columns switched a product by each recipe.
    """

    unit: str
    parameters: dict[str, str]
    operands: str
    seed: int
    sum_beats: int
    per: str
    operations: int
    cycles: int
    compared: int
    units: str
    not_counted: str
    recipes: dict[str, dict[str, float]]
    baseline: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def energy(
    generated: Generated, kind: str = "uniform", *, seed: int = 0, backend: str | None = None
) -> Energy:
    """Measure a unit by both recipes.

    Args:
        kind: Of the operands: ``uniform``, ``gaussian`` or ``digits``.
        seed: Of the draws; the digits are always the same.
        backend: As for `Evaluator`.

    Raises:
        ValueError: if there are no such operands, for this unit or at all.
        YosysError: if Yosys fails.
        WrongNetlistError: if the netlist does not compute what the golden model says.
    """
    check_kind(kind)
    stream = Stream(generated, kind, seed)  # what it cannot be is better known at once
    name, texts = BASELINE
    reference = {
        recipe: sum(row.values()) for recipe, row in _baseline(kind, seed, backend).items()
    }
    recipes: dict[str, dict[str, float]] = {}
    activity: Activity | None = None
    for recipe, netlist in netlists(generated).items():
        activity = stream.run(netlist, backend)
        row = stream.parts(netlist, activity)
        whole = sum(row.values())
        recipes[recipe] = {
            "operation": round(whole, 3),
            **{part: round(value, 3) for part, value in row.items()},
            "relative": round(whole / reference[recipe], 4),
        }
    assert activity is not None
    return Energy(
        unit=generated.name,
        parameters=generated.parameters,
        operands=kind,
        seed=seed,
        sum_beats=stream.period,
        per=stream.per,
        operations=stream.operations(activity),
        cycles=activity.cycles,
        compared=activity.compared,
        units=UNIT,
        not_counted=NOT_COUNTED,
        recipes=recipes,
        baseline={
            "unit": name,
            "parameters": dict(texts),
            "recipes": {recipe: round(value, 3) for recipe, value in reference.items()},
        },
    )


class Stream:
    """Operands for a unit, and the answers to them.

    Attributes:
        period: Beats of one transaction.
        per: ``product`` or ``result``, see `Energy`.
        inputs: Codes of each input field, one machine after the other.
        want: What the golden model says to them.
    """

    def __init__(self, generated: Generated, kind: str, seed: int) -> None:
        unit = self._unit = generated.unit
        self.period = period(unit, kind)
        fields = dict(unit.i.payload.shape())
        self.per = "product" if {"a", "b"} <= fields.keys() else "result"
        self._products = tile_of(unit).products if self.per == "product" else 0
        self._beats = -(-BEATS // self.period) * self.period
        self._warm = unit.latency + 2 * unit.interval + 1
        taken = self._beats * (1 if unit.fixed_interval else _LONGER) + self._warm + 1
        self.inputs = operands(unit, kind, LANES, -(-taken // self.period) * self.period, seed)
        self.want = golden(generated.name, unit, self.inputs)

    def run(self, netlist: CostedNetlist, backend: str | None) -> Activity:
        return run(
            netlist.netlist,
            self._unit,
            self.inputs,
            self.want,
            LANES,
            self._warm,
            self._beats,
            backend=backend,
        )

    def operations(self, activity: Activity) -> int:
        return activity.beats * self._products if self._products else activity.results

    def parts(self, netlist: CostedNetlist, activity: Activity) -> dict[str, float]:
        """Columns switched an operation, by what drives them."""
        operations = self.operations(activity)
        if not operations:
            raise WrongNetlistError(f"{netlist.netlist.name} did nothing while it was watched")
        switched = activity.toggles * netlist.capacitance
        parts = {
            part.name.lower(): float(switched[netlist.part == part].sum()) for part in Part
        }
        parts["clock"] = activity.cycles * netlist.netlist.registers * CLOCK
        return {part: value / operations for part, value in parts.items()}


@functools.cache
def _baseline(kind: str, seed: int, backend: str | None) -> Mapping[str, Mapping[str, float]]:
    made = generate(BASELINE[0], dict(BASELINE[1]))
    stream = Stream(made, kind, seed)
    return {
        recipe: stream.parts(netlist, stream.run(netlist, backend))
        for recipe, netlist in netlists(made).items()
    }


def netlists(generated: Generated) -> dict[str, CostedNetlist]:
    """What each recipe maps the unit to; what one Yosys made once is kept on disk."""
    made_by = [inspect.getsource(gates), inspect.getsource(flow), liberty_digest()]
    version = _version(*yosys.command())
    name = cache.digest([version, *made_by, generated.top, generated.rtlil])
    with passing_folder("bitwright-costed-") as folder:
        kept = folder / "costed.json"
        texts: dict[str, str] | None = None
        if cache.get("costed", name, kept):
            texts = _read(kept.read_text())
        if texts is None:
            texts = gates.map_gates(generated.rtlil, generated.top)
            kept.write_text(json.dumps(texts))
            cache.put("costed", name, kept)
    known = {*CELLS, *FLIP_FLOPS}
    return {
        recipe: costed(read_netlist(text, generated.top, known), generated.top)
        for recipe, text in texts.items()
    }


@functools.cache
def _version(*command: str) -> str:
    """Of the Yosys that is used, asked once."""
    return yosys.version()


def _read(text: str) -> dict[str, str] | None:
    """What was kept, unless it is spoilt."""
    try:
        texts = json.loads(text)
    except json.JSONDecodeError:
        return None
    return texts if isinstance(texts, dict) and set(texts) == set(flow.RECIPES) else None
