"""What a dot product of blocks computes: its semantics, and the published units it can repeat.

Nothing is computed here but the choices that hardware and golden model share. ``aligned`` follows
the text and the released source of MMA-Sim (P. Xie et al., "MMA-Sim", Microsoft Research 2025):
fused sums whose terms are cut to F fraction bits below the largest exponent.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from .base import NumberFormat
from .blocks import BlockFormat
from .floats import FloatFormat
from .names import float_format
from .projection import Overflow, Projection, Rounding

__all__ = [
    "FLOOR_EXPONENT",
    "Alignment",
    "DotPreset",
    "DotSemantics",
    "Run",
    "alignment",
    "check_dot",
    "lanes_of",
    "runs_of",
]

#: A term that is zero counts with FP32's least exponent, as MMA-Sim has it; an absent addend, too.
FLOOR_EXPONENT = -126

_MOST_LANES = 1024
_MOST_FRACTION = 64


class DotSemantics(StrEnum):
    """What becomes of the bits of a sum."""

    #: The exact sum, rounded once (IEEE P3109 interim report v4.0, BlockDotProduct).
    EXACT = "exact"
    #: Terms cut to F fraction bits below the largest exponent, then summed exactly.
    ALIGNED = "aligned"
    #: A chain of fused multiply-adds, each rounded, in the order of the elements.
    SEQUENTIAL = "sequential"


class DotPreset(StrEnum):
    """A published unit. All but ``mxdotp`` are of aligned semantics."""

    NONE = "none"
    #: Volta's FP16: fused sums of 4 products, F = 23.
    VOLTA = "volta"
    #: Turing's FP16: 8 products, F = 24.
    TURING = "turing"
    #: Ampere's FP16, BF16 (8 products) and TF32 (4), and Ada Lovelace's: F = 24.
    AMPERE = "ampere"
    #: Ada Lovelace's FP8: 16 products, F = 13, 13 mantissa bits in an FP32 word.
    ADA_FP8 = "ada_fp8"
    #: Hopper's FP16, BF16 (16 products), TF32 (8) and, as mma, FP8 (32): F = 25.
    HOPPER = "hopper"
    #: Hopper's FP8 as wgmma: 32 products, F = 13, 13 mantissa bits in an FP32 word.
    HOPPER_FP8 = "hopper_fp8"
    #: Blackwell's as Hopper's, and FP8, FP6 and FP4 with E8M0 scales (32 products): F = 25.
    BLACKWELL = "blackwell"
    #: Blackwell's FP4 with E8M0 or UE4M3 scales: 64 products, exact in groups of 16, F = 35.
    BLACKWELL_FP4 = "blackwell_fp4"
    #: MXDOTP (G. Islamoglu et al., ASAP 2025): 8 products and an FP32 addend. Its released RTL
    #: rounds the exact sum once, to nearest even, so it is a preset of exact semantics.
    MXDOTP = "mxdotp"


@dataclass(frozen=True)
class _Published:
    """A tensor core's fused sum: F, the operand bytes or products it takes, and its operands."""

    fraction: int
    octets: int
    elements: tuple[str, ...]
    mantissa: int = 23
    group: int = 1
    scales: tuple[str, ...] = ("e8m0fnu",)


_HALF, _FP8 = ("fp16", "bf16", "tf32"), ("e4m3fn", "e5m2")
_NARROW = ("e3m2fn", "e2m3fn", "e2m1fn")
_PUBLISHED = {
    DotPreset.VOLTA: _Published(23, 8, ("fp16",)),
    DotPreset.TURING: _Published(24, 16, ("fp16",)),
    DotPreset.AMPERE: _Published(24, 16, _HALF),
    DotPreset.ADA_FP8: _Published(13, 16, _FP8, mantissa=13),
    DotPreset.HOPPER: _Published(25, 32, (*_HALF, *_FP8)),
    DotPreset.HOPPER_FP8: _Published(13, 32, _FP8, mantissa=13),
    DotPreset.BLACKWELL: _Published(25, 32, (*_HALF, *_FP8, *_NARROW)),
    DotPreset.BLACKWELL_FP4: _Published(
        35, 64, ("e2m1fn",), group=16, scales=("e8m0fnu", "ue4m3")
    ),
}


