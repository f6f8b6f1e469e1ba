"""Streams of operands: uniform codes, Gaussian numbers, or what a real layer multiplies.

``uniform``
    Every finite number's code alike; other fields' bits alike. Scales of blocks are within four
    binades of one.
``gaussian``
    Normal numbers, in the format's own scale: three standard deviations are the largest number of
    integers and of floats up to 8 bits; the deviation of wider floats is 1. Blocks are quantized.
``digits``
    Pixels and weights of a layer that classifies digits, in the order of a matrix product; the
    largest of a tensor is the format's largest number.

The weights of ternary units are drawn alike, or quantized by the mean magnitude. Zero points are
constant but in uniform streams, modes are 0.
"""

from typing import Any

import numpy as np

from ...hdl.formats import BlockFormat, FloatFormat, NumberFormat
from ...hdl.unit import Unit
from ..compare import element
from ..golden.shift_add import ternary_dot
from . import digits
from .numbers import bits, block_codes, codes, finite, near_one, zero_code
from .tile import tile_of

__all__ = ["KINDS", "LONGEST", "check_kind", "check_operands", "operands", "period"]

KINDS = ("uniform", "gaussian", "digits")

LONGEST = 256
"""Beats of a sum at the most, in streams that are drawn."""

_SIGMAS = 3.0


def check_kind(kind: str) -> str:
    """The kind itself, if there is such a stream.

    Raises:
        ValueError: naming those there are.
    """
    if kind not in KINDS:
        raise ValueError(f"The operands must be one of {', '.join(KINDS)}, not '{kind}'")
    return kind


def check_operands(unit: Unit, kind: str) -> None:
    """Refuse what `operands` would, before any work.

    Raises:
        ValueError: as `operands`.
    """
    check_kind(kind)
    operands(unit, kind, 1, period(unit, kind), 0)


def period(unit: Unit, kind: str) -> int:
    """Beats of one transaction: a sum as long as the unit allows, or as the layer's are."""
    if "last" not in dict(unit.i.payload.shape()):
        return unit.beats_together
    if kind != "digits":
        return min(unit.beats, LONGEST)
    chunks = -(-digits.TERMS // tile_of(unit).lanes)
    return max(n for n in range(1, chunks + 1) if chunks % n == 0 and n <= unit.beats)


def operands(unit: Unit, kind: str, lanes: int, beats: int, seed: int) -> dict[str, np.ndarray]:
    """Codes of every input field for so many beats of each of ``lanes`` machines, one machine after
    the other.

    Raises:
        ValueError: if the kind is unknown, or the unit has fields that it says nothing of.
    """
    rng = np.random.default_rng(seed)
    fields = {name: element(spec.shape) for name, spec in unit.i.payload.shape()}
    count = lanes * beats
    place = np.arange(count) % beats % period(unit, kind)
    made: dict[str, np.ndarray] = {}
    if "last" in fields:
        made["first"] = (place == 0).astype(np.int64)
        made["last"] = (place == period(unit, kind) - 1).astype(np.int64)
    if check_kind(kind) == "uniform":
        return made | _uniform(rng, unit, fields, count)
    _expect_known(unit, kind, fields)
    numbers, peaks = _numbers(rng, unit, kind, lanes, beats, fields)
    for side, values in numbers.items():
        made |= _side(unit, side, values, peaks[side], fields)
    if "c" in fields:
        addends = rng.standard_normal(count) * np.sqrt(tile_of(unit).lanes)
        made["c"] = codes(addends, fields["c"][0], _SIGMAS)
    if "random" in fields:
        made["random"] = _words(rng, fields["random"], count)
    return made


def _words(
    rng: np.random.Generator, field: tuple[Any, int, int | None], count: int
) -> np.ndarray:
    _, width, elements = field
    return bits(rng, width, (count, elements) if elements else (count,))


def _uniform(
    rng: np.random.Generator,
    unit: Unit,
    fields: dict[str, tuple[Any, int, int | None]],
    count: int,
) -> dict[str, np.ndarray]:
    made: dict[str, np.ndarray] = {}
    for name, field in fields.items():
        format, _, elements = field
        shape = (count, elements) if elements else (count,)
        if name in ("first", "last"):
            continue
        if name == "mode":
            made[name] = np.zeros(shape, np.int64)
        elif name == "b" and _ternary(unit):
            weights = rng.integers(-1, 2, (count, unit.parameters.lanes))
            made[name] = ternary_dot.encode(weights, unit.parameters.code)
        elif name.endswith("_scale") and _block(unit, name[0]):
            made[name] = near_one(rng, format, shape)
        elif isinstance(format, NumberFormat):
            made[name] = finite(rng, format, shape)
        else:
            made[name] = _words(rng, field, count)
    return made


def _expect_known(
    unit: Unit, kind: str, fields: dict[str, tuple[Any, int, int | None]]
) -> None:
    for name, (format, _, _) in fields.items():
        side = name[0]
        known = name in ("first", "last", "random") or (
            (name in ("a", "b") and (isinstance(format, NumberFormat) or _ternary(unit)))
            or (name == "c" and isinstance(format, FloatFormat))
            or (name in ("a_scale", "b_scale") and _block(unit, side) is not None)
            or (name in ("a_zero", "b_zero") and side in fields)
        )
        if not known:
            raise ValueError(
                f"The operands must be uniform for a unit with the field '{name}', not '{kind}'"
            )


def _numbers(
    rng: np.random.Generator,
    unit: Unit,
    kind: str,
    lanes: int,
    beats: int,
    fields: dict[str, tuple[Any, int, int | None]],
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Real numbers of both sides, a beat in each row, and the largest ones."""
    sides = [side for side in ("a", "b") if side in fields]
    if kind == "digits":
        streams = digits.stream(tile_of(unit), lanes, beats)
        peaks = dict(zip("ab", (float(abs(x).max()) for x in digits.layer()), strict=True))
        return {side: streams[side] for side in sides}, peaks
    tile = tile_of(unit)
    wide = {"a": tile.rows * tile.lanes, "b": tile.columns * tile.lanes}
    drawn = {side: rng.standard_normal((lanes * beats, wide[side])) for side in sides}
    return drawn, dict.fromkeys(sides, _SIGMAS)


def _side(
    unit: Unit,
    side: str,
    numbers: np.ndarray,
    peak: float,
    fields: dict[str, tuple[Any, int, int | None]],
) -> dict[str, np.ndarray]:
    """The fields of one side: elements, scales and zero points."""
    format, _, elements = fields[side]
    block = _block(unit, side)
    made: dict[str, np.ndarray] = {}
    if block is not None:
        made[side], scales = block_codes(numbers, block, peak)
        made[f"{side}_scale"] = scales if fields[f"{side}_scale"][2] else scales[:, 0]
    elif side == "b" and _ternary(unit):
        weights, _ = ternary_dot.quantize(numbers)
        made[side] = ternary_dot.encode(weights, unit.parameters.code)
    else:
        made[side] = codes(numbers, format, peak)
    if f"{side}_zero" in fields:
        zero, _, zeros = fields[f"{side}_zero"]
        value = zero_code(zero, bool(np.any(numbers < 0)))
        made[f"{side}_zero"] = np.full((len(numbers), zeros) if zeros else len(numbers), value)
    if elements is None:
        made[side] = made[side][:, 0]
    return made


def _block(unit: Unit, side: str) -> BlockFormat | None:
    format = getattr(unit.parameters, side, None)
    return format if isinstance(format, BlockFormat) else None


def _ternary(unit: Unit) -> bool:
    from ...hdl.shift_add.ternary_dot import TernaryDot

    return isinstance(unit, TernaryDot)
