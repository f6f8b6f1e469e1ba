"""How a block's scale is chosen: names of the rules, for hardware and golden model.

Nothing is computed here but constants of formats. ``amax`` is the largest magnitude in a block, and
``top`` the largest finite element.
"""

from dataclasses import fields
from enum import StrEnum
from fractions import Fraction
from typing import Any

from .blocks import BlockFormat
from .floats import FloatFormat
from .integers import IntegerFormat
from .projection import Projection

__all__ = [
    "BlockSpecials",
    "RandomSource",
    "ScaleOverflow",
    "ScaleRule",
    "ScaleSource",
    "Scaler",
    "ZeroBlock",
    "check_block",
    "check_te",
    "element_exponent",
    "element_top",
    "rule_of",
    "spread_constant",
]


class ScaleRule(StrEnum):
    """Which scale a block gets."""

    #: ``floor`` where scales are powers of two, else ``nearest``.
    AUTO = "auto"
    #: ``2**(floor(log2(amax)) - floor(log2(top)))``; the largest elements may saturate (OCP MX
    #: v1.0, 6.3; block floating point).
    FLOOR = "floor"
    #: ``2**(ceil(log2(amax)) - floor(log2(top)))``.
    CEIL = "ceil"
    #: ``2**ceil(log2(amax / top))``: the smallest power of two that saturates nothing.
    RCEIL = "rceil"
    #: As ``floor``, of amax rounded to the element's precision, ties up.
    EVEN = "even"
    #: The scale of ``floor``, and elements times 3/4, which saturates nothing that ``floor`` does
    #: with E2M1 (Quartet's backward pass); products of two such blocks are to be multiplied by
    #: 16/9.
    THREE_QUARTERS = "three_quarters"
    #: ``amax / top`` to nearest, ties to even (NVFP4, integers).
    NEAREST = "nearest"
    #: ``amax`` itself to nearest, ties to even: elements end between -1 and 1 (IEEE P3109's
    #: ConvertToBlockMaxAbsFinite).
    MAX_ABS = "max_abs"

    #: ``2**floor(log2(c * sd))`` with the standard deviation ``sd`` of the block's numbers and
    #: ``c = 2.92247856 / 6``, which makes the least error of Gaussian numbers in E2M1 (QuEST,
    #: Quartet's forward pass). The numbers count with as many bits as the unit's ``spread_bits``
    #: says, from the leading one of the largest down; numbers that are all equal then are a block
    #: of zeros to this rule, where the published one adds 1e-8 to ``c * sd``.
    QUEST = "quest"
    #: The same with the logarithm to nearest, which has less error.
    QUEST_NEAREST = "quest_nearest"

    @property
    def by_exponent(self) -> bool:
        """Whether the scale is a power of two that amax's exponent and one comparison decide."""
        return not (self.by_spread or self in (ScaleRule.NEAREST, ScaleRule.MAX_ABS))

    @property
    def by_spread(self) -> bool:
        """Whether the scale is a power of two that the standard deviation decides."""
        return self in (ScaleRule.QUEST, ScaleRule.QUEST_NEAREST)


class ScaleSource(StrEnum):
    """Where a block's scale comes from."""

    #: From the block itself.
    BLOCK = "block"
    #: Given with the block: the exponent of a tensor, of a channel, of a tile.
    GIVEN = "given"


class Scaler(StrEnum):
    """How often a block is rounded on the way to its scale and its elements."""

    #: Once each: the scale from amax, the elements from the exact quotients.
    EXACT = "exact"
    #: As TransformerEngine does NVFP4, by a sequence of binary32 operations that begins with the
    #: tensor's scale, an input.
    TE = "te"


class BlockSpecials(StrEnum):
    """What NaN and infinities do to their block."""

    #: The scale is NaN and all element codes are 0.
    SCALE_NAN = "scale_nan"
    #: The scale is that of the finite elements; the others are projected alone.
    IGNORE = "ignore"


class ScaleOverflow(StrEnum):
    """What a scale beyond the largest becomes."""

    #: The largest scale.
    SAT = "sat"
    #: Infinity where the format has it, else NaN, else the largest scale.
    INF_OR_NAN = "inf_or_nan"


class ZeroBlock(StrEnum):
    """The scale of a block without a nonzero element."""

    #: The least scale: zero where the format has it.
    LEAST = "least"
    #: One.
    ONE = "one"


class RandomSource(StrEnum):
    """Where the random bits of stochastic rounding come from."""

    #: An input.
    INPUT = "input"
    #: In the unit, one generator for every 32 bits a beat: G. Marsaglia's xorshift with shifts
    #: 13, 17 and 5 (J. Stat. Software 8 (14), 2003).
    XORSHIFT = "xorshift"
    #: The same with a shift register fed back from bits 32, 22, 2 and 1 (P. Alfke, Xilinx
    #: application note 52, 1996), which moves 32 places a beat.
    LFSR = "lfsr"


