"""What a unit is tried on: everything where that is possible, else corners and seeded draws."""

from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib.data import ArrayLayout

from ...hdl.formats import FloatFormat, IntegerFormat, NumberFormat
from ...hdl.unit import Unit
from .aimed_ends import aim_ends
from .block_sums import block_sums
from .blocks import block_stimuli, takes_blocks
from .carried_scales import carried_scales
from .classes import by_class
from .corners import corners
from .directed import aim, bounds, pair_classes, strongest
from .ends_of_sums import ends_of_sums
from .long_sums import long_sums
from .long_targets import long_targets
from .neighbours import neighbours
from .orders import in_other_orders
from .repeated_beats import repeated_beats
from .root_hard_cases import hard_roots
from .root_quotients import near_ties_of_quotients
from .root_squares import ties_of_squares
from .serial_longest import longest_work
from .single_beats import single_beats
from .subnormal_ties import subnormal_ties
from .tensors import near_powers, tensor_scales

__all__ = ["EXHAUSTIVE_BITS", "exhaustive_bits", "stimuli", "stimuli_options", "tries_everything"]

#: Up to this many operand bits every combination is tried by default.
EXHAUSTIVE_BITS = 16
#: Beyond this, not even on request.
MOST_EXHAUSTIVE_BITS = 24


def _legal(format: Any) -> tuple[int, int | None]:
    """Bits of a code, and the one code that must not occur, if any."""
    shape = Shape.cast(format)
    if isinstance(format, IntegerFormat) and format.narrow:
        return shape.width, 1 << (shape.width - 1)
    return shape.width, None


