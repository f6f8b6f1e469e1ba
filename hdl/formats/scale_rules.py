"""How a block's scale is chosen: names of the rules, for hardware and golden model.

Nothing is computed here but constants of formats. ``amax`` is the largest magnitude in a block, and
``top`` the largest finite element.
"""

from enum import StrEnum
from fractions import Fraction

from .blocks import BlockFormat
from .floats import FloatFormat
from .integers import IntegerFormat

__all__ = [
    "BlockSpecials",
    "RandomSource",
    "ScaleOverflow",
    "ScaleRule",
    "ScaleSource",
    "ZeroBlock",
    "check_block",
    "element_exponent",
    "element_top",
    "rule_of",
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

    @property
    def by_exponent(self) -> bool:
        """Whether the scale is a power of two that amax's exponent and one comparison decide."""
        return self not in (ScaleRule.NEAREST, ScaleRule.MAX_ABS)


class ScaleSource(StrEnum):
    """Where a block's scale comes from."""

    #: From the block itself.
    BLOCK = "block"
    #: Given with the block: the exponent of a tensor, of a channel, of a tile.
    GIVEN = "given"


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
    if specials is BlockSpecials.SCALE_NAN and not o.scale.has_nan:
        raise ValueError(
            f"The specials must be 'ignore' with scales in {o.scale}, which has no NaN, "
            f"not '{specials}'"
        )