def rule_of(block: BlockFormat, rule: ScaleRule) -> ScaleRule:
    """The rule that ``auto`` stands for; any other is itself."""
    if rule is not ScaleRule.AUTO:
        return rule
    return ScaleRule.FLOOR if block.power_of_two_scale else ScaleRule.NEAREST


def element_top(block: BlockFormat) -> Fraction:
    """The largest finite element."""
    return block.element.max_integer * Fraction(2) ** block.element.lsb_exponent


def element_exponent(block: BlockFormat) -> int:
    """``floor(log2(top))``."""
    return block.element.max_integer.bit_length() - 1 + block.element.lsb_exponent


def spread_constant(rule: ScaleRule) -> Fraction:
    """The square of what a standard deviation is multiplied by to give a scale, before it is taken
    down to a power of two: to nearest is down from the square root of two times as much."""
    square = (Fraction("2.92247856") / 6) ** 2
    return square * 2 if rule is ScaleRule.QUEST_NEAREST else square


def check_block(
    a: FloatFormat,
    o: BlockFormat,
    rule: ScaleRule,
    specials: BlockSpecials,
) -> None:
    """Refuse what cannot be quantized.

    Raises:
        ValueError: saying which parameter must be how.
    """
    if str(a.specials) != "ieee" or not a.signed or not a.zero or not a.has_nan:
        raise ValueError(
            f"The numbers to quantize must be in an IEEE format such as fp32 or bf16, not '{a}'"
        )
    if o.zero_point:
        raise ValueError(f"The block format must be without zero points, not '{o}'")
    if isinstance(o.element, IntegerFormat) and not o.element.signed:
        raise ValueError(f"The elements must be signed, as the numbers are, not '{o.element}'")
    if isinstance(o.element, FloatFormat) and not (o.element.signed and o.element.zero):
        raise ValueError(f"The elements must be signed, as the numbers are, not '{o.element}'")
    if not isinstance(o.scale, FloatFormat):
        raise ValueError(f"The scale must be in a float format, not '{o.scale}'")
    if rule_of(o, rule).by_exponent and not o.power_of_two_scale:
        raise ValueError(
            f"The scale rule must be 'nearest' or 'max_abs' with scales in {o.scale}, which are "
            f"more than powers of two, not '{rule}'"
        )
    if rule.by_spread and not (
        o.power_of_two_scale and str(o.element) == "e2m1fn" and specials is BlockSpecials.SCALE_NAN
    ):
        raise ValueError(
            f"The scale rule must not be '{rule}', which is for e2m1fn elements, scales that are "
            f"powers of two and specials 'scale_nan', with '{o}' and specials '{specials}'"
        )
    if specials is BlockSpecials.SCALE_NAN and not o.scale.has_nan:
        raise ValueError(
            f"The specials must be 'ignore' with scales in {o.scale}, which has no NaN, "
            f"not '{specials}'"
        )


def check_te(
    a: FloatFormat,
    o: BlockFormat,
    rule: ScaleRule,
    scale: ScaleSource,
    specials: BlockSpecials,
    zero_block: ZeroBlock,
    multiplied: bool,
    projection: Projection,
) -> None:
    """Refuse what TransformerEngine's order of operations says nothing about.

    Raises:
        ValueError: saying which parameter must be how.
    """
    if (str(o.element), str(o.scale)) != ("e2m1fn", "ue4m3"):
        raise ValueError(
            f"The block format must have e2m1fn elements and ue4m3 scales with scaler 'te', "
            f"as nvfp4 has, not '{o}'"
        )
    top = a.max_integer.bit_length() + a.lsb_exponent
    if a.precision > 24 or a.lsb_exponent < -149 or top > 128:
        raise ValueError(f"The numbers must be those of binary32 with scaler 'te', not '{a}'")
    choices: list[tuple[str, Any, tuple[Any, ...]]] = [
        ("scale rule", rule, (ScaleRule.NEAREST, ScaleRule.AUTO)),
        ("scale", scale, (ScaleSource.BLOCK,)),
        ("specials", specials, (BlockSpecials.SCALE_NAN,)),
        ("scale of a block of zeros", zero_block, (ZeroBlock.LEAST,)),
        ("multiplication by a power of two", multiplied, (False,)),
    ]
    for field in fields(Projection):
        if field.name != "neg_zero":
            choices.append((field.name, getattr(projection, field.name), (field.default,)))
    for what, value, allowed in choices:
        if value not in allowed:
            raise ValueError(f"The {what} must be '{allowed[0]}' with scaler 'te', not '{value}'")
