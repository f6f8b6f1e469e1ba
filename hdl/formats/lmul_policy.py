"""L-Mul's choices and constants, shared by hardware and golden model.

The L-Mul product of ``(1 + x) 2**i`` and ``(1 + y) 2**j`` is ``(1 + x + y + 2**-l) 2**(i + j)``
(Luo and Sun, arXiv 2410.00907). Nothing is computed here but the constants that define it, and
policies that contradict each other are refused.
"""

from dataclasses import dataclass
from enum import StrEnum

from .floats import FloatFormat

__all__ = [
    "LMulOverflow",
    "LMulRounding",
    "LMulSpecials",
    "LMulUnderflow",
    "LMulZero",
    "Semantics",
    "WeightCode",
    "check_formats",
    "check_policies",
    "published_offset",
]


class Semantics(StrEnum):
    """What becomes of a mantissa sum of 1 or more."""

    #: Exponent and mantissa fields are added as one integer: ``1 + f`` with ``f >= 1`` turns into
    #: ``2 f``, as in Mitchell's logarithm.
    PACKED = "packed"
    #: The formula as printed: ``1 + f`` is normalised, the bit shifted out is rounded.
    FORMULA = "formula"


class LMulRounding(StrEnum):
    """What becomes of the bit that a formula's product of 2 or more is shifted by."""

    #: Dropped: toward zero.
    RTZ = "rtz"
    #: To nearest, ties to even.
    RNE = "rne"


class LMulOverflow(StrEnum):
    """What a result beyond the largest finite number becomes."""

    #: The largest finite number of its sign.
    SATURATE = "saturate"
    #: Exponent and mantissa field modulo their width: no check at all.
    WRAP = "wrap"


class LMulUnderflow(StrEnum):
    """What a result below the smallest normal number becomes."""

    #: Zero.
    FLUSH = "flush"
    #: Zero if the sum of the fields is negative; else the sum is kept as it is, and its code reads
    #: as a subnormal of another value. For compatibility with published hardware.
    CARRY = "carry"
    #: Exponent and mantissa field modulo their width: no check at all.
    WRAP = "wrap"


class LMulZero(StrEnum):
    """What a zero or subnormal operand gives."""

    #: +0; flushed results are +0, too.
    POSITIVE = "positive"
    #: Zero with the product's sign; so are flushed results.
    SIGNED = "signed"
    #: A product as if the field were a normal number's: no check at all.
    IGNORE = "ignore"


class LMulSpecials(StrEnum):
    """What NaN and infinities among the operands mean."""

    #: Numbers like any other: their codes continue those of the normal numbers.
    IGNORE = "ignore"
    #: NaN gives NaN, infinity gives infinity, infinity times zero or a subnormal NaN.
    IEEE = "ieee"


def published_offset(mantissa_width: int) -> int:
    """The paper's ``2**-l(m)`` in units of the last mantissa place: ``2**(m - l(m))``, where
    ``l(m)`` is m up to 3, 3 for 4, and 4 beyond."""
    if mantissa_width <= 3:
        return 1
    return 1 << (mantissa_width - (3 if mantissa_width == 4 else 4))


@dataclass(frozen=True)
class WeightCode:
    """The code in which an operand is stored with all constants added.

    Below its sign, if it has one, the code of a normal number is ``F + constant``, with F the
    exponent and mantissa fields, the latter widened to the product's; that of any other is 0. With
    a result format, the sum of the code and the other operand's fields is ``2**point`` above the
    result's fields, so that a zero needs no check of its own: it always underflows.

    ``point`` is None without a result format.
    """

    constant: int
    width: int
    point: int | None

    @classmethod
    def of(cls, a: FloatFormat, b: FloatFormat, o: FloatFormat | None, offset: int) -> "WeightCode":
        """The code of operand ``b``, for the constant ``offset`` in last mantissa places."""
        mantissa_width = max(a.mantissa_width, b.mantissa_width)
        constant, point = offset, None
        if o is not None:
            constant += (o.bias - a.bias - b.bias) << mantissa_width
            point = max(o.exponent_width, a.exponent_width) + mantissa_width
            while constant + (1 << point) < 0:
                point += 1
            constant += 1 << point
        top = b.magnitude_mask << (mantissa_width - b.mantissa_width)
        return cls(constant, (top + constant).bit_length(), point)


