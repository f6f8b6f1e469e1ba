"""How an exact number becomes a code: names of the choices, for hardware and golden model.

Nothing is computed here. "Projection" is IEEE P3109's word for rounding, saturating and encoding.
"""

from dataclasses import dataclass
from enum import StrEnum

from .base import NumberFormat
from .floats import FloatFormat

__all__ = ["InfinityTo", "NanTo", "NegativeZero", "Overflow", "Projection", "Rounding"]


class Rounding(StrEnum):
    """Which neighbour an inexact number becomes. ``nu`` is the discarded fraction of an ulp."""

    #: To nearest, ties to the even code (IEEE 754 roundTiesToEven).
    RNE = "rne"
    #: To nearest, ties away from zero.
    RNA = "rna"
    #: Toward zero.
    RTZ = "rtz"
    #: Toward plus infinity.
    RU = "ru"
    #: Toward minus infinity.
    RD = "rd"
    #: To odd: inexact numbers get an odd code, so that a second rounding does no harm.
    RTO = "rto"
    #: P3109 StochasticA: away if ``floor(nu * 2**N) + R >= 2**N``.
    SRA = "sra"
    #: P3109 StochasticB: away if ``floor(nu * 2**(N+1)) + 2R + 1 >= 2**(N+1)``.
    SRB = "srb"
    #: P3109 StochasticC: away if ``rne(nu * 2**N) + R >= 2**N``.
    SRC = "src"

    @property
    def stochastic(self) -> bool:
        return self in (Rounding.SRA, Rounding.SRB, Rounding.SRC)

    def stops_at_max(self, negative: bool) -> bool:
        """Whether overflow on this side rounds toward zero (IEEE 754-2019, 7.4)."""
        return self in (Rounding.RTZ, Rounding.RU if negative else Rounding.RD)


class Overflow(StrEnum):
    """What a number beyond the largest finite one becomes, after rounding."""

    #: The largest finite number (OCP saturating mode, P3109 SatFinite).
    SAT = "sat"
    #: Infinity, else NaN, else the largest finite number; the largest finite number also where the
    #: rounding mode points toward zero (IEEE 754-2019, 7.4; OCP non-saturating mode).
    INF_OR_NAN = "inf_or_nan"
    #: P3109 SatNone, as the interim report v4.0 has it (a draft that may change): as the rounding
    #: mode says infinity or the largest finite number; the latter where there is no infinity.
    P3109_SATNONE = "p3109_satnone"
    #: P3109 SatPropagate: the largest finite number, but infinite operands stay infinite.
    P3109_SATPROPAGATE = "p3109_satpropagate"


class NanTo(StrEnum):
    """What NaN becomes."""

    #: NaN; in a format without NaN as MAX (CUDA's satfinite conversions).
    NAN = "nan"
    #: The largest finite number, positive.
    MAX = "max"
    #: Zero.
    ZERO = "zero"
    #: Refused when the unit is made, if NaN can occur and the result has none.
    ERROR = "error"


class InfinityTo(StrEnum):
    """What an infinite operand becomes."""

    #: As the overflow policy says.
    OVERFLOW = "overflow"
    #: Infinity, where the format has it, else as MAX.
    INF = "inf"
    #: The largest finite number of its sign.
    MAX = "max"
    #: As NaN.
    NAN = "nan"


class NegativeZero(StrEnum):
    """Whether a zero result keeps its sign, in a format with a negative zero."""

    KEEP = "keep"
    DROP = "drop"


@dataclass(frozen=True, kw_only=True)
class Projection:
    """All choices between an exact number and its code.

    Parameters
    ----------
    rounding
        Rounding mode.
    overflow
        What finite numbers beyond the largest one become, after rounding.
    nan_to
        What NaN becomes.
    inf_to
        What infinite operands become.
    neg_zero
        Whether zero results keep their sign, in a format with a negative zero.
    ftz_in
        Subnormal operands count as zero of their sign.
    ftz_out
        Results that are subnormal after rounding with an unbounded exponent become zero.
    random_bits
        N, the random bits per result of a stochastic rounding mode; 0 in the other modes.

    Raises
    ------
    ValueError
        If random bits are missing or too many for the rounding mode.
    """

    rounding: Rounding = Rounding.RNE
    overflow: Overflow = Overflow.SAT
    nan_to: NanTo = NanTo.NAN
    inf_to: InfinityTo = InfinityTo.OVERFLOW
    neg_zero: NegativeZero = NegativeZero.KEEP
    ftz_in: bool = False
    ftz_out: bool = False
    random_bits: int = 0

    def __post_init__(self) -> None:
        if self.rounding.stochastic and not 1 <= self.random_bits <= 32:
            raise ValueError(
                f"The random bits of rounding '{self.rounding}' must be from 1 to 32, "
                f"not {self.random_bits}"
            )
        if not self.rounding.stochastic and self.random_bits:
            raise ValueError(
                f"The random bits must be 0 with rounding '{self.rounding}', not {self.random_bits}"
            )

    def check(self, target: NumberFormat, *, nan_possible: bool) -> None:
        """Refuse a target that cannot hold NaN where that was asked to be an error.

        Raises:
            ValueError: naming the format and the choices.
        """
        has_nan = isinstance(target, FloatFormat) and target.has_nan
        if self.nan_to is NanTo.ERROR and nan_possible and not has_nan:
            raise ValueError(
                "The policy nan_to must be 'nan', 'max' or 'zero', not 'error', as "
                f"{target.name} has no NaN and an operand may be one"
            )

    # What becomes of the exceptional cases in a given format: a magnitude, or None for NaN.

    def overflow_magnitude(self, target: FloatFormat, negative: bool) -> int | None:
        """Magnitude bits of a finite number that is too large; None means NaN."""
        top = target.max_magnitude
        if self.overflow in (Overflow.SAT, Overflow.P3109_SATPROPAGATE):
            return top
        if self.rounding.stops_at_max(negative):
            return top
        if target.infinity_magnitude is not None:
            to_odd_unsigned = self.rounding is Rounding.RTO and not target.signed
            if self.overflow is Overflow.P3109_SATNONE and to_odd_unsigned:
                return top
            return target.infinity_magnitude
        if self.overflow is Overflow.INF_OR_NAN and target.has_nan:
            return None
        return top

    def infinity_magnitude(self, target: FloatFormat) -> int | None:
        """Magnitude bits of an infinite number; None means NaN."""
        infinity = target.infinity_magnitude
        match self.inf_to:
            case InfinityTo.NAN:
                return None
            case InfinityTo.MAX:
                return target.max_magnitude
            case InfinityTo.INF:
                return target.max_magnitude if infinity is None else infinity
            case _ if self.overflow is Overflow.SAT:
                return target.max_magnitude
            case _ if infinity is not None:
                return infinity
            case _ if self.overflow is Overflow.INF_OR_NAN and target.has_nan:
                return None
            case _:
                return target.max_magnitude

    def nan_code(self, target: FloatFormat) -> int:
        """The code that NaN becomes."""
        if self.nan_to is NanTo.ZERO:
            return 0
        if self.nan_to is NanTo.MAX or target.nan_code is None:
            return target.max_magnitude
        return target.nan_code

    def negative_is_nan(self, target: FloatFormat) -> bool:
        """Whether negative numbers become NaN, not the least number, in an unsigned format."""
        if not target.zero:
            return target.has_nan
        return not (
            self.overflow in (Overflow.SAT, Overflow.P3109_SATPROPAGATE)
            or self.rounding in (Rounding.RTZ, Rounding.RU)
            or not target.has_nan
        )