class _ToNearest(Projection):
    """IEEE 754's default, with the tensor cores' NaN: all its bits are set."""

    def nan_code(self, target: FloatFormat) -> int:
        return target.magnitude_mask


class _Truncation(_ToNearest):
    """Toward zero, but beyond the largest number to infinity."""

    def overflow_magnitude(self, target: FloatFormat, negative: bool) -> int | None:
        return target.infinity_magnitude


@dataclass(frozen=True)
class Alignment:
    """The choices of an aligned sum.

    Parameters
    ----------
    fraction
        F: bits kept below the largest exponent's unit.
    products
        The most products of one fused sum; longer vectors are summed in order, each sum the next
        one's addend. None for one sum of them all.
    group
        Products that are summed exactly before they are aligned, as one term; 0 for all that share
        their scales.
    result
        Format in which a fused sum leaves.
    projection
        How it is rounded.
    """

    fraction: int
    products: int | None
    group: int
    result: FloatFormat
    projection: Projection


@dataclass(frozen=True)
class Run:
    """Lanes next to each other that share their scales: those of block ``a`` and of block ``b``."""

    start: int
    stop: int
    a: int
    b: int


def lanes_of(a: BlockFormat, b: BlockFormat, blocks: int) -> int:
    """Element pairs of so many blocks; of the larger ones, where their sizes differ."""
    return blocks * max(a.size, b.size)