def check_formats(
    a: FloatFormat, b: FloatFormat, o: FloatFormat | None, specials: LMulSpecials
) -> None:
    """Refuse formats between which there is no L-Mul product.

    Raises:
        ValueError: saying which format must be how.
    """
    for name, format in (("a", a), ("b", b), ("o", o)):
        if format is None:
            continue
        if not format.zero:
            raise ValueError(f"The format '{name}' must have a zero, not be {format.name}")
        if format.max_magnitude < 1 << format.mantissa_width:
            raise ValueError(f"The format '{name}' must have normal numbers, not be {format.name}")
    if o is None:
        return
    width = max(a.mantissa_width, b.mantissa_width)
    if o.mantissa_width != width:
        raise ValueError(
            f"The result's mantissa width must be {width}, as that of the wider operand, "
            f"not {o.mantissa_width}"
        )
    if (a.signed or b.signed) and not o.signed:
        raise ValueError(f"The result of signed operands must be signed, not {o.name}")
    if specials is LMulSpecials.IGNORE:
        return
    for format in (a, b):
        if format.has_infinity and not o.has_infinity:
            raise ValueError(
                f"The result's format must have infinities with specials 'ieee', as {format.name} "
                f"has, not be {o.name}"
            )
        if (format.has_nan or format.has_infinity) and not o.has_nan:
            raise ValueError(
                f"The result's format must have a NaN with specials 'ieee', as {format.name} "
                f"has, not be {o.name}"
            )


def check_policies(
    o: FloatFormat | None,
    semantics: Semantics,
    prebiased: bool,
    overflow: LMulOverflow,
    underflow: LMulUnderflow,
    specials: LMulSpecials,
    zero: LMulZero,
    rounding: LMulRounding,
) -> None:
    """Refuse policies that contradict each other, or ask for what cannot be.

    Raises:
        ValueError: saying which policy must be what, and why.
    """

    def require(condition: bool, what: str, must: str, why: str, value: object) -> None:
        if not condition:
            raise ValueError(f"The {what} must be {must} {why}, not '{value}'")

    if semantics is Semantics.PACKED:
        require(
            rounding is LMulRounding.RTZ,
            "rounding",
            "'rtz'",
            "in packed semantics, where nothing is rounded",
            rounding,
        )
    if underflow is LMulUnderflow.WRAP:
        require(
            overflow is LMulOverflow.WRAP, "overflow", "'wrap'", "with underflow 'wrap'", overflow
        )
    if prebiased:
        require(
            semantics is Semantics.PACKED,
            "semantics",
            "'packed'",
            "with a prebiased operand, whose exponent has carries in it",
            semantics,
        )
        require(
            specials is LMulSpecials.IGNORE,
            "specials",
            "'ignore'",
            "with a prebiased operand, whose code has none",
            specials,
        )
        require(
            underflow is not LMulUnderflow.WRAP or zero is LMulZero.IGNORE,
            "zero policy",
            "'ignore'",
            "with a prebiased operand and underflow 'wrap', as such an operand's "
            "zero is known by underflow alone",
            zero,
        )
    if specials is LMulSpecials.IEEE:
        require(
            zero is not LMulZero.IGNORE,
            "zero policy",
            "'positive' or 'signed'",
            "with specials 'ieee', where infinity times zero is NaN",
            zero,
        )
        require(
            overflow is LMulOverflow.SATURATE,
            "overflow",
            "'saturate'",
            "with specials 'ieee', as wrapped numbers may look like NaN",
            overflow,
        )
    if o is None:
        why = "with an exact result, which has neither bounds nor rounding"
        require(overflow is LMulOverflow.SATURATE, "overflow", "'saturate'", why, overflow)
        require(underflow is LMulUnderflow.FLUSH, "underflow", "'flush'", why, underflow)
        require(rounding is LMulRounding.RTZ, "rounding", "'rtz'", why, rounding)
    elif o.signed and not o.has_negative_zero:
        why = f"with {o.name}, which has no negative zero"
        require(zero is LMulZero.POSITIVE, "zero policy", "'positive'", why, zero)
        require(overflow is LMulOverflow.SATURATE, "overflow", "'saturate'", why, overflow)
        require(underflow is LMulUnderflow.FLUSH, "underflow", "'flush'", why, underflow)
