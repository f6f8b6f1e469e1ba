"""What a unit is tried on: everything where that is possible, else corners and seeded draws."""

from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib.data import ArrayLayout

from ...hdl.unit import Unit
from .aimed.ends import aim_ends
from .blocks.scales import block_stimuli, takes_blocks
from .blocks.sums import block_sums
from .directed import aim, bounds, pair_classes, strongest
from .draws import cross, draw, draw_lanes
from .every_operand import every_operand
from .orders import in_other_orders
from .roots.hard_cases import hard_roots
from .roots.quotients import near_ties_of_quotients
from .roots.squares import ties_of_squares
from .single_beats import single_beats
from .subnormal_ties import subnormal_ties
from .sums.carried_scales import carried_scales
from .sums.ends import ends_of_sums
from .sums.long import long_sums
from .sums.longest_work import longest_work
from .sums.repeated import repeated_beats
from .sums.targets import long_targets
from .tensors import near_powers, tensor_scales

__all__ = ["EXHAUSTIVE_BITS", "exhaustive_bits", "stimuli", "stimuli_options", "tries_everything"]

#: Up to this many operand bits every combination is tried by default.
EXHAUSTIVE_BITS = 16
#: Beyond this, not even on request.
MOST_EXHAUSTIVE_BITS = 24


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
        codes = every_operand(unit, bits, rng)
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
            result[name] = draw_lanes(rng, format, count)
        else:
            result[name] = draw(rng, format, (count,))
    if takes_blocks(unit.parameters):
        result = block_stimuli(rng, unit.parameters, result)
    if "tensor_scale" in fields:
        p = unit.parameters
        result["tensor_scale"] = tensor_scales(rng, p.a, p.o, result)
    crossed = cross(rng, fields, operands, result, count)
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