def runs_of(p: Any, *, step: int = 0, start: int = 0, stop: int | None = None) -> list[Run]:
    """The lanes of a beat in runs that share both scales, and are no longer than ``step``.

    Args:
        p: the unit's parameters.
        start, stop: the lanes of one fused sum.
    """
    stop = lanes_of(p.a, p.b, p.blocks) if stop is None else stop
    sizes = [p.a.size, p.b.size, *([step] if step else [])]
    cuts = sorted({start, stop, *(cut for n in sizes for cut in range(0, stop, n) if cut > start)})
    return [Run(low, high, low // p.a.size, low // p.b.size) for low, high in pairwise(cuts)]


def _per_sum(preset: _Published, element: NumberFormat) -> int:
    """Products of a fused sum: elements are stored in 1, 2 or 4 bytes (FP4 pairs count one)."""
    if preset.group > 1:
        return preset.octets
    octets = 1 if element.width <= 8 else 2 if element.width <= 16 else 4
    return preset.octets // octets


def _by_exponent(block: BlockFormat) -> bool:
    """Whether each product has an exponent of its own, to which the scale only adds."""
    return isinstance(block.element, FloatFormat) and block.power_of_two_scale


def alignment(p: Any) -> Alignment:
    """How an aligned sum with these parameters is made."""
    if p.preset is DotPreset.NONE:
        group = 1 if _by_exponent(p.a) and _by_exponent(p.b) else 0
        return Alignment(p.fraction, None, group, p.o, p.projection)
    preset = _PUBLISHED[p.preset]
    count = _per_sum(preset, p.a.element)
    if p.o == float_format("fp16"):
        projection = _ToNearest(overflow=Overflow.INF_OR_NAN)
        return Alignment(preset.fraction, count, preset.group, p.o, projection)
    result = FloatFormat(8, preset.mantissa, 127)
    projection = _Truncation(rounding=Rounding.RTZ, overflow=Overflow.INF_OR_NAN)
    return Alignment(preset.fraction, count, preset.group, result, projection)


def _named(names: Any) -> str:
    names = [f"'{name}'" for name in names]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def check_dot(p: Any) -> None:
    """Refuse parameters of a block dot product that contradict each other.

    Raises:
        ValueError: saying which parameter must be what, and why.
    """
    for one, other in ((p.a, p.b), (p.b, p.a)):
        if one.size >= other.size and one.size % other.size:
            raise ValueError(
                f"One block size must divide the other, not be {one.size} and {other.size}"
            )
    if lanes_of(p.a, p.b, p.blocks) > _MOST_LANES:
        raise ValueError(
            f"The lanes of {p.blocks} blocks must be at most {_MOST_LANES}, "
            f"not {lanes_of(p.a, p.b, p.blocks)}"
        )
    aligned = p.semantics is DotSemantics.ALIGNED
    if p.preset is not DotPreset.NONE:
        _check_preset(p)
    if p.fraction != -1 and (not aligned or p.preset is not DotPreset.NONE):
        why = "which cut nothing" if not aligned else f"as '{p.preset}' sets it"
        where = f"{p.semantics} semantics, {why}" if not aligned else f"a preset, {why}"
        raise ValueError(f"The fraction bits must be left out with {where}, not {p.fraction}")
    if aligned and p.preset is DotPreset.NONE and not 1 <= p.fraction <= _MOST_FRACTION:
        raise ValueError(
            f"The fraction bits of aligned semantics must be from 1 to {_MOST_FRACTION}, "
            f"not {p.fraction}"
        )
    if p.semantics is DotSemantics.EXACT:
        return
    if not isinstance(p.o, FloatFormat):
        raise ValueError(
            f"The result of {p.semantics} semantics must be a float format, not "
            f"'{'exact' if p.o is None else p.o}'"
        )
    if p.semantics is DotSemantics.SEQUENTIAL:
        if p.projection.rounding.stochastic:
            raise ValueError(
                "The rounding of sequential semantics must not be stochastic, as "
                f"'{p.projection.rounding}' is: every element would need random bits"
            )
        if not (p.o.signed and p.o.zero):
            raise ValueError(
                f"The result of sequential semantics must be signed and have a zero, not be {p.o}"
            )
        if p.projection.ftz_out:
            raise ValueError("Sequential semantics must keep subnormal results, not flush them")


def _check_preset(p: Any) -> None:
    """Whether operands, addend, result and rounding are those of a published unit."""

    def must(condition: bool, what: str, right: str, value: Any) -> None:
        if not condition:
            raise ValueError(f"The {what} of preset '{p.preset}' must be {right}, not '{value}'")

    exact = p.preset is DotPreset.MXDOTP
    semantics = DotSemantics.EXACT if exact else DotSemantics.ALIGNED
    must(p.semantics is semantics, "semantics", f"'{semantics}'", p.semantics)
    fp32, fp16 = float_format("fp32"), float_format("fp16")
    published = (
        _Published(0, 8, (*_FP8, *_NARROW, "mxint8")) if exact else _PUBLISHED[p.preset]
    )
    for side in (p.a, p.b):
        must(side.element.name in published.elements, "elements", _named(published.elements),
             side.element)  # fmt: skip
        must(side.scale.name in published.scales, "scales", _named(published.scales), side.scale)
        must(not side.zero_point, "blocks", "without zero points", side)
    if exact:
        lanes = lanes_of(p.a, p.b, p.blocks)
        must(p.blocks == 1 and lanes == 8, "element pairs", "8 of one block", lanes)
        must(p.c == fp32, "addend", "'fp32'", p.c)
        must(p.o == fp32, "result", "'fp32'", p.o)
        must(p.projection == Projection(overflow=Overflow.INF_OR_NAN), "projection",
             "rounding 'rne' and overflow 'inf_or_nan' alone", p.projection.overflow)  # fmt: skip
        return
    if published.group > 1:
        for side in (p.a, p.b):
            must(side.size % published.group == 0, "block sizes",
                 f"multiples of {published.group}", side.size)  # fmt: skip
    must(p.o in (fp32, fp16), "result", "'fp32' or 'fp16'", "exact" if p.o is None else p.o)
    must(p.o == fp32 or p.preset is not DotPreset.BLACKWELL_FP4, "result", "'fp32'", p.o)
    must(p.c is None or p.c == p.o, "addend", f"'{p.o}', as its result", p.c)
    right = "left out, as it sets it"
    must(p.projection == Projection(), "projection", right, p.projection.rounding)