def _draw(rng: np.random.Generator, format: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Half uniform codes, half corners: any corner, or one of a class drawn first."""
    width, illegal = _legal(format)
    if width > 62:
        words = [
            rng.integers(0, 1 << 32, shape, dtype=np.int64).astype(object) << 32 * k
            for k in range(-(-width // 32))
        ]
        codes: np.ndarray = np.sum(words, axis=0) & ((1 << width) - 1)
    else:
        codes = rng.integers(0, 1 << width, shape, dtype=np.int64)
    if isinstance(format, NumberFormat):
        edge = corners(format)
        codes = np.where(rng.random(shape) < 0.5, codes, edge[rng.integers(0, len(edge), shape)])
        codes = np.where(rng.random(shape) < 0.25, _classwise(rng, format, shape), codes)
    if illegal is not None:
        codes = np.where(codes == illegal, illegal + 1, codes)
    return codes


def _classwise(
    rng: np.random.Generator, format: NumberFormat, shape: tuple[int, ...]
) -> np.ndarray:
    members = by_class(format)
    kind = rng.integers(0, len(members), shape)
    longest = max(len(codes) for codes in members)
    table = np.array([np.resize(codes, longest) for codes in members])
    return table[kind, rng.integers(0, longest, shape)]


def _fields(unit: Unit) -> dict[str, Any]:
    return {name: field.shape for name, field in unit.i.payload.shape()}


def exhaustive_bits(unit: Unit) -> int | None:
    """Bits of all operands together, random bits apart; None if a vector depends on others."""
    if not unit.stateless:
        return None
    return sum(Shape.cast(f).width for n, f in _fields(unit).items() if n != "random")


def tries_everything(unit: Unit, vectors: int | None) -> bool:
    """Whether so many vectors, None for as many as is usual, are all combinations of operands."""
    bits = exhaustive_bits(unit)
    return vectors is None and bits is not None and bits <= EXHAUSTIVE_BITS


def stimuli_options(vectors: int | None, everything: bool, seed: int) -> str:
    """The words of a command line that ask for the same stimuli, a space before each."""
    how_many = " --vectors all" if everything else f" --vectors {vectors}" if vectors else ""
    return f"{how_many} --seed {seed}"


def stimuli(
    unit: Unit, vectors: int | None = None, *, everything: bool = False, seed: int = 0
) -> tuple[dict[str, np.ndarray], str]:
    """Codes for every input field, and in words what they are.

    Args:
        vectors: how many; by default all combinations up to 16 operand bits, else 65,536.
        everything: all combinations, whatever the default.

    Raises:
        ValueError: if all combinations are asked for and they are too many.
    """
    rng = np.random.default_rng(seed)
    bits = exhaustive_bits(unit)
    if everything and (bits is None or bits > MOST_EXHAUSTIVE_BITS):
        what = "keeps a sum over many beats" if bits is None else f"has {bits} operand bits"
        raise ValueError(
            f"The vectors must be a number, not 'all': the unit {what}; "
            f"all combinations are tried up to {MOST_EXHAUSTIVE_BITS} bits"
        )
    if everything or tries_everything(unit, vectors):
        assert bits is not None
        codes = _everything(unit, bits, rng)
        legal = len(next(iter(codes.values())))
        words = f"all {legal:,} operand combinations"
        if "random" in codes:
            words = f"all {legal // 3:,} operand combinations, each with 3 random words"
        if unit.latency:
            codes, times = in_other_orders(rng, _fields(unit), codes)
            words += f", in {times} orders" if times > 1 else ", corners again"
        return codes, words
    together = unit.beats_together
    count = -(-(vectors or 1 << 16) // together) * together
    fields = _fields(unit)
    operands = [n for n in fields if n not in ("random", "first", "last")]
    result = {}
    for name, format in fields.items():
        if isinstance(format, ArrayLayout):
            result[name] = _lanes(rng, format, count)
        else:
            result[name] = _draw(rng, format, (count,))
    if takes_blocks(unit.parameters):
        result = block_stimuli(rng, unit.parameters, result)
    if "tensor_scale" in fields:
        p = unit.parameters
        result["tensor_scale"] = tensor_scales(rng, p.a, p.o, result)
    crossed = _cross(rng, fields, operands, result, count)
    aimed = aim(rng, unit, operands, result, crossed)
    if "last" in fields:
        result |= bounds(rng, unit, result, aimed)
    elif together == 1:
        strongest(rng, unit, result, aimed + crossed)
    paired = pair_classes(rng, unit, result, aimed)
    words = f"{crossed:,} corner pairs, " if crossed else ""
    aimed += aim_ends(rng, unit, result)
    alone = single_beats(rng, unit, result)
    long = long_sums(rng, unit, result) + repeated_beats(rng, unit, result)
    aimed += ends_of_sums(rng, unit, result)
    aimed += near_powers(rng, unit, result)
    long += long_targets(rng, unit, result)
    aimed += near_ties_of_quotients(rng, unit, result)
    aimed += block_sums(rng, unit, result)
    aimed += hard_roots(rng, unit, result)
    aimed += ties_of_squares(rng, unit, result)
    aimed += subnormal_ties(rng, unit, result)
    aimed += carried_scales(rng, unit, result)
    long += longest_work(unit, result)
    words += f"{aimed:,} aimed at roundings, " if aimed else ""
    words += f"{paired:,} pairs of classes, " if paired else ""
    words += f"{alone:,} single beats of rare codes, " if alone else ""
    words += f"{long:,} beats of long sums, " if long else ""
    draws = count - crossed - aimed - paired - alone - long
    return result, f"{words}{draws:,} draws of corners and uniform codes"


def _everything(unit: Unit, bits: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    index = np.arange(1 << bits, dtype=np.int64)
    if "random" in _fields(unit):
        # Each with the least random word, with the greatest, and with one of those between.
        index = np.tile(index, 3)
    result = {}
    keep = np.ones(len(index), bool)
    for name, format in _fields(unit).items():
        if name == "random":
            lanes = (format.length,) if isinstance(format, ArrayLayout) else ()
            element = format.elem_shape if isinstance(format, ArrayLayout) else format
            most = (1 << Shape.cast(element).width) - 1
            words = rng.integers(0, most + 1, (len(index), *lanes))
            third = len(index) // 3
            words[:third], words[third : 2 * third] = 0, most
            result[name] = words
            continue
        elements = format.length if isinstance(format, ArrayLayout) else 1
        element = format.elem_shape if isinstance(format, ArrayLayout) else format
        width, illegal = _legal(element)
        columns = []
        for _ in range(elements):
            columns.append(index & ((1 << width) - 1))
            index = index >> width
            if illegal is not None:
                keep &= columns[-1] != illegal
        result[name] = np.stack(columns, axis=1) if isinstance(format, ArrayLayout) else columns[0]
    return {name: codes[keep] for name, codes in result.items()}


def _lanes(rng: np.random.Generator, format: ArrayLayout, count: int) -> np.ndarray:
    """Vectors of three kinds: any element anywhere, mostly zeros, one number in all lanes."""
    codes = _draw(rng, format.elem_shape, (count, format.length))
    zero = np.zeros_like(codes)
    if isinstance(format.elem_shape, FloatFormat) and not format.elem_shape.zero:
        zero = zero + format.elem_shape.bias
    kind = rng.integers(0, 4, (count, 1))
    sparse = np.where(rng.random(codes.shape) < 2 / format.length, codes, zero)
    # Specials would hide nearly every sum of many lanes: most vectors have finite elements only.
    finite = _finite(rng, format.elem_shape, codes)
    if isinstance(format.elem_shape, FloatFormat) and format.elem_shape.exponent_width > 4:
        near = neighbours(rng, format.elem_shape, codes.shape)
        finite = np.where(rng.random((count, 1)) < 0.75, near, finite)
    alike = np.broadcast_to(finite[:, :1], codes.shape)
    return np.select([kind == 0, kind == 1, kind == 2], [codes, sparse, alike], finite)


def _finite(rng: np.random.Generator, format: Any, codes: np.ndarray) -> np.ndarray:
    if not isinstance(format, FloatFormat):
        return codes
    decoded = format.decode(codes)
    draw = rng.integers(0, format.max_magnitude + 1, codes.shape)
    return np.where(decoded.nan | decoded.infinite, draw, codes)


def _cross(
    rng: np.random.Generator,
    fields: dict[str, Any],
    operands: list[str],
    result: dict[str, np.ndarray],
    count: int,
) -> int:
    """Every pairing of corners, written over the first draws where they fit; how many."""
    if len(operands) not in (1, 2) or not all(
        isinstance(fields[n], NumberFormat) for n in operands
    ):
        return 0
    sides = [corners(fields[n]) for n in operands]
    if np.prod([len(side) for side in sides]) > count // 2:
        # Then at least every pairing of classes, with numbers drawn from each.
        sides = [_of_each_class(rng, fields[n]) for n in operands]
    grids = np.meshgrid(*sides, indexing="ij")
    if grids[0].size > count:
        return 0
    for name, grid in zip(operands, grids, strict=True):
        result[name][: grid.size] = grid.ravel()
    return grids[0].size


def _of_each_class(rng: np.random.Generator, format: NumberFormat) -> np.ndarray:
    """Two numbers of each class, or the only one."""
    found = []
    for members in by_class(format):
        found += rng.choice(members, min(2, len(members)), replace=False).tolist()
    return np.array(found)
